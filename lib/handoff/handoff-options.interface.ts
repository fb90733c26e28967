import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import type { Duration } from '../core/duration.js';

/**
 * An application that takes logins over from this one.
 *
 * @publicApi
 */
export interface HandoffAudience {
  /** Where the browser goes back to, to the letter: scheme, host, port and path. It needs to be HTTPS in production. */
  callback: string;
  /**
   * The secret that the application shares with this one: 32 random bytes in base64url. Give it where the application
   * keeps its sessions in a store of its own; it then redeems tickets, and hears of logouts, by signed requests. Default:
   * none, the application is on the same store.
   */
  key?: string;
  /** Where to tell an application with a `key` that a login has ended. Default: `ended` beside `callback`. */
  logoutUrl?: string;
  /**
   * Whether users are asked before the application learns who they are (OWASP ASVS 7.6.2). Default: `false`, for
   * applications of one owner.
   */
  confirm?: boolean;
}

/**
 * The options of the application where users log in.
 *
 * @publicApi
 */
export interface HandoffIssuerOptions {
  /** How this application is reached by browsers: an origin, with the path before `/session/` where there is one. */
  issuer: string;
  /** The applications that take logins over from here, by the name that they call themselves (`audience`). */
  audiences: Readonly<Record<string, HandoffAudience>>;
  /**
   * The page to log in on. It is given `returnTo`, the path to go to afterwards; {@link ownPath} tells whether that is
   * one of this application. Default: `'/login'`.
   */
  loginPath?: string;
}

/**
 * Who has logged in at the issuer.
 *
 * @publicApi
 */
export interface HandoffLogin {
  /** The user's id at the issuer. */
  readonly subject: string;
  readonly issuer: string;
  /** When the user has proved who they are. */
  readonly authenticatedAt: Date;
  /** How they have, such as `['pwd', 'otp']`. */
  readonly methods: readonly string[];
}

/**
 * The options of an application that takes logins over from another one.
 *
 * @publicApi
 */
export interface HandoffConsumerOptions {
  /** The `issuer` of the application where users log in, to the letter. */
  issuer: string;
  /** What this application is called there: its name among the `audiences`. */
  audience: string;
  /** Where the browser comes back to. The routes `start` and `ended` are beside it. Default: `'/session/callback'`. */
  callbackPath?: string;
  /**
   * 32 random bytes in base64url. It seals what a browser keeps while it is at the issuer; with `redeem: 'http'` it is
   * also the secret shared with the issuer, the `key` of this audience.
   */
  key: string;
  /** `'store'`: the issuer keeps its sessions in the same store. `'http'`: it does not, and is asked by signed requests. */
  redeem: 'store' | 'http';
  /**
   * Where this server reaches the issuer, when that is not where browsers do: an origin, with the path before `/session/`.
   * Default: `issuer`.
   */
  backChannel?: string;
  /**
   * The id of the user in this application; `undefined` refuses the login. Default: the issuer's `subject`.
   */
  user?: (login: HandoffLogin) => string | undefined | Promise<string | undefined>;
  /** What of a visitor's session is kept by a login, by its keys. Default: nothing. */
  keep?: readonly string[];
  /**
   * With `redeem: 'http'`, how long a login may outlive its end at the issuer when the message of that was lost. From half
   * of it on, the issuer is asked with the next use of the session. Default: `'1h'`, which is also the longest.
   */
  recheckEvery?: Duration;
}

/**
 * Makes the options of a role where it needs other providers for that.
 *
 * @publicApi
 */
export interface HandoffOptionsFactory<Options extends HandoffIssuerOptions | HandoffConsumerOptions> {
  createHandoffOptions(): Options | Promise<Options>;
}

/**
 * Options from a factory: one of `useFactory`, `useClass` and `useExisting`.
 *
 * @publicApi
 */
export interface HandoffAsyncOptions<
  Options extends HandoffIssuerOptions | HandoffConsumerOptions,
> extends Pick<ModuleMetadata, 'imports'> {
  useFactory?: (...args: any[]) => Options | Promise<Options>;
  inject?: FactoryProvider['inject'];
  useClass?: Type<HandoffOptionsFactory<Options>>;
  useExisting?: Type<HandoffOptionsFactory<Options>>;
}
