import sjson from 'secure-json-parse';
import type { SessionSerializer } from './session-serializer.interface.js';
import { refuseDepth } from './data-depth.js';
import { SessionSerializationError } from './session.errors.js';

/**
 * The default: JSON. Besides what JSON knows it takes every object with a `toJSON` (a `Date` comes back as a string).
 * Everything that `JSON.stringify` would drop, empty or turn into `null` without a word is refused: functions, symbols,
 * bigints, `NaN`, infinities, `Map`, `Set`, binary data and cycles.
 *
 * Reading drops `__proto__` and `constructor.prototype`, so that stored data cannot pollute a prototype.
 *
 * @publicApi
 */
export const jsonSerializer: SessionSerializer = {
  serialize(data) {
    try {
      return JSON.stringify(data);
    } catch (error) {
      // The engine says that there is a cycle or a bigint, not where.
      for (const [key, value] of Object.entries(data)) {
        refuseLoss(value, key, new Set());
      }
      throw error;
    }
  },

  deserialize(text) {
    const data: unknown = sjson.parse(text, { protoAction: 'remove', constructorAction: 'remove' });
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      throw new SyntaxError('Session data must be a JSON object.');
    }
    return data as Record<string, unknown>;
  },

  check: (value, key) => refuseLoss(value, key, new Set()),
};

function refuseLoss(value: unknown, path: string, parents: Set<object>): void {
  const reason = lossOf(value, parents);
  if (reason) {
    throw new SessionSerializationError(path, reason);
  }
  if (typeof value !== 'object' || value === null || hasToJson(value)) {
    return;
  }
  parents.add(value);
  refuseDepth(path, parents);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (value[index] === undefined) {
        throw new SessionSerializationError(`${path}[${index}]`, 'undefined in an array would become null');
      }
      refuseLoss(value[index], `${path}[${index}]`, parents);
    }
  } else {
    for (const [key, member] of Object.entries(value)) {
      refuseLoss(member, `${path}.${key}`, parents);
    }
  }
  parents.delete(value);
}

function lossOf(value: unknown, parents: ReadonlySet<object>): string | undefined {
  switch (typeof value) {
    case 'function':
    case 'symbol':
    case 'bigint':
      return `JSON has no ${typeof value}`;
    case 'number':
      return Number.isFinite(value) ? undefined : `JSON has no ${value}`;
    case 'object':
      if (value !== null && parents.has(value)) {
        return 'it contains itself';
      }
      if (value instanceof Date && Number.isNaN(value.getTime())) {
        return 'JSON has no invalid Date';
      }
      return value instanceof Map ||
        value instanceof Set ||
        value instanceof WeakMap ||
        value instanceof WeakSet
        ? `JSON would store a ${value.constructor.name} as {}`
        : value instanceof Promise
          ? 'it is a promise; await it first'
          : value instanceof Error ||
              value instanceof RegExp ||
              value instanceof ArrayBuffer ||
              ArrayBuffer.isView(value)
            ? `JSON cannot give back a ${value.constructor.name}`
            : undefined;
    default:
      return undefined;
  }
}

function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
