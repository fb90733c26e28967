import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FileStore, type SessionStore } from 'nest-sessions';
import { RedisStore } from 'nest-sessions/redis';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import type { Browser } from '../support/browser.js';
import { describeEachDatabase } from '../support/databases.js';
import { Fleet, type SharedStore } from '../support/fleet.js';
import { idOf } from '../support/playground.js';
import { PATIENT } from '../support/patience.js';
import { describeWithRedis, ownPrefix, redisClient, redisUrl, removeKeys } from '../support/redis-servers.js';
import { openSessionTable } from '../support/session-table.js';

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz'];
const PROCESSES = 4;
const TITLE = `Sessions of ${PROCESSES} processes`;

/** What the processes share, the same as this process sees it, and how it is taken away. */
interface Shared {
  readonly store: SharedStore;
  readonly seen: SessionStore;
  readonly remove: () => Promise<void>;
}

describeEachDatabase(
  TITLE,
  ({ create }) =>
    processes(async () => {
      const scratch = await create();
      const dataSource = await openSessionTable(scratch.options);
      const remove = async () => {
        await dataSource.destroy();
        await scratch.drop();
      };
      return {
        store: { database: scratch.options },
        seen: new TypeOrmStore(dataSource, SessionEntity),
        remove,
      };
    }),
  ({ inMemory }) => !inMemory,
);

describe(`${TITLE} (files)`, () =>
  processes(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    const remove = () => rm(directory, { recursive: true });
    return { store: { directory }, seen: new FileStore(directory, () => undefined), remove };
  }));

describeWithRedis(`${TITLE} (Redis)`, () =>
  processes(async () => {
    const prefix = ownPrefix();
    const client = await redisClient();
    const remove = async () => {
      await removeKeys(client, prefix);
      await client.close();
    };
    return {
      store: { redis: { url: redisUrl, prefix } },
      seen: new RedisStore(client, prefix, PATIENT),
      remove,
    };
  }),
);

function processes(share: () => Promise<Shared>): void {
  let shared: Shared;
  let fleet: Fleet;
  let browser: Browser;
  let id: string;

  beforeAll(async () => {
    shared = await share();
    await shared.seen.open?.({ now: Date.now, maxDataSize: 1_048_576 });
    fleet = await Fleet.launch(PROCESSES, shared.store);
  });
  afterAll(async () => {
    fleet?.sink();
    await shared?.seen.close?.();
    await shared?.remove();
  });
  beforeEach(async () => {
    browser = fleet.browser(0);
    await browser.post('/write?key=name&value=Ada');
    id = idOf(browser);
  });

  /** The same browser, whose request the load balancer sends to this process. */
  const at = (ship: number) => fleet.browser(ship, browser.jar);

  async function stored(key = id): Promise<any> {
    const record = await shared.seen.load(key);
    return record ? JSON.parse(record.data) : undefined;
  }

  /** One request per path, spread over the processes, all of which have loaded before any of them goes on. */
  async function together(paths: readonly string[]) {
    const visits = paths.map((path, index) =>
      at(index).post(`${path}${path.includes('?') ? '&' : '?'}meet=start`),
    );
    await fleet.gathered('start', paths.length);
    fleet.go('start');
    return Promise.all(visits);
  }

  it('keep the keys of 26 requests that write one each', async () => {
    const visits = await together(ALPHABET.map((letter) => `/write?key=${letter}`));
    expect(visits.map(({ status }) => status)).toEqual(ALPHABET.map(() => 200));
    const expected = Object.fromEntries(ALPHABET.map((letter) => [letter, 'set']));
    expect(await stored()).toEqual({ name: 'Ada', ...expected });
  });

  it('count 26 requests exactly with update()', async () => {
    const visits = await together(ALPHABET.map(() => '/count'));
    expect(visits.map(({ status }) => status)).toEqual(ALPHABET.map(() => 200));
    expect(await stored()).toEqual({ name: 'Ada', n: 26 });
  });

  it('keep both when half of the requests count and half write', async () => {
    await together(ALPHABET.map((letter, index) => (index % 2 ? '/count' : `/write?key=${letter}`)));
    const data = await stored();
    expect(data.n).toBe(13);
    expect(Object.keys(data)).toHaveLength(1 + 13 + 1);
  });

  it('let one request at a time through @SessionLock(), whichever process it comes to', async () => {
    const visits = await Promise.all(ALPHABET.map((_, index) => at(index).post('/lockedTally')));
    expect(visits.map(({ status }) => status)).toEqual(ALPHABET.map(() => 200));
    expect(await stored()).toEqual({ name: 'Ada', tally: 26 });
  });

  it('show each process at once what another has committed', async () => {
    for (let ship = 1; ship <= PROCESSES; ship++) {
      await at(ship).post(`/write?key=from&value=${ship}`);
      expect((await at(ship + 1).post('/read')).json()).toEqual({ name: 'Ada', from: String(ship) });
    }
  });

  it.each([
    { path: '/write?key=late', status: 200 },
    { path: '/count', status: 200 },
    { path: '/regenerate', status: 200 },
    { path: '/save?key=late', status: 409 },
  ])(
    'bring nothing back when one flushes while POST $path is in flight in another',
    async ({ path, status }) => {
      const late = at(1).post(`${path}${path.includes('?') ? '&' : '?'}meet=flushed`);
      await fleet.gathered('flushed', 1);
      expect((await at(2).post('/flush')).setCookies).toEqual([expect.stringMatching(/^sessionid=;/)]);
      fleet.go('flushed');
      expect((await late).status).toBe(status);
      expect((await late).setCookies).toEqual([]);
      expect(await stored()).toBeUndefined();
      expect((await at(3).post('/read')).json()).toEqual({});
    },
  );

  it('keep a write under the old id out of a session that another process has regenerated', async () => {
    const late = at(1).post('/write?key=injected&meet=regenerated');
    await fleet.gathered('regenerated', 1);
    const promoted = at(2);
    await promoted.post('/regenerate');
    fleet.go('regenerated');
    expect((await late).setCookies).toEqual([]);
    expect(idOf(promoted)).not.toBe(id);
    expect(await stored(idOf(promoted))).toEqual({ name: 'Ada' });
    expect(await stored()).toBeUndefined();
  });

  it('leave exactly one live session when all regenerate it at once', async () => {
    const visits = await together(Array.from({ length: PROCESSES }, () => '/regenerate'));
    const cookies = visits.flatMap(({ setCookies }) => setCookies);
    expect(visits.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(cookies).toHaveLength(1);
    expect(await stored()).toBeUndefined();
    expect(await stored(/[0-9a-f]{32}/.exec(cookies[0]!)![0])).toEqual({ name: 'Ada' });
  });

  it('end a session once when all flush it at once', async () => {
    const visits = await together(Array.from({ length: PROCESSES }, () => '/flush'));
    expect(visits.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await stored()).toBeUndefined();
  });

  it('end by themselves when their applications are closed', async () => {
    expect(await fleet.stop()).toEqual([0, 0, 0, 0]);
  });
}
