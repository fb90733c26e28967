import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { describeStores } from '../support/stores-under-test.js';

const garbage = [
  { what: 'text cut short', data: '{"name":"Ad' },
  { what: 'no JSON at all', data: '<html>' },
  { what: 'nothing', data: '' },
  { what: 'null', data: 'null' },
  { what: 'a list', data: '[1,2]' },
  { what: 'a number', data: '42' },
];

describeStores('A corrupt record', ({ make, openStore }) => {
  let ground: Playground;
  let browser: Browser;
  let id: string;

  beforeEach(async () => {
    ground = await playground({ adapter: make(), store: openStore() });
    browser = await ground.visitor();
    id = idOf(browser);
  });
  afterEach(() => ground.close());

  async function corrupt(data: string): Promise<void> {
    const record = (await ground.stored(id))!;
    await ground.real.commit(id, record.version, { ...record, data });
  }

  describe.each(garbage)('that holds $what', ({ data }) => {
    it('6.5 is no session: the cookie is cleared, an event tells, and the request is served', async () => {
      await corrupt(data);
      const visit = await browser.post('/read');
      expect(visit.status).toBe(200);
      expect(visit.json()).toEqual({});
      expect(visit.setCookies).toEqual([expect.stringMatching(/^sessionid=; Max-Age=0;/)]);
      expect(ground.events).toEqual([{ type: 'corrupt', id }]);
    });

    it('6.5 makes place for a new session with the first write', async () => {
      await corrupt(data);
      expect((await browser.post('/set?colour=red')).status).toBe(200);
      expect(idOf(browser)).not.toBe(id);
      expect((await browser.post('/read')).json()).toEqual({ colour: 'red' });
    });
  });

  it('is never a loop of errors for a client that keeps its cookie', async () => {
    await corrupt('{');
    const stubborn = browser.cookie();
    for (let visits = 0; visits < 3; visits++) {
      const headers = { cookie: `sessionid=${stubborn}` };
      expect((await ground.browser().post('/read', { headers })).status).toBe(200);
    }
    expect(ground.count('corrupt')).toBe(3);
  });

  it('that became so while a request was writing is no 500', async () => {
    const held = ground.hold('before', 'commit');
    const late = browser.fork().post('/set?late=1');
    await held.reached;
    await corrupt('{');
    held.open();
    const visit = await late;
    expect(visit.status).toBe(200);
    expect(visit.setCookies).toEqual([]);
    expect(ground.count('corrupt')).toBe(1);
  });

  it('is interrupted for whoever reloads it', async () => {
    ground.on('reload', async (session) => {
      await corrupt('{');
      await session.reload();
    });
    expect((await browser.post('/reload')).status).toBe(409);
    expect(ground.count('corrupt')).toBe(1);
  });

  it('is undefined for open(), and run() gives an empty session', async () => {
    const token = browser.cookie()!;
    await corrupt('{');
    expect(await ground.sessions.open(id)).toBeUndefined();
    const data = await ground.sessions.run(token, async () => (await ground.sessions.current()).toJSON());
    expect(data).toEqual({});
  });
});
