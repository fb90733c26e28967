// One application under torture, in a process of its own. Its parent steers it by messages.
// Arguments: where its sessions are, its number, and by how much its clock is off, in milliseconds.
import 'reflect-metadata';
import { Controller, HttpCode, Module, Post, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Session, SessionModule, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { openPlace, type Place } from '../support/place.js';
import { LIFETIME } from './limits.js';

const place = JSON.parse(process.argv[2]!) as Place;
const { make } = adapters[Number(process.argv[3]) % adapters.length]!;
let skew = Number(process.argv[4]);

/** How long it waits for a server that does not answer, in milliseconds. */
const PATIENCE = 3_000;

/** Lets the handlers go on that linger. */
const lingering = new Map<string, () => void>();

interface Page {
  readonly user: string | null;
  readonly data: object;
}

@Controller()
class TortureController {
  constructor(private readonly sessions: SessionService) {}

  @Post('enter')
  @HttpCode(200)
  async enter(@Session() session: Session<any>, @Query('user') user: string): Promise<Page> {
    await this.sessions.login(user);
    session.set('name', user);
    return pageOf(session);
  }

  @Post('read')
  @HttpCode(200)
  read(@Session() session: Session<any>): Page {
    return pageOf(session);
  }

  @Post('count')
  @HttpCode(200)
  count(@Session() session: Session<any>): Page {
    // A visitor without a session must not get one by counting.
    if (!session.isNew) session.update('n', (n: number = 0) => n + 1);
    return pageOf(session);
  }

  @Post('note')
  @HttpCode(200)
  note(@Session() session: Session<any>, @Query('key') key: string): Page {
    if (!session.isNew) session.set(key, true);
    return pageOf(session);
  }

  @Post('renew')
  @HttpCode(200)
  async renew(@Session() session: Session<any>): Promise<Page> {
    await session.regenerate();
    return pageOf(session);
  }

  @Post('leave')
  @HttpCode(200)
  async leave(): Promise<void> {
    await this.sessions.logout();
  }

  @Post('revoke')
  @HttpCode(200)
  async revoke(@Query('user') user: string): Promise<void> {
    await this.sessions.revokeAll(user);
  }

  /** What there is of a user. */
  @Post('sessions')
  @HttpCode(200)
  async sessionsOf(@Query('user') user: string): Promise<object[]> {
    const infos = await this.sessions.list(user);
    const found = await Promise.all(infos.map(({ id }) => this.sessions.open<any>(id)));
    return found.flatMap((session) => (session ? [session.toJSON()] : []));
  }

  /** Counts when the parent says so. */
  @Post('linger')
  @HttpCode(200)
  async linger(@Session() session: Session<any>, @Query('at') at: string): Promise<Page> {
    const told = new Promise<void>((resolve) => void lingering.set(at, resolve));
    process.send!({ lingers: at });
    await told;
    return this.count(session);
  }
}

function pageOf(session: Session<any>): Page {
  return { user: session.userId ?? null, data: session.toJSON() };
}

const { store, imports = [] } = await openPlace(place, PATIENCE);

@Module({
  imports: [
    ...imports,
    SessionModule.forRoot({
      store,
      now: () => Date.now() + skew,
      idleTimeout: LIFETIME / 1000,
      touchInterval: '1s',
      cleanup: { every: '3s' },
      cookie: { secure: false },
    }),
  ],
  controllers: [TortureController],
})
class TortureModule {}

const app = await NestFactory.create(TortureModule, make(), { logger: false, abortOnError: false });
app.enableShutdownHooks();
process.on('message', (message: { skew?: number; go?: string }) => {
  if (message.skew !== undefined) {
    skew = message.skew;
    process.send!({ skewed: true });
  }
  if (message.go !== undefined) lingering.get(message.go)?.();
});
// Whoever steers is gone.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
await app.listen(0, '127.0.0.1');
// What is Node.js's own. Fastify's 72 seconds are as long as a client that asks no more could hold up the end.
app.getHttpServer().keepAliveTimeout = 5_000;
process.send!({ origin: `http://127.0.0.1:${app.getHttpServer().address().port}` });
