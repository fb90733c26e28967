import type { Duration } from './duration.js';
import type { DefaultSessionData } from './session-data.interface.js';

type Key<T> = keyof T & string;

/**
 * The session of the client that a request came from: a dictionary that outlives the request.
 *
 * What a handler changes is committed when the handler is done, before the first byte of the response, unless the
 * status is 500 or above. Requests that change different keys at once never undo each other.
 *
 * @typeParam T the shape of the data, by default the augmented `SessionData`.
 * @publicApi
 */
export interface Session<T extends object = DefaultSessionData> extends Iterable<[Key<T>, T[Key<T>]]> {
  /** The public handle, safe to show and to log; `undefined` while nothing is stored. Not a credential. */
  readonly id: string | undefined;
  /** Whether nothing of this session is stored yet. */
  readonly isNew: boolean;
  /** Whether there is no data. */
  readonly isEmpty: boolean;
  /** Whether there are changes that a commit would write. */
  readonly isModified: boolean;
  /** Who logged in, or `undefined`. */
  readonly userId: string | undefined;
  /** When the session was first stored; now, while it is not. */
  readonly createdAt: Date;
  /** When the user logged in, or `undefined`. */
  readonly authenticatedAt: Date | undefined;
  /** When the session was last seen, to the accuracy of `touchInterval`. */
  readonly lastSeenAt: Date;

  /** The live data: assign, `delete` and mutate at any depth; every change is found. */
  readonly data: Partial<T>;

  /** The value of a key, or `fallback` when there is none. */
  get<K extends Key<T>>(key: K): T[K] | undefined;
  get<K extends Key<T>, F>(key: K, fallback: F): NonNullable<T[K]> | F;
  has(key: Key<T>): boolean;
  /** Sets a key. @throws SessionSerializationError when the value cannot be stored. */
  set<K extends Key<T>>(key: K, value: T[K]): this;
  /** Deletes a key. Whether there was one. */
  delete(key: Key<T>): boolean;
  /** Takes a value out: gives it, or `fallback`, and deletes the key. */
  pop<K extends Key<T>>(key: K): T[K] | undefined;
  pop<K extends Key<T>, F>(key: K, fallback: F): NonNullable<T[K]> | F;
  /** The value of a key; where there is none, `value`, which is then set. Django: `setdefault`. */
  setDefault<K extends Key<T>>(key: K, value: T[K]): NonNullable<T[K]>;
  /** Sets several keys. */
  update(values: Partial<T>): this;
  /**
   * Computes a value from the present one (`undefined` when there is none) and sets it. When another request commits
   * first, `fn` is run again on the value that one has left, so that counters are exact. It must be synchronous, free
   * of side effects, and return the value. Gives the value it came to here.
   */
  update<K extends Key<T>>(key: K, fn: (value: T[K] | undefined) => T[K]): T[K];
  keys(): IterableIterator<Key<T>>;
  values(): IterableIterator<T[Key<T>]>;
  entries(): IterableIterator<[Key<T>, T[Key<T>]]>;
  /** How many keys there are. */
  readonly size: number;
  /** The data. The token is never part of it. */
  toJSON(): Partial<T>;

  /** Drops the data and keeps the session. */
  clear(): void;
  /** Ends the session at once: destroys the record, drops the data, clears the cookie. A later write starts a new one. */
  flush(): Promise<void>;
  /**
   * Gives the session a new id and secret and keeps its data; the old token dies when this request is committed. Do it
   * when what the session may do changes. Stores nothing for a session without data. Django: `cycle_key`.
   */
  regenerate(): Promise<void>;
  /**
   * Commits now. @throws SessionInterruptedError when the session was ended by another request; SessionDataError when
   * the data does not fit the module's option `data`: what was not committed is dropped then.
   */
  save(): Promise<void>;
  /** Drops what is not committed and loads again. */
  reload(): Promise<void>;

  /**
   * How long this session lives: seconds or a duration string, from each activity on; a `Date`, at that moment;
   * `0` or `'browser'`, until the browser is closed (the record still lives `idleTimeout`); `null`, as the module says.
   * Never beyond `absoluteTimeout`. @throws RangeError for anything else.
   */
  setExpiry(value: Duration | Date | 'browser' | null): void;
  /** Seconds until the session ends if it is used now and then no more. */
  getExpiryAge(): number;
  /** When the session ends if it is used now and then no more. */
  getExpiryDate(): Date;
  /** Whether the cookie ends with the browser session. Django: `get_expire_at_browser_close`. */
  readonly expiresAtBrowserClose: boolean;

  /** Leaves a value for the next request that asks for it. */
  flash(key: string, value: unknown): void;
  /** The value that was left, once. */
  flash<V = unknown>(key: string): V | undefined;

  /** Sets a test cookie, to see on a later request whether the client takes cookies. */
  setTestCookie(): void;
  /** Whether the test cookie of an earlier request came back. */
  testCookieWorked(): boolean;
  deleteTestCookie(): void;
}
