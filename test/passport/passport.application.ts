import {
  Controller,
  Get,
  HttpCode,
  Injectable,
  Post,
  Req,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestModule,
  Module,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportSerializer, PassportStrategy } from '@nestjs/passport';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import passport from 'passport';
import { Strategy } from 'passport-local';
import { serve, type Served } from '../support/serve.js';

interface User {
  readonly id: string;
  readonly name: string;
}

/** What Passport puts on a request. */
export interface PassportRequest {
  session: any;
  readonly sessionID: string;
  user?: User | null;
  logIn(user: User, options: object, callback: (error: unknown) => void): void;
  logout(options: object, callback: (error: unknown) => void): void;
  isAuthenticated(): boolean;
}

const users: readonly User[] = [
  { id: 'u1', name: 'ada' },
  { id: 'u2', name: 'bob' },
];

/** Users whom the application has forgotten since they logged in. */
export const forgotten = new Set<string>();

@Injectable()
class LocalStrategy extends PassportStrategy(Strategy) {
  validate(name: string, password: string) {
    return (password === 'secret' && users.find((user) => user.name === name)) || null;
  }
}

@Injectable()
class UserSerializer extends PassportSerializer {
  serializeUser(user: User, done: (error: unknown, id?: string) => void) {
    done(null, user.id);
  }

  deserializeUser(id: string, done: (error: unknown, user?: User | null) => void) {
    done(null, forgotten.has(id) ? null : users.find((user) => user.id === id));
  }
}

@Injectable()
class LoginGuard extends AuthGuard('local') {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context);
    await super.logIn(context.switchToHttp().getRequest());
    return true;
  }
}

/** Finds out who is logged in, on the request that handlers see: on either adapter the right one. */
@Injectable()
class PassportUserGuard implements CanActivate {
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    await new Promise<void>((resolve, reject) => {
      passport.authenticate('session')(http.getRequest(), http.getResponse(), (error: unknown) =>
        error ? reject(error as Error) : resolve(),
      );
    });
    return true;
  }
}

@Injectable()
class AuthenticatedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest<PassportRequest>().isAuthenticated();
  }
}

function logOut(request: PassportRequest, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    request.logout(options, (error) => (error ? reject(error as Error) : resolve()));
  });
}

/** The handlers, with these guards before each that wants to know who is logged in. */
function controllerWith(...guards: (new () => CanActivate)[]) {
  @Controller()
  class PassportController {
    @Post('login')
    @HttpCode(200)
    @UseGuards(LoginGuard)
    login(@Req() { user, session }: PassportRequest) {
      return { user: user!.name, session };
    }

    @Post('login/keeping')
    @HttpCode(200)
    @UseGuards(AuthGuard('local'))
    async keep(@Req() request: PassportRequest) {
      await new Promise<void>((resolve, reject) => {
        request.logIn(request.user!, { keepSessionInfo: true }, (error) =>
          error ? reject(error as Error) : resolve(),
        );
      });
      return request.session;
    }

    @Get('me')
    @UseGuards(...guards)
    me(@Req() { user, session }: PassportRequest) {
      return { user: user?.name ?? null, session };
    }

    @Get('secret')
    @UseGuards(...guards, AuthenticatedGuard)
    secret(@Req() { user }: PassportRequest) {
      return `for ${user!.name} only`;
    }

    @Post('cart')
    @HttpCode(200)
    @UseGuards(...guards)
    fill(@Req() { session }: PassportRequest) {
      (session.cart ??= []).push('tea');
      return session;
    }

    @Post('logout')
    @HttpCode(200)
    @UseGuards(...guards)
    async logout(@Req() request: PassportRequest) {
      await logOut(request, {});
      return { user: request.user ?? null, session: request.session, isIn: request.isAuthenticated() };
    }

    @Post('logout/keeping')
    @HttpCode(200)
    @UseGuards(...guards)
    async logoutKeeping(@Req() request: PassportRequest) {
      await logOut(request, { keepSessionInfo: true });
      return request.session;
    }
  }
  return PassportController;
}

@Module({})
class PassportMiddlewareModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(passport.initialize(), passport.session()).forRoutes('{*splat}');
  }
}

interface PassportOptions {
  readonly adapter: AbstractHttpAdapter;
  /** How the user is found: by Passport's middleware, or by a guard. */
  readonly by: 'middleware' | 'guard';
  readonly session?: SessionModuleOptions;
  readonly serve?: Partial<Parameters<typeof serve>[0]>;
}

/** An application with logins by Passport. */
export function servePassport({ adapter, by, session, serve: more }: PassportOptions): Promise<Served> {
  return serve({
    ...more,
    adapter,
    session: { store: memoryStore(), requestSession: true, ...session },
    controllers: [
      controllerWith(...(by === 'guard' ? [PassportUserGuard] : [])),
      ...(more?.controllers ?? []),
    ],
    providers: [LocalStrategy, UserSerializer, ...(more?.providers ?? [])],
    imports: [
      PassportModule.register({ session: true }),
      ...(by === 'middleware' ? [PassportMiddlewareModule] : []),
      ...(more?.imports ?? []),
    ],
  });
}

/** The path of a login. */
export function loginAs(name: string, password = 'secret', path = '/login'): string {
  return `${path}?username=${name}&password=${password}`;
}
