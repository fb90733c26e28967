import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { typeOrmStore } from 'nest-sessions/typeorm';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';
import { openSessionTable } from '../support/session-table.js';

const FORTNIGHT = 14 * 24 * 3600;

describe.each(adapters)('Two instances over one database on $adapter', ({ make }) => {
  const cookie = { secure: true, domain: 'example.com', sameSite: 'none', partitioned: true } as const;
  let directory: string;
  let dataSource: DataSource;
  let grounds: Playground[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    dataSource = await openSessionTable({ type: 'better-sqlite3', database: join(directory, 'test.sqlite') });
    grounds = [];
    for (let index = 0; index < 2; index++) {
      const ground = await playground({
        adapter: make(),
        store: typeOrmStore({ dataSource }),
        session: { cookie, cleanup: false },
      });
      ground.on('login', () => ground.sessions.login('ada'));
      ground.on('logout', () => ground.sessions.logout());
      ground.on('who', ({ userId }) => userId ?? 'nobody');
      grounds.push(ground);
    }
  });
  afterEach(async () => {
    for (const ground of grounds) await ground.close();
    await dataSource.destroy();
    await rm(directory, { recursive: true });
  });

  const post = (index: number, path: string, pair = '') =>
    grounds[index]!.browser().post(path, { headers: { cookie: pair } });
  const pairIn = (setCookie: string) => setCookie.split(';')[0]!;
  /** Name and attributes, but for what says how long it lives. */
  const shapeOf = (setCookie: string) =>
    setCookie
      .split('; ')
      .filter((part) => !/^(Max-Age|Expires)=/.test(part))
      .map((part, index) => (index === 0 ? part.split('=')[0]! : part))
      .toSorted();
  const rows = async () => Number((await dataSource.query('SELECT count(*) AS n FROM sessions'))[0].n);

  it('2.11 know at once of a logout at one of them, which takes the same cookie away', async () => {
    const [given] = (await post(0, '/login')).setCookies;
    const pair = pairIn(given!);
    for (const index of [0, 1]) expect((await post(index, '/who', pair)).text).toBe('ada');
    const [taken] = (await post(0, '/logout', pair)).setCookies;
    expect(taken).toContain('Max-Age=0');
    expect(pairIn(taken!)).toBe('__Secure-sessionid=');
    expect(shapeOf(taken!)).toEqual(shapeOf(given!));
    expect(shapeOf(taken!)).toEqual(expect.arrayContaining(['Domain=example.com', 'Partitioned', 'Path=/']));
    for (const index of [1, 0]) expect((await post(index, '/who', pair)).text).toBe('nobody');
    expect(await rows()).toBe(0);
  });

  it('2.13 take an expired record for none, although nobody has cleared it away', async () => {
    const pair = pairIn((await post(0, '/login')).setCookies[0]!);
    const id = /[0-9a-f]{32}/.exec(pair)![0];
    for (const { clock } of grounds) clock.advance(FORTNIGHT);
    for (const [index, { sessions }] of grounds.entries()) {
      expect((await post(index, '/who', pair)).text).toBe('nobody');
      expect(await sessions.open(id)).toBeUndefined();
      expect(await sessions.list('ada')).toEqual([]);
      expect(await sessions.revoke(id)).toBe(false);
    }
    expect(await rows()).toBe(1);
    const [fresh] = (await post(0, '/set?name=Ada', pair)).setCookies;
    expect(fresh).not.toContain(id);
    expect(await rows()).toBe(2);
    expect(await grounds[0]!.sessions.clearExpired()).toBe(1);
  });
});
