import type { ExpressLikeScope } from './express-like.scope.js';

/** The data that one `req.session` object shows: the session's, and under it what the object held before it was left. */
export class ExpressLikeData {
  #past = new Map<string, unknown>();

  constructor(private readonly scope: ExpressLikeScope) {}

  has(key: string): boolean {
    return this.#live?.has(key) || this.#past.has(key);
  }

  get(key: string): unknown {
    return this.#live?.has(key) ? this.#live.get(key) : this.#past.get(key);
  }

  set(key: string, value: unknown): void {
    this.#past.delete(key);
    (this.#live ?? this.#past).set(key, value);
  }

  delete(key: string): void {
    this.#past.delete(key);
    this.#live?.delete(key);
  }

  keys(): string[] {
    return [...new Set([...(this.#live?.keys() ?? []), ...this.#past.keys()])];
  }

  toJSON(): Record<string, unknown> {
    return Object.fromEntries(this.keys().map((key) => [key, this.get(key)]));
  }

  /** From here on the object shows this, unless the session has a value of its own. */
  keep(data: Record<string, unknown>): void {
    this.#past = new Map(Object.entries(data));
  }

  get #live() {
    return this.scope.isEnded ? undefined : this.scope.session;
  }
}
