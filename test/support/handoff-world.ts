import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  MemoryStore,
  RequireRecentLogin,
  Session,
  SessionService,
  type SessionEvent,
  type SessionModuleOptions,
} from 'nest-sessions';
import {
  HandoffModule,
  type HandoffAudience,
  type HandoffConsumerOptions,
  type HandoffIssuerOptions,
} from 'nest-sessions/handoff';
import { Browser, type Visit } from './browser.js';
import { Clock } from './clock.js';
import { serve, type Served } from './serve.js';
import { watch, type WatchedStore } from './watched.store.js';

export type HandoffMode = HandoffConsumerOptions['redeem'];

/** An application with users, as small as it gets. */
@Controller()
export class SiteController {
  constructor(private readonly sessions: SessionService) {}

  @Get('me')
  me(@Session() session: Session) {
    const { id, userId, authenticatedAt } = session;
    return {
      id,
      userId: userId ?? null,
      authenticatedAt: authenticatedAt?.getTime() ?? null,
      data: session.toJSON(),
    };
  }

  @Get('delicate')
  @RequireRecentLogin('10m')
  delicate() {
    return { page: 'delicate' };
  }

  @Get('login')
  loginPage(@Query('returnTo') returnTo: string) {
    return { page: 'login', returnTo };
  }

  @Post('login')
  @HttpCode(200)
  login(@Query('user') user: string) {
    return this.sessions.login(user, { methods: ['pwd', 'otp'] });
  }

  @Post('set')
  @HttpCode(200)
  set(@Session() session: Session, @Query() values: Record<string, string>) {
    session.update(values);
  }

  @Post('regenerate')
  @HttpCode(200)
  async regenerate(@Session() session: Session) {
    await session.regenerate();
  }

  @Post('logout')
  @HttpCode(200)
  logout(@Query('everywhere') everywhere?: string) {
    return this.sessions.logout({ everywhere: everywhere !== undefined });
  }
}

export interface Site extends Served {
  readonly store: MemoryStore;
  /** The same in front of which this site alone can be counted and held. */
  readonly watched: WatchedStore;
  readonly events: SessionEvent[];
}

type ConsumerName = 'shop' | 'garden';
type SiteName = 'accounts' | ConsumerName;

/** An issuer and applications that take logins over, each on a host of its own, and people who walk between them. */
export interface HandoffWorld {
  readonly clock: Clock;
  /** What each consumer has as its `key`. */
  readonly keys: Readonly<Record<ConsumerName, string>>;
  readonly accounts: Site;
  readonly shop: Site;
  readonly garden: Site;
  /** A browser that has been nowhere. */
  visitor(): Walker;
  /** A browser whose user is logged in at the issuer. */
  user(name?: string): Promise<Walker>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly make: () => AbstractHttpAdapter;
  readonly mode: HandoffMode;
  /** How the garden redeems, where that is not as the shop does. */
  readonly gardenMode?: HandoffMode;
  /** By how many seconds the clock of a site is wrong. */
  readonly skew?: Partial<Record<SiteName, number>>;
  readonly issuer?: Partial<Omit<HandoffIssuerOptions, 'audiences'>>;
  readonly audience?: Partial<HandoffAudience>;
  readonly consumer?: Partial<HandoffConsumerOptions>;
  readonly session?: SessionModuleOptions;
  readonly prefix?: string;
}

/** A port of its own for every address of the loopback network: worlds do not meet. */
const PORT = 3000;
const newHost = () => `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(1, 255)}`;
export const newKey = () => randomBytes(32).toString('base64url');

