import {
  Controller,
  Get,
  Injectable,
  Module,
  Req,
  RequestMethod,
  UseGuards,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from 'nest-sessions';
import passport from 'passport';
import { adapters } from '../support/adapters.js';
import type { Served } from '../support/serve.js';
import { watch, type WatchedStore } from '../support/watched.store.js';
import { loginAs, servePassport } from './passport.application.js';

const [express, fastify] = adapters.map(({ make }) => make);

/** Sends the user away and knows them again, as OAuth does. */
@Injectable()
class RedirectStrategy extends PassportStrategy(passport.Strategy as any, 'elsewhere') {
  validate() {}

  authenticate(this: any, request: any) {
    if (!request.query.state) {
      request.session.state = 'xyz';
      return this.redirect('https://elsewhere.example/?state=xyz');
    }
    return request.query.state === request.session.state
      ? this.success({ id: 'u1', name: 'ada' })
      : this.fail('wrong state');
  }
}

/** Passport's redirect writes to Node's own response, which on Fastify is behind the reply. */
@Injectable()
class RawResponseGuard extends AuthGuard('elsewhere') {
  getResponse(context: ExecutionContext) {
    const response = context.switchToHttp().getResponse();
    return response.raw ?? response;
  }
}

@Controller('elsewhere')
class ElsewhereController {
  @Get('start')
  @UseGuards(RawResponseGuard)
  start(@Req() { user }: any) {
    return user;
  }
}

@Controller('raw')
class RawController {
  @Get()
  look(@Req() request: any) {
    return {
      raw: request.raw.user?.name ?? null,
      user: request.user ?? null,
      isAuthenticated: typeof request.isAuthenticated,
    };
  }
}

describe('Passport', () => {
  let served: Served;
  afterEach(() => served.close());

  it.each(adapters)(
    'fails loudly on $adapter where app.use() mounts it before there is a session',
    async ({ make }) => {
      served = await servePassport({
        adapter: make(),
        by: 'guard',
        serve: { prepare: (app) => void app.use(passport.session()) },
      });
      expect((await served.browser().get('/me')).status).toBe(500);
      expect(served.log.join()).toContain('Login sessions require session support');
    },
  );

  it('may be initialized by app.use()', async () => {
    served = await servePassport({
      adapter: express!(),
      by: 'middleware',
      serve: { prepare: (app) => void app.use(passport.initialize()) },
    });
    const browser = served.browser();
    await browser.post(loginAs('ada'));
    expect((await browser.get('/me')).json().user).toBe('ada');
  });

  it('leaves what its middleware finds on the raw request, on Fastify', async () => {
    served = await servePassport({
      adapter: fastify!(),
      by: 'middleware',
      serve: { controllers: [RawController] },
    });
    const browser = served.browser();
    await browser.post(loginAs('ada'));
    expect((await browser.get('/raw')).json()).toEqual({
      raw: 'ada',
      user: null,
      isAuthenticated: 'undefined',
    });
  });

  describe('as middleware of a route, on Express', () => {
    @Module({})
    class FormModule implements NestModule {
      configure(consumer: MiddlewareConsumer) {
        const authenticate = passport.authenticate('local', {
          failureMessage: 'Wrong name or password',
          failureRedirect: '/me',
          successRedirect: '/me',
        });
        consumer.apply(authenticate).forRoutes({ path: 'form', method: RequestMethod.POST });
      }
    }

    @Controller('form')
    class FormController {
      @Get()
      show(@Req() { session }: any) {
        const messages = session.messages ?? [];
        session.messages = [];
        return messages;
      }
    }

    const open = async () => {
      served = await servePassport({
        adapter: express!(),
        by: 'middleware',
        serve: { imports: [FormModule], controllers: [FormController] },
      });
      return served.browser();
    };
    const submit = (password: string) => ({ body: new URLSearchParams({ username: 'ada', password }) });

    it('leaves the message of a failure in the session, which is there after the redirect', async () => {
      const browser = await open();
      for (let time = 0; time < 2; time++) {
        const visit = await browser.post('/form', submit('wrong'));
        expect([visit.status, visit.headers.get('location')]).toEqual([302, '/me']);
      }
      const message = 'Wrong name or password';
      expect((await browser.get('/form')).json()).toEqual([message, message]);
      expect((await browser.get('/form')).json()).toEqual([]);
    });

    it('has the login in the session when it redirects', async () => {
      const browser = await open();
      const visit = await browser.post('/form', submit('secret'));
      expect([visit.status, visit.headers.get('location')]).toEqual([302, '/me']);
      expect((await browser.get('/me')).json().user).toBe('ada');
    });
  });

  it.each(adapters)('sends a user away on $adapter with the state in the session', async ({ make }) => {
    served = await servePassport({
      adapter: make(),
      by: 'guard',
      serve: { controllers: [ElsewhereController], providers: [RedirectStrategy] },
    });
    const browser = served.browser();
    const away = await browser.get('/elsewhere/start');
    expect([away.status, away.headers.get('location')]).toEqual([
      302,
      'https://elsewhere.example/?state=xyz',
    ]);
    expect((await served.browser().get('/elsewhere/start?state=xyz')).status).toBe(401);
    expect((await browser.get('/elsewhere/start?state=xyz')).json()).toEqual({ id: 'u1', name: 'ada' });
  });

  it.each(adapters.flatMap((one) => ['/login', '/logout'].map((path) => ({ ...one, path }))))(
    'answers 503 on $adapter when the store fails at $path, and lets nobody in',
    async ({ make, path }) => {
      let watched!: WatchedStore;
      const memory = memoryStore() as { useFactory: () => any };
      const store = {
        useFactory: async () => {
          watched = watch(await memory.useFactory());
          return watched.store;
        },
      };
      served = await servePassport({ adapter: make(), by: 'guard', session: { store } });
      const browser = served.browser();
      await browser.post(loginAs('ada'));
      watched.before = (verb) => {
        if (verb === 'destroy') throw new Error('down');
      };
      expect((await browser.post(path === '/login' ? loginAs('bob') : path)).status).toBe(503);
      // At logout Passport takes the user out of the session before it asks for another one.
      expect((await browser.get('/me')).json().user).toBe(path === '/login' ? 'ada' : null);
    },
  );
});
