import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { DefaultValuePipe } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { from } from 'rxjs';
import {
  memoryStore,
  RequireLogin,
  Session,
  SessionService,
  WithSession,
  type SessionModuleOptions,
} from 'nest-sessions';
import type { ActiveSession } from '../../lib/core/active-session.js';
import { SessionHttp } from '../../lib/http/session-http.js';
import type { Browser } from '../support/browser.js';
import { idOf, playground, type Playground } from '../support/playground.js';
import { places, type Client } from './gateways.app.js';

/** The ids that the gateway has been told of. */
const greeted: (string | undefined)[] = [];
const ANSWER = 'answer';
const answer = (data: unknown) => data;

@WithSession()
@WebSocketGateway()
class ChatGateway {
  constructor(private readonly sessions: SessionService) {}

  async handleConnection() {
    greeted.push((await this.sessions.current()).id);
  }

  @SubscribeMessage('read') async read() {
    return reply((await this.sessions.current()).toJSON());
  }

  @SubscribeMessage('name') name(@Session('name', new DefaultValuePipe('Guest')) name: string) {
    return reply({ name });
  }

  @SubscribeMessage('set') set(@Session() session: Session<any>, @MessageBody() values: object) {
    session.update(values);
    return reply('set');
  }

  @SubscribeMessage('count') count(@Session() session: Session<any>) {
    return reply(session.update('count', (count = 0) => count + 1));
  }

  @SubscribeMessage('stream') stream(@Session() session: Session<any>) {
    session.data.streamed = true;
    return from([reply('first')]);
  }

  @SubscribeMessage('silent') silent(@Session() session: Session<any>) {
    session.data.silent = true;
  }

  @SubscribeMessage('fail') fail(@Session() session: Session<any>) {
    session.data.failed = true;
    throw new Error('in the handler');
  }

  @SubscribeMessage('login') async login() {
    try {
      await this.sessions.login('ada');
      return reply('in');
    } catch (error) {
      return reply((error as Error).name);
    }
  }

  @SubscribeMessage('regenerate') async regenerate(@Session() session: Session<any>) {
    return reply(await session.regenerate().catch((error: Error) => error.name));
  }

  @SubscribeMessage('logout') async logout() {
    await this.sessions.logout();
    return reply('out');
  }

  @RequireLogin() @SubscribeMessage('private') private() {
    return reply('yours');
  }

  @SubscribeMessage('ping') ping(@ConnectedSocket() client: { handshake: { headers: object } }) {
    return reply(client.handshake.headers);
  }
}

/** What ws sends as it is, and socket.io by acknowledgement unless there is an `event`. */
let reply: (data: unknown) => unknown;

