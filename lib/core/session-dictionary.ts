import { FLASH_PREFIX, TEST_COOKIE_KEY, type UpdateFn } from './session-changes.js';
import { refuseReservedKey } from './session-keys.js';
import type { SessionValues } from './session-values.js';

/** The dictionary that a session is: everything that needs neither a store nor a clock. */
export abstract class SessionDictionary {
  /** The test cookie has come back only when it was there before this request set one. */
  #testCookie: 'as loaded' | 'set now' = 'as loaded';
  protected readonly content: SessionValues;

  constructor(values: SessionValues) {
    this.content = values;
  }

  get data(): Record<string, any> {
    this.content.expose(this.content.data);
    return this.content.data;
  }

  get size(): number {
    return Object.keys(this.content.data).length;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  get isModified(): boolean {
    return this.content.changes() !== undefined;
  }

  get(key: string, fallback?: unknown): unknown {
    const value = this.content.data[key];
    if (value === undefined || !Object.hasOwn(this.content.data, key)) {
      return fallback;
    }
    this.content.expose(value);
    return value;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.content.data, key);
  }

  set(key: string, value: unknown): this {
    refuseReservedKey(key);
    this.content.set(key, value);
    return this;
  }

  delete(key: string): boolean {
    const existed = this.has(key);
    if (existed) {
      this.content.set(key, undefined);
    }
    return existed;
  }

  pop(key: string, fallback?: unknown): unknown {
    const value = this.get(key, fallback);
    this.delete(key);
    return value;
  }

  setDefault(key: string, value: unknown): unknown {
    if (!this.has(key)) {
      this.set(key, value);
    }
    return this.get(key);
  }

  update(key: string | Record<string, unknown>, fn?: UpdateFn): unknown {
    if (typeof key === 'string') {
      refuseReservedKey(key);
      this.content.update(key, fn!);
      return this.get(key);
    }
    for (const [name, value] of Object.entries(key)) {
      this.set(name, value);
    }
    return this;
  }

  keys(): IterableIterator<string> {
    return Object.keys(this.content.data).values();
  }

  values(): IterableIterator<unknown> {
    return Object.values(this.data).values();
  }

  entries(): IterableIterator<[string, unknown]> {
    return Object.entries(this.data).values();
  }

  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.entries();
  }

  toJSON(): Record<string, unknown> {
    return { ...this.data };
  }

  clear(): void {
    this.content.clear();
  }

  flash(key: string, ...value: [] | [unknown]): unknown {
    const name = FLASH_PREFIX + key;
    if (value.length > 0) {
      this.content.set(name, value[0]);
      return undefined;
    }
    const waiting = this.content.get(name);
    if (waiting !== undefined) {
      this.content.set(name, undefined);
    }
    return waiting;
  }

  setTestCookie(): void {
    this.#testCookie = 'set now';
    this.content.set(TEST_COOKIE_KEY, 'worked');
  }

  testCookieWorked(): boolean {
    return this.#testCookie === 'as loaded' && this.content.get(TEST_COOKIE_KEY) === 'worked';
  }

  deleteTestCookie(): void {
    if (this.content.get(TEST_COOKIE_KEY) !== undefined) {
      this.content.set(TEST_COOKIE_KEY, undefined);
    }
  }
}
