import type { ExpressLikeCookie } from './express-like-cookie.interface.js';

/** Told when it is done, without an error when it went well. */
type Callback = (error: any) => void;

/**
 * `req.session` with the option `requestSession`: the session of the request with the API of express-session. Its other
 * properties are the data; assign, `delete` and mutate at any depth.
 *
 * Callbacks are called later, never at once, exactly once, and find the session of the request. They may be left out:
 * then an error is logged, and the response still waits for the work.
 *
 * Keys of the data that are called like one of the members below are out of reach here; `data` of the other `Session`
 * has them. Setting one is a `TypeError`.
 *
 * @publicApi
 */
export interface ExpressLikeSession {
  [key: string]: any;
  /** The public id, which is not what the cookie holds; empty while nothing is stored. The same as `req.sessionID`. */
  readonly id: string;
  readonly cookie: ExpressLikeCookie;
  /**
   * Ends this session at once and starts an empty one under `req.session`. The old object still shows the old data;
   * what is set on it goes into the new session.
   */
  regenerate(callback?: Callback): this;
  /** Ends this session at once. There is no `req.session` from here on; what is set on the old object is not kept. */
  destroy(callback?: Callback): this;
  /** Drops what is not committed and loads again. `SessionInterruptedError` when there is nothing left to load. */
  reload(callback?: Callback): this;
  /** Commits now. `SessionInterruptedError` when another request has ended the session. An empty one is not stored. */
  save(callback?: Callback): this;
  /** Does nothing: use moves the expiry by itself, see `touchInterval`. */
  touch(): this;
  /** Does nothing, as `touch()`. */
  resetMaxAge(): this;
  /** The data. */
  toJSON(): Record<string, any>;
}
