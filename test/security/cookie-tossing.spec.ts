import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import { CookieJar, PrefixSecurityEnum } from 'tough-cookie';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

const HOST = 'https://app.example.com/';
const SIBLING = 'https://blog.example.com/';

describe.each(adapters)('Cookie tossing by sibling on $adapter', ({ make }) => {
  let ground: Playground;
  afterEach(() => ground.close());

  async function start(cookie: SessionModuleOptions['cookie'] = {}): Promise<void> {
    ground = await playground({ adapter: make(), store: memoryStore(), session: { cookie } });
  }

  const newJar = () => new CookieJar(undefined, { prefixSecurity: PrefixSecurityEnum.STRICT });

  /** A visit of the application by the name that it has to browsers. */
  async function visit(jar: CookieJar, path: string) {
    const cookie = jar.getCookieStringSync(HOST);
    const answer = await ground.browser().post(path, { headers: cookie ? { cookie } : {} });
    for (const line of answer.setCookies) jar.setCookieSync(line, HOST);
    return answer;
  }

  /** The cookie that Mallory has got for a session of her own. */
  async function ofMallory() {
    const jar = newJar();
    await visit(jar, '/set?name=Mallory');
    const [cookie] = jar.getCookiesSync(HOST);
    return cookie!;
  }

  it('puts no session of hers in the place of that of the host, nor beside it', async () => {
    await start({ secure: false });
    const { key, value } = await ofMallory();
    for (const order of ['before', 'after']) {
      const jar = newJar();
      const toss = () => jar.setCookieSync(`${key}=${value}; Domain=example.com; Path=/`, SIBLING);
      if (order === 'before') toss();
      // A session begins only where no other was presented.
      const own = newJar();
      await visit(own, '/set?name=Ada');
      jar.setCookieSync(own.getCookiesSync(HOST)[0]!.toString(), HOST);
      if (order === 'after') toss();
      expect(jar.getCookieStringSync(HOST).split('; ')).toHaveLength(2);
      ground.events.length = 0;
      expect((await visit(jar, '/read')).json()).toEqual({});
      expect(ground.events).toEqual([{ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' }]);
    }
  });

  it('is refused by browsers where the cookie has the name that it has by default with HTTPS', async () => {
    await start({ secure: true });
    const { key, value } = await ofMallory();
    expect(key).toBe('__Host-sessionid');
    const jar = newJar();
    jar.setCookieSync(`${key}=${value}; Domain=example.com; Path=/; Secure`, SIBLING, { ignoreError: true });
    expect(jar.getCookieStringSync(HOST)).toBe('');
  });

  it.each(['sessionid', '__host-sessionid', '\u00a0__Host-sessionid', '__Secure-sessionid'])(
    'opens nothing under a name that is not quite ours (%j)',
    async (name) => {
      await start({ secure: true });
      const { key, value } = await ofMallory();
      const open = (cookie: string) => ground.browser().post('/read', { headers: { cookie } });
      expect((await open(`${key}=${value}; a=b`)).json()).toEqual({ name: 'Mallory' });
      expect((await open(`${name}=${value}; a=b`)).json()).toEqual({});
    },
  );
});
