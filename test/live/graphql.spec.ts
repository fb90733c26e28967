import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { DefaultValuePipe, NotFoundException, ParseIntPipe } from '@nestjs/common';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore, RequireLogin, Session, SessionLock, SessionService } from 'nest-sessions';
import { CsrfModule } from 'nest-sessions/csrf';
import { adapters } from '../support/adapters.js';
import { Barrier } from '../support/barrier.js';
import type { Browser } from '../support/browser.js';
import { Meeting } from '../support/meeting.js';
import { idOf, playground, type Playground } from '../support/playground.js';

const typeDefs = `
  type Query {
    read: String
    page: Int
    private: String
    quick(key: String!): Boolean
    slow: Boolean
  }
  type Mutation {
    set(key: String!, value: String!): Boolean
    login: Boolean
    logout: Boolean
    fail(key: String!, status: Int): Boolean
    failLogin: Boolean
    order: Int
  }
`;

/** Where resolvers stop for the test. */
let meeting: Meeting;
let barrier: Barrier;

@Resolver()
class ShopResolver {
  constructor(private readonly sessions: SessionService) {}

  @Query('read') async read() {
    return JSON.stringify(await this.sessions.current());
  }

  @Query('page') page(@Session('page', new DefaultValuePipe(1), ParseIntPipe) page: number) {
    return page;
  }

  @RequireLogin() @Query('private') private() {
    return 'yours';
  }

  @Query('quick') async quick(@Session() session: Session<any>, @Args('key') key: string) {
    await meeting.join();
    session.data[key] = true;
    return true;
  }

  @Query('slow') async slow(@Session() session: Session<any>) {
    session.data.half = true;
    await meeting.join();
    await barrier.wait();
    delete session.data.half;
    session.data.whole = true;
    return true;
  }

  @Mutation('set') set(
    @Session() session: Session<any>,
    @Args('key') key: string,
    @Args('value') value: string,
  ) {
    session.data[key] = value;
    return true;
  }

  @Mutation('login') async login() {
    await this.sessions.login('ada');
    return true;
  }

  @Mutation('logout') async logout() {
    await this.sessions.logout();
    return true;
  }

  @Mutation('fail') fail(
    @Session() session: Session<any>,
    @Args('key') key: string,
    @Args('status') status?: number,
  ) {
    session.data[key] = 'failed';
    throw status === 404 ? new NotFoundException() : new Error('in the resolver');
  }

  @Mutation('failLogin') async failLogin() {
    await this.sessions.login('ada');
    throw new Error('after the login');
  }

  @SessionLock() @Mutation('order') async order(@Session() session: Session<any>) {
    const orders = session.get('orders', 0);
    await new Promise(setImmediate);
    session.set('orders', orders + 1);
    return orders;
  }
}

/** Below a path that the playground's own routes do not take. */
const graphql = () =>
  GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, path: '/api/graphql', typeDefs });

