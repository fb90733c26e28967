import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, filter } from 'rxjs';
import { SessionModule, SessionService, type SessionModuleOptions } from 'nest-sessions';
import { Barrier } from '../support/barrier.js';
import { Clock } from '../support/clock.js';
import { memory } from '../support/memory.js';

async function start(options: SessionModuleOptions) {
  @Module({ imports: [SessionModule.forRoot(options)] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  return { app, sessions: app.get(SessionService) };
}

describe('The sweeper', () => {
  it('clears expired sessions by itself, again and again', async () => {
    const clock = new Clock();
    const { app, sessions } = await start({ store: memory(), now: clock.now, cleanup: { every: 0.01 } });
    for (let round = 0; round < 3; round++) {
      await sessions.create();
      const swept = firstValueFrom(sessions.events.pipe(filter(({ type }) => type === 'expired')));
      clock.advance(15 * 24 * 3600);
      expect(await swept).toEqual({ type: 'expired', count: 1 });
    }
    await app.close();
  });

  it('goes on after a sweep that failed', async () => {
    const store = memory();
    const clearExpired = store.clearExpired.bind(store);
    let failures = 2;
    store.clearExpired = async (options) => {
      if (failures-- > 0) {
        throw new Error('away');
      }
      return clearExpired(options);
    };
    const clock = new Clock();
    const { app, sessions } = await start({ store, now: clock.now, cleanup: { every: 0.01 } });
    await sessions.create();
    const swept = firstValueFrom(sessions.events.pipe(filter(({ type }) => type === 'expired')));
    clock.advance(15 * 24 * 3600);
    await swept;
    await app.close();
  });

  it('sweeps once at a time, and the application waits for the batch that is running when it closes', async () => {
    const store = memory();
    const barrier = new Barrier();
    let running = 0;
    let signal: AbortSignal | undefined;
    store.clearExpired = async (options) => {
      running++;
      signal = options?.signal;
      await barrier.wait();
      return 0;
    };
    const { app } = await start({ store, cleanup: { every: 0.001 } });
    await barrier.reached;
    let isClosed = false;
    const closing = app.close().then(() => (isClosed = true));
    await new Promise(setImmediate);
    expect([isClosed, running, signal?.aborted]).toEqual([false, 1, true]);
    barrier.open();
    await closing;
    expect(running).toBe(1);
  });

  it('leaves a store alone that forgets by itself what has expired', async () => {
    const [forgetful, other] = [Object.assign(memory(), { forgetsExpired: true }), memory()];
    let sweeps = 0;
    forgetful.clearExpired = async () => sweeps++;
    const often = new Barrier();
    let others = 0;
    other.clearExpired = async () => {
      if (++others === 10) void often.wait();
      return 0;
    };
    const cleanup = { every: 0.002 };
    const apps = await Promise.all([forgetful, other].map((store) => start({ store, cleanup })));
    await often.reached;
    expect(sweeps).toBe(0);
    await Promise.all(apps.map(({ app }) => app.close()));
  });

  it('stays away when it is turned off', async () => {
    const store = memory();
    let sweeps = 0;
    store.clearExpired = async () => sweeps++;
    const { app } = await start({ store, cleanup: false });
    await app.close();
    expect(sweeps).toBe(0);
  });
});