describe.each(places)('A gateway of $library with sessions ($adapter)', ({ make, sockets }) => {
  let ground: Playground;
  let clients: Client[];
  let browser: Browser;

  const begin = async (session: Omit<SessionModuleOptions, 'store'> = {}) => {
    ground = await playground({
      adapter: make(),
      store: memoryStore(),
      session,
      serve: { providers: [ChatGateway], prepare: sockets.use },
    });
    browser = await ground.visitor();
  };
  const connect = async (headers: Record<string, string> = { cookie: `sessionid=${browser.cookie()}` }) => {
    const client = sockets.connect(ground.origin, headers);
    clients.push(client);
    await client.opened;
    return client;
  };
  const data = () => ground.dataOf(idOf(browser));

  beforeEach(async () => {
    reply = sockets.library === 'ws' ? (value) => ({ event: ANSWER, data: value }) : answer;
    clients = [];
    greeted.length = 0;
    await begin();
  });
  afterEach(async () => {
    clients.forEach((client) => client.close());
    await ground.close();
  });

  it('reads the session of the handshake, by service and decorator, with key and pipes', async () => {
    const client = await connect();
    expect(await client.ask('read')).toEqual({ name: 'Ada' });
    expect(await client.ask('name')).toEqual({ name: 'Ada' });
    expect(greeted).toEqual([idOf(browser)]);
    const stranger = await connect({});
    expect(await stranger.ask('name')).toEqual({ name: 'Guest' });
  });

  it('commits what a handler has changed before it answers', async () => {
    const client = await connect();
    expect(await client.ask('set', { theme: 'dark' })).toBe('set');
    expect(await data()).toEqual({ name: 'Ada', theme: 'dark' });
    expect(await client.ask('stream')).toBe('first');
    expect(await data()).toMatchObject({ streamed: true });
    client.send('silent');
    await client.ask('read');
    expect(await (await browser.post('/read')).json()).toMatchObject({ silent: true });
  });

  it('drops what a handler has changed that throws', async () => {
    const client = await connect();
    expect(await client.ask('fail')).toMatchObject({ status: 'error' });
    expect(await data()).toEqual({ name: 'Ada' });
  });

  it('sees with each message what requests have changed meanwhile, and loses no parallel update', async () => {
    const [one, two] = [await connect(), await connect()];
    await browser.post('/set?page=2');
    expect(await one.ask('read')).toEqual({ name: 'Ada', page: '2' });
    await Promise.all([one, two].flatMap((client) => Array.from({ length: 5 }, () => client.ask('count'))));
    expect(await data()).toMatchObject({ count: 10 });
  });

  it('costs one load for the handshake, one for a message that uses the session, none for others', async () => {
    const client = await connect();
    await client.ask('read');
    ground.watched.take();
    await client.ask('ping');
    expect(ground.watched.take()).toEqual([]);
    await client.ask('read');
    expect(ground.watched.take()).toEqual(['load']);
  });

  it("shows the handshake's headers to handlers", async () => {
    const client = await connect({ 'x-device': 'phone' });
    expect(await client.ask('ping')).toMatchObject({ 'x-device': 'phone' });
  });

  it('starts no session, and gives nobody a new token', async () => {
    const stranger = await connect({});
    expect(await stranger.ask('set', { a: 1 })).toMatchObject({ status: 'error' });
    expect(await stranger.ask('login')).toBe('SessionUndeliverableError');
    const client = await connect();
    expect(await client.ask('regenerate')).toBe('SessionUndeliverableError');
    expect(ground.count('created') + ground.count('login') + ground.count('regenerated')).toBe(0);
  });

  it('does not take a secret that was renewed since for a stolen one', async () => {
    await ground.close();
    await begin({ renewEvery: '1h' });
    const client = await connect();
    await client.ask('read');
    ground.clock.advance(3600);
    await client.ask('count');
    expect(ground.count('renewed')).toBe(0);
    await browser.post('/read');
    expect(ground.count('renewed')).toBe(1);
    ground.clock.advance(60);
    expect(await client.ask('read')).toMatchObject({ name: 'Ada' });
  });

  it('lets guards refuse who is not logged in', async () => {
    const client = await connect();
    expect(await client.ask('private')).toMatchObject({ status: 'error' });
    ground.on('login', () => ground.sessions.login('ada'));
    await browser.post('/login');
    expect(await (await connect()).ask('private')).toBe('yours');
  });

  it('3.9 is left at once by the sockets of a session that is ended, or that gets another id', async () => {
    const end: Record<string, () => Promise<unknown>> = {
      revoke: () => ground.sessions.revoke(idOf(browser)),
      flush: () => browser.post('/flush'),
      regenerate: () => browser.post('/regenerate'),
      login: () => browser.post('/login'),
      'log out everywhere': () => ground.sessions.revokeAll('ada'),
    };
    ground.on('login', () => ground.sessions.login('ada'));
    for (const [name, ending] of Object.entries(end)) {
      browser = await ground.visitor();
      if (name === 'log out everywhere') await browser.post('/login');
      const client = await connect();
      await client.ask('read');
      await ending();
      expect([name, await client.closed]).toEqual([name, sockets.refusal]);
    }
  });

  it('3.9 answers the message that ends the session, and closes then', async () => {
    const client = await connect();
    expect(await client.ask('logout')).toBe('out');
    expect(await client.closed).toBe(sockets.refusal);
  });

  it('3.9 handles no message of a session that has ended elsewhere, and closes the socket', async () => {
    const client = await connect();
    await client.ask('read');
    await ground.real.destroy(idOf(browser));
    client.send('set', { a: 1 });
    expect(await client.closed).toBe(sockets.refusal);
  });

  it.each(['a message', 'nothing'])(
    '3.9 ends a session whose group has ended where it began, after %s',
    async (what) => {
      await ground.close();
      await begin({ sockets: { revalidateEvery: what === 'nothing' ? 0.02 : 3600 } });
      ground.on('join', (session) =>
        (session as unknown as ActiveSession).login({
          userId: 'ada',
          methods: [],
          remember: undefined,
          origin: { groupId: 'a'.repeat(32) },
        }),
      );
      await browser.post('/join');
      const client = await connect();
      expect(await client.ask('private')).toBe('yours');
      const { groups } = ground.app.get(SessionHttp, { strict: false }).repository;
      groups.policy = { leads: false, confirm: async () => false };
      if (what === 'a message') client.send('set', { a: 1 });
      expect(await client.closed).toBe(sockets.refusal);
      expect(await data()).toBeUndefined();
    },
  );

  it('3.9 finds sessions that have expired without a message, and leaves the others alone', async () => {
    await ground.close();
    await begin({ sockets: { revalidateEvery: 0.02 }, idleTimeout: '1h' });
    const [client, stranger] = [await connect(), await connect({})];
    await client.ask('read');
    ground.clock.advance(3601);
    expect(await client.closed).toBe(sockets.refusal);
    expect(await stranger.ask('name')).toEqual({ name: 'Guest' });
  });

  it('3.9 closes nothing because of an outage', async () => {
    await ground.close();
    await begin({ sockets: { revalidateEvery: 0.01 } });
    const client = await connect();
    await client.ask('read');
    let rounds = 0;
    const tried = new Promise<void>((resolve) => {
      ground.watched.before = () => {
        if (++rounds === 3) resolve();
        throw new Error('away');
      };
    });
    expect(await client.ask('read')).toMatchObject({ status: 'error' });
    await tried;
    ground.watched.before = () => undefined;
    expect(await client.ask('read')).toEqual({ name: 'Ada' });
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1'])(
    '3.10 refuses a page of another origin before the store is asked: %s',
    async (origin) => {
      const client = sockets.connect(ground.origin, { origin, cookie: `sessionid=${browser.cookie()}` });
      clients.push(client);
      client.send('set', { a: 1 });
      expect(await client.closed).toBe(sockets.refusal);
      expect([ground.watched.take(), ground.count('foreign-origin'), greeted]).toEqual([[], 1, []]);
    },
  );

  it('3.10 lets the own origin in, behind TLS too, and those that are trusted', async () => {
    await ground.close();
    await begin({ sockets: { trustedOrigins: ['https://shop.example'] } });
    const own = ground.origin;
    for (const origin of [own, own.replace('http:', 'https:'), 'https://shop.example']) {
      const client = await connect({ origin, cookie: `sessionid=${browser.cookie()}` });
      expect(await client.ask('name')).toEqual({ name: 'Ada' });
    }
  });
});
