/**
 * `req.session.cookie`, as express-session has it. Times are **milliseconds** here, as there.
 *
 * @publicApi
 */
export interface ExpressLikeCookie {
  /**
   * How long this session lives if it is used now and then no more; `undefined` when its cookie ends with the browser.
   * Never beyond `absoluteTimeout`.
   */
  get maxAge(): number | undefined;
  /**
   * Gives this session a lifetime of its own, from each activity on; `null`, `undefined` or `false`: until the browser
   * is closed. A `Date` is what `expires` takes.
   * @throws TypeError for what is no number; RangeError for what is not above 0.
   */
  set maxAge(value: number | Date | null | false | undefined);
  /** The same as `maxAge`, but `null` when the cookie ends with the browser. */
  get originalMaxAge(): number | null;
  set originalMaxAge(value: number | null);
  /** When this session ends if it is used now and then no more; `null` when its cookie ends with the browser. */
  get expires(): Date | null;
  /**
   * Has this session end at that moment, whatever happens until then; `null`, `undefined` or `false`: when the browser
   * is closed. @throws TypeError for what is no date; RangeError for a date that has passed.
   */
  set expires(value: Date | null | false | undefined);

  readonly path: string;
  readonly domain: string | undefined;
  readonly httpOnly: boolean;
  /** Whether the cookie is for TLS only; what `'auto'` comes to for this request. */
  readonly secure: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly partitioned: boolean;
  readonly priority: 'low' | 'medium' | 'high' | undefined;

  toJSON(): Record<string, unknown>;
}