describe.each(adapters)('Sessions in GraphQL resolvers ($adapter)', ({ make }) => {
  let ground: Playground;

  beforeEach(async () => {
    barrier = new Barrier();
    ground = await playground({
      adapter: make(),
      store: memoryStore(),
      serve: { imports: [graphql()], providers: [ShopResolver] },
    });
  });
  afterEach(() => ground.close());

  const ask = (browser: Browser, query: string, headers: Record<string, string> = {}) =>
    browser.post('/api/graphql', {
      body: JSON.stringify({ query }),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const answerTo = async (browser: Browser, query: string) => (await ask(browser, query)).json();
  const dataOf = async (browser: Browser) => JSON.parse((await answerTo(browser, '{ read }')).data.read);

  it('are given by the decorator, with key and pipes, and by the service', async () => {
    const browser = ground.browser();
    expect((await answerTo(browser, '{ page }')).data).toEqual({ page: 1 });
    expect(browser.cookie()).toBeUndefined();
    await ask(browser, 'mutation { set(key: "page", value: "3") }');
    expect((await answerTo(browser, '{ read page }')).data).toEqual({ read: '{"page":"3"}', page: 3 });
  });

  it('cost nothing where no resolver asks, and one load for all that do', async () => {
    const browser = await ground.visitor();
    await ask(browser, '{ __typename }');
    expect(ground.watched.take()).toEqual([]);
    await ask(browser, '{ one: page two: page read }');
    expect(ground.watched.take()).toEqual(['load']);
  });

  it('are committed by each mutation of a request before its next one begins', async () => {
    const browser = await ground.visitor();
    const answer = await answerTo(
      browser,
      'mutation { set(key: "a", value: "1") fail(key: "b") two: set(key: "c", value: "3") }',
    );
    expect(answer.data).toEqual({ set: true, fail: null, two: true });
    expect(answer.errors).toHaveLength(1);
    expect(await dataOf(browser)).toEqual({ name: 'Ada', a: '1', c: '3' });
    expect(ground.watched.take()).toEqual(['load', 'commit', 'commit', 'load']);
  });

  it('keep what a mutation has changed that refuses with less than 500, as over plain HTTP', async () => {
    const browser = await ground.visitor();
    await ask(browser, 'mutation { fail(key: "attempts", status: 404) }');
    expect(await dataOf(browser)).toEqual({ name: 'Ada', attempts: 'failed' });
  });

  it('are not those of a user whose login failed later on', async () => {
    const browser = await ground.visitor();
    const before = browser.cookie();
    const { setCookies } = await ask(browser, 'mutation { failLogin }');
    expect([setCookies, browser.cookie()]).toEqual([[], before]);
    expect((await answerTo(browser, '{ private }')).data).toEqual({ private: null });
  });

  it('are committed by the queries of a request when all of them are done, not half-way', async () => {
    const browser = await ground.visitor();
    meeting = new Meeting(2);
    const answer = ask(browser, '{ slow quick(key: "q") }');
    await barrier.reached;
    // Whatever the quick one would bring about has happened by then.
    await new Promise(setImmediate);
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada' });
    barrier.open();
    await answer;
    expect(await ground.dataOf(idOf(browser))).toEqual({ name: 'Ada', q: true, whole: true });
    expect(ground.watched.take()).toEqual(['load', 'commit']);
  });

  it('log a user in and out, under new cookies, and guards know of it', async () => {
    const browser = await ground.visitor();
    const anonymous = browser.cookie();
    const refused = await answerTo(browser, '{ private }');
    expect(refused.errors[0].extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      originalError: { errorCode: 'LOGIN_REQUIRED' },
    });
    await ask(browser, 'mutation { login }');
    expect(browser.cookie()).not.toBe(anonymous);
    expect((await answerTo(browser, '{ private }')).data).toEqual({ private: 'yours' });
    await ask(browser, 'mutation { logout }');
    expect(browser.cookie()).toBeUndefined();
  });

  it('have a mutation whose commit fails answer with an error', async () => {
    const browser = await ground.visitor();
    ground.watched.before = (verb) => {
      if (verb === 'commit') throw new Error('away');
    };
    const answer = await answerTo(browser, 'mutation { set(key: "a", value: "1") }');
    expect(answer.data).toEqual({ set: null });
    expect(answer.errors[0].message).toBe('The session store is unavailable.');
    expect(ground.watched.take()).toEqual(['load', 'commit']);
  });

  it('have queries whose commit fails answer with a 503, without a cookie', async () => {
    const browser = await ground.visitor();
    ground.watched.before = (verb) => {
      if (verb === 'commit') throw new Error('away');
    };
    meeting = new Meeting(1);
    const { status, setCookies, text } = await ask(browser, '{ quick(key: "q") }');
    expect([status, setCookies]).toEqual([503, []]);
    expect(text).not.toContain('away');
  });

  it('are locked by @SessionLock() for all resolvers of a request, and against other requests', async () => {
    const browser = await ground.visitor();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => answerTo(browser.fork(), 'mutation { one: order two: order }')),
    );
    const seen = answers.flatMap(({ data }) => [data.one, data.two]);
    expect(seen.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await dataOf(browser)).toEqual({ name: 'Ada', orders: 8 });
  });

  it('are let go after the response, so that the next request does not wait', async () => {
    const browser = await ground.visitor();
    for (const orders of [0, 1]) {
      expect((await answerTo(browser, 'mutation { order }')).data).toEqual({ order: orders });
    }
  });
});

describe.each(adapters)('CSRF protection of GraphQL resolvers ($adapter)', ({ make }) => {
  it('refuses what another site has sent, and lets the own one and clients without cookies pass', async () => {
    const ground = await playground({
      adapter: make(),
      store: memoryStore(),
      serve: { imports: [graphql(), CsrfModule.forRoot()], providers: [ShopResolver] },
    });
    const browser = ground.browser();
    const set = async (headers: Record<string, string> = {}) =>
      (
        await browser.post('/api/graphql', {
          body: JSON.stringify({ query: 'mutation { set(key: "a", value: "1") }' }),
          headers: { 'content-type': 'application/json', ...headers },
        })
      ).json();
    expect((await set()).data).toEqual({ set: true });
    expect((await set({ origin: ground.origin })).data).toEqual({ set: true });
    const { data, errors } = await set({ 'sec-fetch-site': 'cross-site' });
    expect(data).toEqual({ set: null });
    expect(errors[0].extensions).toMatchObject({ originalError: { errorCode: 'CSRF_CROSS_SITE' } });
    expect((await set()).errors[0].extensions.originalError.errorCode).toBe('CSRF_TOKEN_MISSING');
    await ground.close();
  });
});
