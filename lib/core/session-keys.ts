import { RESERVED_PREFIX } from './session-changes.js';
import { SessionSerializationError } from './session.errors.js';

/** @throws SessionSerializationError for a key that belongs to the framework, or that is no key but a trap. */
export function refuseReservedKey(key: string): void {
  if (key.startsWith(RESERVED_PREFIX)) {
    throw new SessionSerializationError(key, `keys that begin with "${RESERVED_PREFIX}" are reserved`);
  }
  if (key === '__proto__') {
    throw new SessionSerializationError(key, 'it is not a key of its own in JavaScript');
  }
}

/** @throws SessionSerializationError for what assignment to `data` can do and `set()` would have refused. */
export function refuseStrayKeys(data: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(data)) {
    refuseReservedKey(key);
    refuseLostValue(key, data[key]);
  }
}

/** @throws SessionSerializationError for what a serializer would leave out, as if nothing had changed. */
export function refuseLostValue(key: string, value: unknown): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new SessionSerializationError(key, `it is a ${typeof value}`);
  }
}
