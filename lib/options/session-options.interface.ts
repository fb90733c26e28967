import type { ModuleMetadata, Type, FactoryProvider } from '@nestjs/common';
import type { Duration } from '../core/duration.js';
import type { SessionSerializer } from '../core/session-serializer.interface.js';
import type { SessionDataSchema } from './session-data-schema.js';
import type { SessionStoreOption } from '../stores/session-store.definition.js';

/**
 * The cookie that carries the token. Contradictions fail at boot.
 *
 * @publicApi
 */
export interface SessionCookieOptions {
  /**
   * Default: `__Host-sessionid` when `secure` is `true`, `path` is `/` and there is no `domain`; `__Secure-sessionid`
   * when `secure` is `true` otherwise; else `sessionid`. Django: `SESSION_COOKIE_NAME`.
   */
  name?: string;
  /**
   * Whether browsers send the cookie over TLS only. `'auto'` decides by the request, which behind a proxy takes the
   * framework's trust-proxy setting. Default: `true` when `NODE_ENV` is `production`, else `false`.
   * Django: `SESSION_COOKIE_SECURE`.
   */
  secure?: boolean | 'auto';
  /** Whether scripts are kept from reading the cookie. Default: `true`. Django: `SESSION_COOKIE_HTTPONLY`. */
  httpOnly?: boolean;
  /** Default: `'lax'`. `'none'` needs `secure: true`. Django: `SESSION_COOKIE_SAMESITE`. */
  sameSite?: 'lax' | 'strict' | 'none';
  /** Default: `'/'`. Django: `SESSION_COOKIE_PATH`. */
  path?: string;
  /**
   * Shares the cookie with every host under this domain, such as `'example.com'`; each of them can then overwrite it. A
   * public suffix (`'co.uk'`, `'github.io'`), a single label (`'localhost'`) and an IP address fail at boot. Default:
   * none, so that the cookie belongs to this host only. Django: `SESSION_COOKIE_DOMAIN`.
   */
  domain?: string;
  /** A jar of its own per top-level site (CHIPS). Needs `secure: true`. Default: `false`. */
  partitioned?: boolean;
  /** Which cookies a browser drops last. Default: none. */
  priority?: 'low' | 'medium' | 'high';
}

/**
 * How expired sessions are cleared away.
 *
 * @publicApi
 */
export interface SessionCleanupOptions {
  /** Default: `'1h'`. At most 14 days. */
  every?: Duration;
  /** Default: 1000. */
  batchSize?: number;
}

/**
 * How data is encrypted at rest. What a store copies to columns of its own is not.
 *
 * @publicApi
 */
export interface SessionEncryptionOptions {
  /**
   * Keys of 32 bytes in base64url. The first encrypts, all decrypt. Put a new one at the end, to the front when all
   * processes know it, and take the old one out when all that it has encrypted has expired. A session whose key is gone is
   * no session.
   */
  keys: readonly string[];
}

/**
 * How many sessions a user may have at once, and what a login beyond that does: it ends the session whose login is
 * longest ago (`'evict-oldest'`), or it is refused with a `TooManySessionsError` (`'refuse'`).
 *
 * @publicApi
 */
export interface SessionLimitOptions {
  limit: number;
  exceeded: 'evict-oldest' | 'refuse';
}

/**
 * How WebSocket gateways with `@WithSession()` treat their sockets.
 *
 * @publicApi
 */
export interface SessionSocketOptions {
  /**
   * Other origins whose pages may open sockets here: scheme, host and port as browsers send them, such as
   * `https://shop.example.com`. Default: none. The own one, which is that of the header `Host`, always may; where
   * `cookie.secure` is `true`, over TLS only.
   */
  trustedOrigins?: readonly string[];
  /**
   * How long a socket may outlive a session that has expired, or that another process has ended. Default: `'30s'`.
   * Costs a load per session and interval. 14 days at most.
   */
  revalidateEvery?: Duration;
}

/**
 * The options of `SessionModule`. Numbers are seconds, strings durations such as `'30m'` or `'14d'`.
 *
 * @publicApi
 */