export async function handoffWorld(options: WorldOptions): Promise<HandoffWorld> {
  const { make, mode, gardenMode = mode, skew = {}, prefix = '' } = options;
  const modes = { shop: mode, garden: gardenMode };
  const clock = new Clock();
  const hosts = { accounts: newHost(), shop: newHost(), garden: newHost() };
  const baseOf = (host: string) => `http://${host}:${PORT}${prefix && `/${prefix}`}`;
  const issuer = baseOf(hosts.accounts);
  const keys = { shop: newKey(), garden: newKey() };
  const shared = new MemoryStore(10_000);
  const site = async (
    name: SiteName,
    store: MemoryStore,
    handoff: ReturnType<typeof HandoffModule.forIssuer>,
  ) => {
    const host = hosts[name];
    const watched = watch(store);
    const now = () => clock.now() + (skew[name] ?? 0) * 1000;
    const served = await serve({
      adapter: make(),
      session: { now, audience: name, cleanup: false, ...options.session, store: watched.store },
      controllers: [SiteController],
      imports: [handoff],
      at: { host, port: PORT },
      prepare: (app) => void (prefix && app.setGlobalPrefix(prefix)),
    });
    const events: SessionEvent[] = [];
    served.sessions.events.subscribe((event) => events.push(event));
    return { ...served, origin: baseOf(host), store, watched, events };
  };
  const audience = (name: ConsumerName): HandoffAudience => ({
    callback: `${baseOf(hosts[name])}/session/callback`,
    ...(modes[name] === 'http' && { key: keys[name] }),
    ...options.audience,
  });
  const consumer = (name: ConsumerName) =>
    site(
      name,
      modes[name] === 'store' ? shared : new MemoryStore(10_000),
      HandoffModule.forConsumer({
        issuer,
        audience: name,
        key: keys[name],
        redeem: modes[name],
        ...options.consumer,
      }),
    );
  const audiences = { shop: audience('shop'), garden: audience('garden') };
  const accounts = await site(
    'accounts',
    shared,
    HandoffModule.forIssuer({ issuer, audiences, ...options.issuer }),
  );
  const [shop, garden] = await Promise.all([consumer('shop'), consumer('garden')]);
  return {
    clock,
    keys,
    accounts,
    shop,
    garden,
    visitor: () => new Walker(),
    user: async (name = 'ann') => {
      const walker = new Walker();
      await walker.post(`${accounts.origin}/login?user=${name}`);
      return walker;
    },
    close: async () => {
      await Promise.all([accounts.close(), shop.close(), garden.close()]);
    },
  };
}

/** What a browser says of itself when its user goes somewhere. */
const NAVIGATION = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

/** A browser that goes from site to site. */
export class Walker {
  /** Where it has been sent to, since the last walk began. */
  readonly trail: string[] = [];

  constructor(readonly browser = new Browser('http://nowhere.invalid')) {}

  /** One step, wherever it is sent on to. By hand, since `fetch()` always says that it is no navigation. */
  async step(url: string, headers: Record<string, string> = NAVIGATION): Promise<Visit> {
    const cookie = this.browser.jar.getCookieStringSync(url);
    const sent = request(url, { agent: false, headers: { ...(cookie && { cookie }), ...headers } }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const body = await text(response);
    const setCookies = response.headers['set-cookie'] ?? [];
    for (const set of setCookies) {
      this.browser.jar.setCookieSync(set, url, { ignoreError: true });
    }
    return {
      status: response.statusCode!,
      headers: new Headers(
        Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
      ),
      text: body,
      setCookies,
      json: () => JSON.parse(body),
    };
  }

  post(url: string): Promise<Visit> {
    return this.browser.post(url);
  }

  /** Goes where it is sent until there is a page, or the place that `until` knows. */
  async walk(url: string, until: (url: string) => boolean = () => false): Promise<Visit> {
    this.trail.length = 0;
    for (let next = url, hops = 0; ; hops++) {
      if (hops > 20) throw new Error(`Sent to and fro: ${this.trail.slice(0, 6).join(' ')}`);
      const visit = await this.step(next);
      const location = visit.headers.get('location');
      if (location === null) return visit;
      next = new URL(location, next).href;
      this.trail.push(next);
      if (until(next)) return visit;
    }
  }

  /** Takes the login over to a site. The page that it ends on. */
  handOff(site: Pick<Site, 'origin'>, returnTo = '/me', query = ''): Promise<Visit> {
    return this.walk(`${site.origin}/session/start?returnTo=${encodeURIComponent(returnTo)}${query}`);
  }

  /** Goes as far as the callback, and gives its address without visiting it. */
  async ticketFor(site: Pick<Site, 'origin'>, returnTo = '/me'): Promise<string> {
    const isCallback = (url: string) => url.startsWith(`${site.origin}/session/callback`);
    await this.walk(`${site.origin}/session/start?returnTo=${encodeURIComponent(returnTo)}`, isCallback);
    return this.trail.at(-1)!;
  }

  /** Who the browser is to a site. */
  async me(
    site: Pick<Site, 'origin'>,
  ): Promise<{ id?: string; userId: string | null; data: Record<string, unknown> } & Record<string, any>> {
    return (await this.step(`${site.origin}/me`)).json();
  }

  fork(): Walker {
    return new Walker(this.browser.fork());
  }
}
