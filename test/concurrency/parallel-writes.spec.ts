import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeMemory, describeStores } from '../support/stores-under-test.js';

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz'];

describeStores('Parallel writes of one session', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    browser = await ground.visitor({ name: 'Ada', n: 0 });
  });
  afterEach(() => ground.close());

  /** As many requests at once as there are writers, none of which commits before all have loaded the same version. */
  async function race(writers: readonly string[], write: (name: string) => Parameters<Playground['on']>[1]) {
    const meeting = new Meeting(writers.length);
    for (const writer of writers) {
      ground.on(writer, async (session, query) => {
        await meeting.join();
        return write(writer)(session, query);
      });
    }
    ground.watched.take();
    const visits = await Promise.all(writers.map((writer) => browser.fork().post(`/${writer}`)));
    const statuses = visits.map(({ status }) => status);
    expect(statuses).toEqual(writers.map(() => 200));
    return visits;
  }

  const stored = () => ground.dataOf(idOf(browser));

  it('keeps the keys of 26 requests that write one each', async () => {
    await race(ALPHABET, (letter) => (session) => void session.set(letter, letter.toUpperCase()));
    const expected = Object.fromEntries(ALPHABET.map((letter) => [letter, letter.toUpperCase()]));
    expect(await stored()).toEqual({ name: 'Ada', n: 0, ...expected });
  });

  it('counts 26 requests exactly with update()', async () => {
    await race(ALPHABET, () => (session) => void session.update('n', (n: number = 0) => n + 1));
    expect(await stored()).toEqual({ name: 'Ada', n: 26 });
  });

  it('counts exactly under a key that nobody has set before', async () => {
    await race(ALPHABET, () => (session) => void session.update('visits', (n: number = 0) => n + 1));
    expect(await stored()).toMatchObject({ visits: 26 });
  });

  it('counts exactly when every request updates twice', async () => {
    await race(ALPHABET.slice(0, 6), () => (session) => {
      session.update('n', (n: number) => n + 1);
      session.update('n', (n: number) => n * 1 + 10);
    });
    expect(await stored()).toMatchObject({ n: 66 });
  });

  it('raises the version once per committed request', async () => {
    await race(ALPHABET, (letter) => (session) => void session.set(letter, 1));
    expect((await ground.stored(idOf(browser)))!.version).toBe(1 + ALPHABET.length);
  });

  it('gives no client a new cookie for writes that collided', async () => {
    const visits = await race(ALPHABET.slice(0, 6), (letter) => (session) => void session.set(letter, 1));
    expect(visits.flatMap(({ setCookies }) => setCookies)).toEqual([]);
  });

  it('removes what 26 requests delete and leaves the rest', async () => {
    await browser.post(`/set?${ALPHABET.map((letter) => `${letter}=1`).join('&')}`);
    await race(ALPHABET, (letter) => (session) => void session.delete(letter));
    expect(await stored()).toEqual({ name: 'Ada' });
  });

  it('lets the last committer of one key win, and loses nothing beside it', async () => {
    const late = ground.hold('before', 'commit');
    const first = browser.fork().post('/set?colour=late&late=1');
    await late.reached;
    await browser.fork().post('/set?colour=early&early=1');
    expect((await stored()).colour).toBe('early');
    late.open();
    await first;
    expect(await stored()).toEqual({ name: 'Ada', n: 0, colour: 'late', late: '1', early: '1' });
  });

  describe.each([
    { first: 'set', second: 'update', n: 101 },
    { first: 'update', second: 'set', n: 100 },
  ])('when a $first commits before a $second of the same key', ({ first, second, n }) => {
    it(`comes to ${n}`, async () => {
      ground.on('set', (session) => void session.set('n', 100));
      ground.on('update', (session) => void session.update('n', (value: number) => value + 1));
      const held = ground.hold('before', 'commit');
      const later = browser.fork().post(`/${second}`);
      await held.reached;
      await browser.fork().post(`/${first}`);
      held.open();
      await later;
      expect(await stored()).toEqual({ name: 'Ada', n });
    });
  });

  describe.each([
    { first: 'clear', second: 'set', data: { colour: 'red' } },
    { first: 'set', second: 'clear', data: {} },
    { first: 'clear-and-write', second: 'set', data: { fresh: true, colour: 'red' } },
    { first: 'set', second: 'clear-and-write', data: { fresh: true } },
  ])('when a $first commits before a $second', ({ first, second, data }) => {
    it(`leaves ${JSON.stringify(data)}`, async () => {
      ground.on('set', (session) => void session.set('colour', 'red'));
      ground.on('clear', (session) => session.clear());
      ground.on('clear-and-write', (session) => {
        session.clear();
        session.set('fresh', true);
      });
      const held = ground.hold('before', 'commit');
      const later = browser.fork().post(`/${second}`);
      await held.reached;
      await browser.fork().post(`/${first}`);
      held.open();
      await later;
      expect(await stored()).toEqual(data);
    });
  });

  it('merges a mutation deep inside one key with a write of another', async () => {
    browser = await ground.visitor({ cart: { items: [{ sku: 'a', count: 1 }] }, name: 'Ada' });
    const held = ground.hold('before', 'commit');
    ground.on('deepen', ({ data }) => void data.cart.items[0].count++);
    const deep = browser.fork().post('/deepen');
    await held.reached;
    await browser.fork().post('/set?name=Grace');
    held.open();
    await deep;
    expect(await stored()).toEqual({ cart: { items: [{ sku: 'a', count: 2 }] }, name: 'Grace' });
  });

  it('shows the handler after save() what others have committed meanwhile', async () => {
    const held = ground.hold('before', 'commit');
    ground.on('save', async (session) => {
      session.set('mine', 1);
      await session.save();
      return session.toJSON();
    });
    const saving = browser.fork().post('/save');
    await held.reached;
    await browser.fork().post('/set?theirs=2');
    held.open();
    expect((await saving).json()).toEqual({ name: 'Ada', n: 0, mine: 1, theirs: '2' });
  });

  it('emits a conflict for a commit that came second, with the id', async () => {
    const held = ground.hold('before', 'commit');
    const second = browser.fork().post('/set?b=1');
    await held.reached;
    await browser.fork().post('/set?a=1');
    held.open();
    await second;
    expect(ground.events).toEqual([{ type: 'conflict', id: idOf(browser), attempt: 1 }]);
  });

  it('1.11 starts a session of its own for each of two first writes without a cookie', async () => {
    const meeting = new Meeting(2);
    ground.on('first', async (session, { key }) => {
      await meeting.join();
      session.set(key!, 1);
    });
    const browsers = [ground.browser(), ground.browser()];
    await Promise.all(browsers.map((each, index) => each.post(`/first?key=k${index}`)));
    const data = await Promise.all(browsers.map((each) => ground.dataOf(idOf(each))));
    expect(data).toEqual([{ k0: 1 }, { k1: 1 }]);
  });

  it('tells a request that lost every round to others that it was not written, or writes it', async () => {
    let competitor = 0;
    const rival = async (): Promise<void> => {
      const record = (await ground.stored(idOf(browser)))!;
      competitor += 1;
      const data = JSON.stringify({ ...JSON.parse(record.data), competitor });
      await ground.real.commit(record.id, record.version, { ...record, data });
    };
    ground.watched.before = (verb) => (verb === 'commit' ? rival() : undefined);
    const visit = await browser.fork().post('/set?mine=1');
    const canLock = ground.real.commitExclusively !== undefined;
    const verbs = ground.watched.take();
    expect(visit.status).toBe(canLock ? 200 : 503);
    expect(verbs.includes('commitExclusively')).toBe(canLock);
    expect(await stored()).toEqual({ name: 'Ada', n: 0, competitor, ...(canLock && { mine: '1' }) });
    expect(verbs.filter((verb) => verb === 'commit')).toHaveLength(canLock ? 5 : 40);
  });
});

describeMemory('The price of parallel writes', ({ make, openStore }) => {
  it.each([
    { writers: 1, most: 2 },
    { writers: 2, most: 3 },
    { writers: 6, most: 4 },
    { writers: 26, most: 8 },
  ])('is at most $most store operations each for $writers aligned writers', async ({ writers, most }) => {
    const ground = await playground({ adapter: make(), store: openStore() });
    const browser = await ground.visitor();
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const meeting = new Meeting(writers);
      ground.on('write', async (session, { key }) => {
        await meeting.join();
        session.set(key!, round);
      });
      await Promise.all(
        Array.from({ length: writers }, (_, index) => browser.fork().post(`/write?key=k${index}`)),
      );
    }
    const operations = ground.watched.take().length / rounds / writers;
    await ground.close();
    expect(operations).toBeLessThanOrEqual(most);
  });
});
