import { compose, storeDefinition, type Definition } from '../session-store.composition.js';
import type { SessionStoreDefinition, SessionStoreOption } from '../session-store.definition.js';
import type { SessionStore } from '../session-store.js';
import { CookieEnvelope, type CookieMode } from './cookie.envelope.js';
import { cookieKeys } from './cookie.keys.js';
import { CookieStore } from './cookie.store.js';

/**
 * Options of {@link cookieStore}.
 *
 * @publicApi
 */
export interface CookieStoreOptions {
  /**
   * Keys of 32 bytes in base64url. The first seals, all open. Put a new one at the end, to the front when all processes
   * know it, and take the old one out when every session that it has sealed has expired.
   */
  readonly keys: readonly string[];
  /** `encrypted`: clients cannot read their data; `signed`: they can. Neither can change it. Default: `encrypted`. */
  readonly mode?: CookieMode;
  /** A store that knows which sessions are alive, for a logout that is final. Default: none. */
  readonly revocation?: SessionStoreOption;
}

const OPTIONS: ReadonlySet<string> = new Set(['keys', 'mode', 'revocation']);

/**
 * Keeps each session with its client, in the cookie: about 2.6 KB of data, no database, no lookup.
 *
 * Without `revocation` a logout clears the cookie and no more: whoever has a copy goes on using it until it expires,
 * and an older copy brings older data back. So no balances, no lockouts, nothing that must happen once. Of two
 * parallel requests that write, the response that comes last wins. The boot log says so.
 *
 * With `revocation`, any server store, every use asks it whether the session is alive, at the price of one load, and a
 * write that another one has overtaken is refused with a 503 instead of being lost.
 *
 * Throws a `TypeError` for wrong options.
 *
 * @publicApi
 */
export function cookieStore(options: CookieStoreOptions): SessionStoreDefinition {
  const { keys, mode = 'encrypted', revocation } = options ?? {};
  const unknown = Object.keys(options ?? {}).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) {
    throw new TypeError(`cookieStore: unknown option ${unknown.join(', ')}.`);
  }
  if (mode !== 'encrypted' && mode !== 'signed') {
    throw new TypeError('cookieStore: `mode` must be "encrypted" or "signed".');
  }
  const envelope = new CookieEnvelope(cookieKeys(keys), mode);
  if (revocation === undefined) {
    return { useFactory: () => new CookieStore(envelope) };
  }
  const definition = storeDefinition(revocation);
  if (!definition) {
    throw new TypeError(
      'cookieStore: `revocation` must be a definition such as typeOrmStore(), a SessionStore class or instance, or a ' +
        'provider form (useClass, useFactory, useExisting, useValue).',
    );
  }
  const sealed: Definition<CookieEnvelope> = { useValue: envelope };
  return compose(
    definition as Definition<SessionStore>,
    sealed,
    (store, seal) => new CookieStore(seal, store),
  );
}
