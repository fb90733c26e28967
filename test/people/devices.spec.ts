import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import type { SessionInfo } from 'nest-sessions';
import { cacheManagerStore } from 'nest-sessions/cache-manager';
import type { Browser } from '../support/browser.js';
import { adapters } from '../support/adapters.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

describeStores("A user's devices", ({ make, openStore }) => {
  let ground: Playground;
  let devices: Browser[];
  let ada: string;
  let bob: string;

  beforeEach(async () => {
    // The tests share the store.
    [ada, bob] = [randomUUID(), randomUUID()];
    ground = await playground({ adapter: make(), store: openStore() });
    ground.on('login', (_session, { user, method }) =>
      ground.sessions.login(user!, method ? { methods: method.split(',') } : {}),
    );
    ground.on('list', (_session, { user }) => ground.sessions.list(user!));
    ground.on('others', (session) => ground.sessions.revokeAll(session.userId!, { except: session.id }));
    ground.on('who', ({ userId }) => ({ userId }));
    devices = ['Phone', 'Desk', 'Shelf'].map(() => ground.browser());
    for (const [index, device] of devices.entries()) {
      ground.clock.advance(60);
      await device.post(`/login?user=${ada}&method=pwd,otp`, {
        headers: { 'user-agent': `Device ${index}` },
      });
    }
  });
  afterEach(() => ground.close());

  const who = async (device: Browser) => (await device.post('/who')).json().userId;
  const canList = () => ground.real.capabilities.userIndex;

  it('3.4 are listed with all that a user wants to know, last seen first, and never with a token', async () => {
    if (!canList()) {
      await expect(ground.sessions.list(ada)).rejects.toThrow(`"${ground.real.name}" cannot find`);
      return;
    }
    const listing = await devices[1]!.post(`/list?user=${ada}`);
    expect(listing.json().map(({ id }: SessionInfo) => id)).toEqual(devices.map(idOf).toReversed());
    expect(listing.json()[1]).toEqual({
      id: idOf(devices[1]!),
      createdAt: new Date(ground.clock.now() - 60_000).toISOString(),
      authenticatedAt: new Date(ground.clock.now() - 60_000).toISOString(),
      lastSeenAt: new Date(ground.clock.now() - 60_000).toISOString(),
      expiresAt: expect.any(String),
      ip: '127.0.0.1',
      userAgent: 'Device 1',
      methods: ['pwd', 'otp'],
      current: true,
    });
    for (const device of devices) {
      expect(listing.text).not.toContain(device.cookie()!.split('.')[1]);
    }
  });

  it('3.4 cannot be taken over by whoever knows the handle alone', async () => {
    const id = idOf(devices[0]!);
    for (const token of [id, `${id}.`, `${id}.${id}`, `${id}.${'A'.repeat(43)}`]) {
      const visit = await ground.browser().post('/who', { headers: { cookie: `sessionid=${token}` } });
      expect(visit.json()).toEqual({});
    }
  });

  it('are logged out one by one by their id, at once', async () => {
    expect(await ground.sessions.revoke(idOf(devices[0]!))).toBe(true);
    expect(await ground.sessions.revoke(idOf(devices[0]!))).toBe(false);
    expect(await Promise.all(devices.map(who))).toEqual([undefined, ada, ada]);
  });

  it('3.1, 3.3 are all logged out by revokeAll(), and those of others are not', async () => {
    const other = ground.browser();
    await other.post(`/login?user=${bob}`);
    if (!canList()) {
      await expect(ground.sessions.revokeAll(ada)).rejects.toThrow(`"${ground.real.name}" cannot find`);
      return;
    }
    expect(await ground.sessions.revokeAll(ada)).toBe(3);
    expect(await Promise.all([...devices, other].map(who))).toEqual([undefined, undefined, undefined, bob]);
    expect(await ground.sessions.list(ada)).toEqual([]);
    expect(ground.events).toContainEqual({ type: 'revoked-all', userId: ada, count: 3 });
    expect(await ground.sessions.revokeAll(ada)).toBe(0);
  });

  it('3.2 are logged out but for the present one', async () => {
    if (!canList()) {
      return;
    }
    expect((await devices[1]!.post('/others')).json()).toBe(2);
    expect(await Promise.all(devices.map(who))).toEqual([undefined, ada, undefined]);
  });
});

describe.each(adapters)('A store without a user index ($adapter)', ({ make }) => {
  it('3.6 fails the boot when sessions per user are to be limited, and is named', async () => {
    const booting = playground({
      adapter: make(),
      store: cacheManagerStore({ cache: new Keyv() }) as never,
      session: { maxSessionsPerUser: { limit: 1, exceeded: 'refuse' } },
    });
    await expect(booting).rejects.toThrow(/maxSessionsPerUser: the store "cache-manager.*cannot find/);
  });
});
