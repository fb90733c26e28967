import { Readable } from 'node:stream';
import {
  BadRequestException,
  Body,
  Controller,
  DefaultValuePipe,
  Get,
  HttpCode,
  Injectable,
  Module,
  Post,
  Res,
  Sse,
  StreamableFile,
  type DynamicModule,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  RequireLogin,
  Session,
  SessionModule,
  SessionService,
  type SessionEvent,
  type SessionModuleOptions,
} from 'nest-sessions';
import { of } from 'rxjs';
import type { Adapter } from './adapters.js';
import { Clock } from './clock.js';
import type { OpenStore } from './stores.js';
import { Visitor } from './visitor.js';

/** Reaches the session without a controller's help. */
@Injectable()
class Greeter {
  constructor(private readonly sessions: SessionService) {}

  async greet(): Promise<string> {
    return `Hello, ${(await this.sessions.current<any>()).get('name', 'Guest')}`;
  }
}

@Controller()
class SessionController {
  constructor(
    private readonly sessions: SessionService,
    private readonly greeter: Greeter,
  ) {}

  @Get('unused') unused() {
    return 'unused';
  }
  @Get('read') read(@Session() session: Session<any>) {
    return session.toJSON();
  }
  @Get('name') name(@Session('name', new DefaultValuePipe('Guest')) name: string) {
    return { name };
  }
  @Get('greeting') greeting() {
    return this.greeter.greet();
  }
  @Post('write') @HttpCode(200) write(@Session() session: Session<any>, @Body() values: object) {
    session.update(values);
    return session.toJSON();
  }
  @Post('nested') nested(@Session() session: Session<any>) {
    session.data.basket.items.push('tea');
  }
  @Post('count') count(@Session() session: Session<any>) {
    session.update('count', (count = 0) => count + 1);
  }
  @Post('flush') async flush(@Session() session: Session<any>) {
    await session.flush();
  }
  @Post('regenerate') async regenerate(@Session() session: Session<any>) {
    await session.regenerate();
  }
  @Post('login') async login() {
    await this.sessions.login('ada', { methods: ['pwd'] });
  }
  @Post('logout') async logout() {
    await this.sessions.logout();
  }
  @Get('private') @RequireLogin() private() {
    return 'private';
  }
  @Post('fail') fail(@Session() session: Session<any>) {
    session.data.failed = true;
    throw new Error('in the handler');
  }
  @Post('refuse') refuse(@Session() session: Session<any>) {
    session.data.refused = true;
    throw new BadRequestException();
  }
  @Post('manual') manual(@Session() session: Session<any>, @Res() response: any) {
    session.data.manual = true;
    response.status(202).send('manual');
  }
  @Get('stream') stream(@Session() session: Session<any>) {
    session.data.streamed = true;
    return new StreamableFile(Readable.from(['one,', 'two,', 'three']));
  }
  @Sse('events') events(@Session() session: Session<any>) {
    session.data.listened = true;
    return of({ data: 'one' });
  }
}

interface ServeOptions extends OpenStore {
  readonly adapter: Adapter;
  readonly modules?: (Type | DynamicModule | Promise<DynamicModule>)[];
  readonly controllers?: Type[];
  readonly providers?: any[];
  readonly prepare?: (app: INestApplication) => void;
}

/** An application on a real socket. */
export interface Served {
  readonly app: INestApplication;
  readonly origin: string;
  readonly clock: Clock;
  readonly events: SessionEvent[];
  readonly sessions: SessionService;
  visitor(): Visitor;
  close(): Promise<void>;
}

export async function serve({ adapter, session, ...options }: ServeOptions): Promise<Served> {
  const { imports = [], modules = [], controllers = [], providers = [] } = options;
  const clock = new Clock();
  const settings: SessionModuleOptions = { now: clock.now, cleanup: false, ...session };

  @Module({
    imports: [...imports, SessionModule.forRoot(settings), ...modules],
    controllers: [SessionController, ...controllers],
    providers: [Greeter, ...providers],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, adapter.make(), { logger: false, abortOnError: false });
  options.prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  const origin = `http://127.0.0.1:${port}`;
  const sessions = app.get(SessionService);
  const events: SessionEvent[] = [];
  sessions.events.subscribe((event) => events.push(event));
  return {
    app,
    origin,
    clock,
    events,
    sessions,
    visitor: () => new Visitor(origin),
    close: async () => {
      await app.close();
      await options.close?.();
    },
  };
}
