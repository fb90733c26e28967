import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import {
  cookieStore,
  richSerializer,
  SessionModule,
  SessionService,
  type SessionEvent,
  type SessionModuleOptions,
} from 'nest-sessions';
import { memory } from '../support/memory.js';

const key = () => randomBytes(32).toString('base64url');

async function boot(options: SessionModuleOptions) {
  @Module({ imports: [SessionModule.forRoot(options)] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  return { app, sessions: app.get(SessionService) };
}

describe('The option encryption', () => {
  it('6.4 keeps the data of the store unreadable, with every serializer, through key rotation', async () => {
    const store = memory();
    const [old, current] = [key(), key()];
    const before = await boot({ store, encryption: { keys: [old] }, serializer: richSerializer });
    const { id } = await before.sessions.create({ name: 'Ada', at: new Date(0) });
    expect((await store.load(id!))!.data).not.toMatch(/Ada|name|1970/);
    const after = await boot({ store, encryption: { keys: [current, old] }, serializer: richSerializer });
    const session = (await after.sessions.open(id!))!;
    expect(session.toJSON()).toEqual({ name: 'Ada', at: new Date(0) });
    session.set('name', 'Grace');
    await session.save();
    const last = await boot({ store, encryption: { keys: [current] }, serializer: richSerializer });
    expect((await last.sessions.open(id!))!.get('name')).toBe('Grace');
    await Promise.all([before, after, last].map(({ app }) => app.close()));
  });

  it('6.4 takes a session whose key is gone for corrupt, in an event, and for no session', async () => {
    const store = memory();
    const before = await boot({ store, encryption: { keys: [key()] } });
    const { id } = await before.sessions.create({ name: 'Ada' });
    const after = await boot({ store, encryption: { keys: [key()] } });
    const events: SessionEvent[] = [];
    after.sessions.events.subscribe((event) => events.push(event));
    expect(await after.sessions.open(id!)).toBeUndefined();
    expect(events).toEqual([{ type: 'corrupt', id }]);
    await Promise.all([before, after].map(({ app }) => app.close()));
  });

  it.each([
    ['no keys', {}],
    ['an empty list', { keys: [] }],
    ['a short key', { keys: ['c2VjcmV0'] }],
    ['an unknown option', { keys: [key()], mode: 'fast' }],
  ])('refuses %s at boot, and shows no key', async (_, encryption) => {
    const error = await boot({ store: memory(), encryption: encryption as any }).catch(
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({
      name: 'SessionOptionsError',
      message: expect.stringContaining('encryption'),
    });
    expect((error as Error).message).not.toContain('c2VjcmV0');
  });

  it('is refused for the cookie store, which seals by itself', async () => {
    const options = { store: cookieStore({ keys: [key()] }), encryption: { keys: [key()] } };
    await expect(boot(options)).rejects.toThrow(/"cookie" seals its sessions by itself/);
  });
});
