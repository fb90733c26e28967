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
    const value = data[key];
    if (typeof value === 'function' || typeof value === 'symbol') {
      // The serializer would leave it out, and the text would look as if nothing had changed.
      throw new SessionSerializationError(key, `it is a ${typeof value}`);
    }
  }
}