export interface SessionModuleOptions {
  /** Where sessions are kept. Default: `typeOrmStore()`. Django: `SESSION_ENGINE`. */
  store?: SessionStoreOption;
  cookie?: SessionCookieOptions;
  /** Life since the last activity, enforced by the server. Default: `'14d'`. Django: `SESSION_COOKIE_AGE`. */
  idleTimeout?: Duration;
  /** Life since login or creation, never extended; `false`: no limit. Default: `'30d'`. */
  absoluteTimeout?: Duration | false;
  /**
   * How far the expiry may lag behind activity before it is moved, in record and cookie together. `0`: with every use;
   * `false`: only a write moves it, as in Django. Default: `'1m'`. Where half of a session's idle time is shorter, that
   * counts.
   */
  touchInterval?: Duration | false;
  /**
   * Whether the cookie ends with the browser session. The record still lives `idleTimeout`. Default: `false`.
   * Django: `SESSION_EXPIRE_AT_BROWSER_CLOSE`.
   */
  expireAtBrowserClose?: boolean;
  /** Renews the secret of a session at this age. Default: `false`. */
  renewEvery?: Duration | false;
  /** How long a renewed secret's predecessor is still accepted. Default: `'10s'`. */
  renewGrace?: Duration;
  /** How the token travels. Default: `'cookie'`. */
  transport?: SessionTransportName | readonly SessionTransportName[];
  /**
   * The header of the transport `'header'`, both ways: clients send the token in it, and take a new one, or an empty value
   * where theirs is of no use any more, from that of the response. `'Authorization'` has the form `Bearer <token>`
   * (RFC 6750, section 2.1), and whatever else is in it is left alone. Pages of other origins see it when the application
   * names it in `Access-Control-Expose-Headers`. Default: `'X-Session-Token'`.
   */
  header?: string;
  /** Encrypts the data that the store keeps, with AES-256-GCM. Default: none. */
  encryption?: SessionEncryptionOptions;
  /** Turns data into text and back. Default: JSON. Django: `SESSION_SERIALIZER`. */
  serializer?: SessionSerializer;
  /**
   * What the data of a session has to be: a class with decorators of class-validator (needs the package
   * class-transformer), or a [Standard Schema](https://standardschema.dev) such as one of Zod, Valibot or ArkType.
   * Default: none, the data may be anything.
   *
   * *Committed* is only what fits, or a `SessionDataError` (422) names what does not. Validated is the whole data as a
   * later request will read it (a `Date` under the JSON serializer is a string), whenever keys of it have changed, and
   * again when the changes are put on top of those of another request. An empty session, and what the framework keeps
   * for itself (flash values, expiry, login), are not. A session fills up over several requests: keys that do not come
   * with the first one have to be optional.
   *
   * Validation never changes the data: defaults, transformations and unknown keys that a schema would strip make no
   * difference to what is stored. It is synchronous; asynchronous rules fail at boot or, at the latest, at commit.
   *
   * *Stored data that no longer fits*, because the rules are younger, never fails a request: the top-level keys that the
   * problems are under are left out when the session is loaded, or all keys when the others do not fit either. There is
   * an event, `invalid-data`; the next commit of a change writes the data without them.
   *
   * The types are the compiler's: `Session<z.infer<typeof schema>>` or `Session<SessionClass>` where it is used, or once
   * for all, by augmenting `SessionData`:
   *
   * ```ts
   * type Inferred = z.infer<typeof schema>;
   *
   * declare module 'nest-sessions' {
   *   interface SessionData extends Inferred {} // or: extends SessionClass
   * }
   * ```
   */
  data?: SessionDataSchema;
  /**
   * Clears expired sessions by itself: `every` so often, jittered, `batchSize` records at a time. `false`: leave it to
   * `SessionService.clearExpired()`. Not for stores that forget by themselves, such as Redis. Default:
   * `{ every: '1h', batchSize: 1000 }`.
   */
  cleanup?: SessionCleanupOptions | false;
  /**
   * How many sessions a user may have at once. Needs a store that can find them. Logins at the same moment never pass
   * the limit together, though `'refuse'` may then refuse both. Default: no limit. OWASP ASVS 7.1.2.
   */
  maxSessionsPerUser?: SessionLimitOptions;
  /**
   * Whether the session is loaded before the handlers and put on the request with the API of express-session:
   * `req.session` and `req.sessionID`, for Passport and middleware of its kind. Costs a load for every request that
   * presents a token. Middleware that wants it is mounted by a module's `configure()`, not by `app.use()`; leave
   * `isGlobal` on, or that of the root module runs before. Default: `false`.
   */
  requestSession?: boolean;
  /** How WebSockets are held to the session they began with. */
  sockets?: SessionSocketOptions;
  /**
   * Which application sessions are for, where several keep theirs in one store: a name of 1 to 255 characters, such as
   * `'shop'`. Sessions are stored with it, and those of any other audience, or of none, are none here: their tokens open
   * nothing (event `unknown-token`), and `SessionService` neither lists nor ends them. Sessions from before it was set are
   * others', too. Clearing away what has expired knows no audience. Default: none, which is an audience of its own.
   */
  audience?: string;
  /** Bytes of serialised data that a session may have. More is an error at commit. Default: 1048576. */
  maxDataSize?: number;
  /** Whether `SessionService` can be injected everywhere without importing the module. Default: `true`. */
  isGlobal?: boolean;
  /** The clock, in milliseconds. Default: `Date.now`. */
  now?: () => number;
}

export type SessionTransportName = 'cookie' | 'header';

/** What an options factory gives: everything that does not decide how the module is built. */
export type SessionRuntimeOptions = Omit<SessionModuleOptions, 'store' | 'isGlobal'>;

/**
 * Makes the options, for `useClass` and `useExisting`.
 *
 * @publicApi
 */
export interface SessionOptionsFactory {
  createSessionOptions(): SessionRuntimeOptions | Promise<SessionRuntimeOptions>;
}

/**
 * What `SessionModule.forRootAsync` takes. The store stands beside the factory, since Nest has to know its providers.
 *
 * @publicApi
 */
export interface SessionModuleAsyncOptions extends Pick<SessionModuleOptions, 'store' | 'isGlobal'> {
  imports?: ModuleMetadata['imports'];
  useFactory?: (...args: any[]) => SessionRuntimeOptions | Promise<SessionRuntimeOptions>;
  inject?: FactoryProvider['inject'];
  useClass?: Type<SessionOptionsFactory>;
  useExisting?: Type<SessionOptionsFactory>;
}
