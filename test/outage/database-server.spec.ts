import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { typeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { adapters } from '../support/adapters.js';
import type { Browser } from '../support/browser.js';
import { describeEachDatabase, type ScratchDatabase, type TestDatabase } from '../support/databases.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { openSessionTable } from '../support/session-table.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const APPLICATION = `nest-sessions-${randomUUID()}`;

for (const { adapter, make } of adapters) {
  describeEachDatabase(
    `A database server that goes away, under ${adapter},`,
    (database) => outage(database, make),
    ({ type }) => type !== 'better-sqlite3',
  );
}

function outage(database: TestDatabase, make: (typeof adapters)[number]['make']): void {
  let scratch: ScratchDatabase;
  /** Past the proxy. */
  let direct: DataSource;
  let proxy: TcpProxy;
  let dataSource: DataSource;
  let ground: Playground;
  let browser: Browser;

  beforeAll(async () => {
    scratch = await database.create();
    direct = await openSessionTable(scratch.options);
  });
  afterAll(async () => {
    await direct?.destroy();
    await scratch?.drop();
  });
  beforeEach(async () => {
    proxy = new TcpProxy(scratch.options as { host: string; port: number });
    await proxy.open();
    dataSource = await openSessionTable(scratch.options, {
      host: '127.0.0.1',
      port: proxy.port,
      ...(database.type === 'postgres' && { applicationName: APPLICATION }),
    } as object);
    ground = await playground({ adapter: make(), store: typeOrmStore({ dataSource }) });
    browser = await ground.visitor();
  });
  afterEach(async () => {
    await ground.close();
    await dataSource.destroy();
    await proxy.shut();
  });

  async function untouched(): Promise<void> {
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada' });
    expect((await browser.post('/set?colour=blue')).status).toBe(200);
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', colour: 'blue' });
  }

  it('is a 503 for as long as it is away, and all is as before when it is back', async () => {
    const token = browser.cookie();
    await proxy.shut();
    for (const path of ['/read', '/set?colour=red', '/flush', '/regenerate']) {
      const visit = await browser.post(path);
      expect([path, visit.status, visit.setCookies]).toEqual([path, 503, []]);
      expect(visit.text).not.toMatch(/ECONN|127\.0\.0\.1|select|update/i);
    }
    const stranger = await ground.browser().post('/set?colour=red');
    expect([stranger.status, stranger.setCookies]).toEqual([503, []]);
    await proxy.open();
    expect(browser.cookie()).toBe(token);
    await untouched();
  });

  it.each([
    { verb: 'commit', path: '/set?colour=red' },
    { verb: 'destroy', path: '/flush' },
    { verb: 'replace', path: '/regenerate' },
  ] as const)('is a 503 when it goes away between load and $verb', async ({ verb, path }) => {
    const held = ground.hold('before', verb);
    const late = browser.post(path);
    await held.reached;
    await proxy.shut();
    held.open();
    expect((await late).status).toBe(503);
    expect((await late).setCookies).toEqual([]);
    expect(ground.events.at(-1)).toMatchObject({ type: 'store-error', verb });
    await proxy.open();
    await untouched();
  });

  it('still serves what does not use the session', async () => {
    await proxy.shut();
    expect((await browser.get('/no-such-page')).status).toBe(404);
    expect(ground.count('store-error')).toBe(0);
    await proxy.open();
  });

  if (database.type === 'postgres') {
    it('is never taken for "no session" when it ends the connections of the pool', async () => {
      await Promise.all(Array.from({ length: 8 }, () => browser.fork().post('/read')));
      const ended = await direct.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
        [APPLICATION],
      );
      expect(ended.length).toBeGreaterThan(0);
      let visit = await browser.post('/read');
      for (let visits = 1; visits < 20 && visit.status === 503; visits++) {
        expect(visit.setCookies).toEqual([]);
        visit = await browser.post('/read');
      }
      expect([visit.status, visit.json()]).toEqual([200, { name: 'Ada' }]);
      expect(idOf(browser)).toMatch(/^[0-9a-f]{32}$/);
    });
  }
}
