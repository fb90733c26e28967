import { assignOrDelete, ownValue, RESERVED_PREFIX } from './session-changes.js';
import type { SessionSerializer } from './session-serializer.interface.js';

/** The data of a session key by key: what users see, and beside it what the framework keeps under reserved keys. */
export class KeyedData {
  readonly ofUser: Record<string, unknown> = {};
  readonly #reserved: Record<string, unknown> = {};

  /** Both together, for the serializer. */
  get all(): Record<string, unknown> {
    return { ...this.ofUser, ...this.#reserved };
  }

  get(key: string): unknown {
    return ownValue(this.#home(key), key);
  }

  /** `undefined` deletes. */
  put(key: string, value: unknown): void {
    assignOrDelete(this.#home(key), key, value);
  }

  fill(values: Record<string, unknown>): void {
    for (const key of Object.keys(values)) {
      this.#home(key)[key] = values[key];
    }
  }

  remove(isRemoved: (key: string) => boolean): void {
    for (const home of [this.ofUser, this.#reserved]) {
      for (const key of Object.keys(home).filter(isRemoved)) {
        delete home[key];
      }
    }
  }

  #home(key: string): Record<string, unknown> {
    return key.startsWith(RESERVED_PREFIX) ? this.#reserved : this.ofUser;
  }
}

/** The serialised `{ [key]: value }`, by which values are compared; `undefined` where there is none. */
export function textOf(serializer: SessionSerializer, key: string, value: unknown): string | undefined {
  return value === undefined ? undefined : serializer.serialize({ [key]: value });
}
