import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore, type SessionModuleOptions } from 'nest-sessions';
import { BearerTransport } from '../../lib/http/bearer.transport.js';
import type { HttpRequest } from '../../lib/http/http-exchange.interface.js';
import { adapters } from '../support/adapters.js';
import { playground, type Playground } from '../support/playground.js';

const CREDENTIALS = /^Bearer [0-9a-f]{32}\.[\w-]{43}$/;
const UNKNOWN = `${'0'.repeat(32)}.${'A'.repeat(43)}`;

describe.each(adapters)('The header Authorization on $adapter', ({ make }) => {
  let ground: Playground;

  async function start(options: SessionModuleOptions = {}): Promise<void> {
    ground = await playground({
      adapter: make(),
      store: memoryStore(),
      session: { transport: 'header', header: 'Authorization', ...options },
    });
  }
  afterEach(() => ground.close());

  const post = (path: string, headers: Record<string, string> = {}) =>
    ground.browser().post(path, { headers });
  const read = async (authorization: string) => (await post('/read', { authorization })).json();

  /** What the answer to a first write has in it, ready to be sent back. */
  async function begin(): Promise<string> {
    const credentials = (await post('/set?name=Ada')).headers.get('authorization')!;
    ground.watched.take();
    ground.events.length = 0;
    return credentials;
  }

  it('brings the token in the form in which it is to be sent back', async () => {
    await start();
    const visit = await post('/set?name=Ada');
    const credentials = visit.headers.get('authorization')!;
    expect(credentials).toMatch(CREDENTIALS);
    expect(visit.setCookies).toEqual([]);
    expect(visit.headers.get('vary')).toBe('Authorization');
    expect(await read(credentials)).toEqual({ name: 'Ada' });
  });

  it.each(['bearer', 'BEARER', 'Bearer  '])(
    'takes the scheme in any case and spacing: %j',
    async (scheme) => {
      await start();
      const token = (await begin()).split(' ')[1];
      expect(await read(`${scheme} ${token}`)).toEqual({ name: 'Ada' });
    },
  );

  it.each(['Basic YWRhOnNlY3JldA==', 'Digest username="ada"', 'Bearertoken', 'Bearer', 'Bearer ', ''])(
    'has no token of ours in %j, and nothing happens',
    async (authorization) => {
      await start();
      const visit = await post('/read', { authorization });
      expect(visit.json()).toEqual({});
      expect(visit.headers.has('authorization')).toBe(false);
      expect(ground.watched.take()).toEqual([]);
      expect(ground.events).toEqual([]);
    },
  );

  it('has no token of ours in one without a scheme', async () => {
    await start();
    const token = (await begin()).split(' ')[1]!;
    expect(await read(token)).toEqual({});
    expect(ground.events).toEqual([]);
  });

  it.each([
    { what: 'an unknown one', token: UNKNOWN, event: { id: '0'.repeat(32) } },
    { what: "somebody else's", token: 'eyJhbGciOiJub25lIn0.e30.', event: {} },
  ])('is emptied when the token is $what', async ({ token, event }) => {
    await start();
    const visit = await post('/read', { authorization: `Bearer ${token}` });
    expect(visit.headers.get('authorization')).toBe('');
    expect(ground.events).toEqual([{ type: 'unknown-token', ...event, ip: '127.0.0.1' }]);
  });

  it('is no session when it is sent twice, and neither is trusted', async () => {
    await start();
    const credentials = await begin();
    for (const authorization of [
      [credentials, `Bearer ${UNKNOWN}`],
      [`Bearer ${UNKNOWN}`, credentials],
    ]) {
      ground.events.length = 0;
      const body = await new Promise<string>((resolve, reject) => {
        const options = { method: 'POST', headers: { authorization } as never };
        request(`${ground.origin}/read`, options, async (response) =>
          resolve(Buffer.concat(await response.toArray()).toString()),
        )
          .once('error', reject)
          .end();
      });
      expect(body).toBe('{}');
      expect(ground.events).toEqual([{ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' }]);
    }
  });

  it('is refused when it disagrees with the cookie', async () => {
    await start({ transport: ['cookie', 'header'] });
    const credentials = await begin();
    const visit = await post('/read', { authorization: credentials, cookie: `sessionid=${UNKNOWN}` });
    expect(visit.json()).toEqual({});
    expect(ground.events).toEqual([{ type: 'duplicate-cookie', count: 2, ip: '127.0.0.1' }]);
  });

  it('leaves a session by cookie alone when it is for somebody else', async () => {
    await start({ transport: ['cookie', 'header'] });
    const cookie = `sessionid=${(await begin()).split(' ')[1]}`;
    const visit = await post('/regenerate', { authorization: 'Basic YWRhOnNlY3JldA==', cookie });
    expect(visit.headers.has('authorization')).toBe(false);
    expect(visit.setCookies).toHaveLength(1);
  });
});

it('The header Authorization is read over HTTP/2 as well', async () => {
  const transport = new BearerTransport();
  const server = createServer((asked, response) =>
    response.end(JSON.stringify(transport.read(asked as unknown as HttpRequest))),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const ask = async (headers: Record<string, string>) => {
    const stream = client.request({ ':path': '/', ...headers });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  };
  expect(await ask({ authorization: `Bearer ${UNKNOWN}` })).toEqual([UNKNOWN]);
  expect(await ask({ authorization: 'Basic YWRhOnNlY3JldA==' })).toEqual([]);
  expect(await ask({})).toEqual([]);
  client.close();
  server.close();
});
