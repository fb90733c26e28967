import type { SessionStoreDefinition } from '../session-store.definition.js';
import type { ExpressSessionStoreLike } from './express-session.like.js';
import { ExpressSessionStore, LONGEST_TIMER } from './express-session.store.js';
import type { ExpressSessionStoreOptions } from './express-session.store.js';

const OPTIONS: ReadonlySet<string> = new Set(['sweep', 'timeout']);

/**
 * Keeps sessions in any express-session store (connect-redis, connect-pg-simple, session-file-store, …):
 *
 * ```ts
 * expressSessionStore(new RedisStore({ client }))
 * ```
 *
 * These stores can only read, overwrite and delete. What a session needs beyond that is done in this process: writers
 * of one session wait for each other and read it again, and a session that was destroyed stays dead for ten minutes
 * against whatever brings it back. **With several processes** on one store two of them may overwrite each other's
 * changes, a write on its way in one may bring back a session that another destroys at that moment, and two creations
 * of one id are not told apart. A store made for this package has none of these limits.
 *
 * The sessions of a user are not listed. A write reads first: two operations, three for `regenerate()` and one more
 * that deletes. The store's own time to live is kept a minute behind ours; give it no shorter `ttl` of its own. Its
 * `touch` is not used, so `disableTouch` and the like have no effect. What is written are records of this package under
 * their own ids: sessions of express-session in the same store stay as they are, and mean nothing here.
 *
 * A session that cannot be read or found is "not found", also where the store reports that as an error. For
 * session-file-store set `retries: 0`, else every unknown id takes a quarter of a second; it reports a folder that is
 * missing and a session that is missing alike.
 *
 * Throws a `TypeError` for what is no such store, and for wrong or unknown options.
 *
 * @publicApi
 */
export function expressSessionStore(
  store: ExpressSessionStoreLike,
  options: ExpressSessionStoreOptions = {},
): SessionStoreDefinition {
  const verbs = ['get', 'set', 'destroy'] as const;
  const missing = verbs.filter((verb) => typeof store?.[verb] !== 'function');
  if (missing.length > 0) {
    throw new TypeError(
      `expressSessionStore: expected an express-session store, an object with get, set and destroy, such as ` +
        `new RedisStore({ client }); this one has no ${missing.join(', ')}.`,
    );
  }
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(`expressSessionStore: unknown option ${unknown.join(', ')}.`);
  if (options.sweep && !store.all) {
    throw new TypeError('expressSessionStore: `sweep` needs a store with `all`, and this one has none.');
  }
  const { timeout } = options;
  if (timeout !== undefined && !(timeout > 0 && timeout <= LONGEST_TIMER)) {
    throw new TypeError(
      `expressSessionStore: \`timeout\` must be a number of milliseconds from 1 to ${LONGEST_TIMER}, got ${timeout}.`,
    );
  }
  return { useFactory: () => new ExpressSessionStore(store, options) };
}
