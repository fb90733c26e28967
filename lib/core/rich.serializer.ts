import { types } from 'node:util';
import { parse, stringify } from 'devalue';
import { refuseDepth } from './data-depth.js';
import { jsonSerializer } from './json.serializer.js';
import type { SessionSerializer } from './session-serializer.interface.js';
import { SessionSerializationError } from './session.errors.js';

const EMPTY = '{}';

/** How many prototypes an object of the class itself has, by how it calls itself. One more is a subclass. */
const PROTOTYPES: Readonly<Record<string, number>> = {
  Date: 2,
  RegExp: 2,
  Map: 2,
  Set: 2,
  ArrayBuffer: 2,
  DataView: 2,
  URL: 2,
  URLSearchParams: 2,
};
const PROTOTYPES_OF_TYPED_ARRAY = 3;
const PROTOTYPES_OF_BUFFER = 4;

/** Equal objects are written out wherever they stand, so that the text depends on what the data is and not on which. */
const operations = {
  identify: (value: unknown) =>
    typeof value === 'object' && value !== null ? Symbol('each its own') : value,
  viewInfo: (view: NodeJS.TypedArray | DataView) => {
    const { byteLength } = view;
    // Its own bytes and no others: a view may look at a part of memory that holds something else.
    const bytes = new Uint8Array(view.buffer, view.byteOffset, byteLength).slice();
    const length = 'length' in view ? view.length : byteLength;
    return { buffer: bytes.buffer, byteOffset: 0, byteLength, length, bufferByteLength: byteLength };
  },
};
const reducers = { Buffer: (value: unknown) => Buffer.isBuffer(value) && new Uint8Array(value) };
const revivers = { Buffer: ({ buffer }: Uint8Array) => Buffer.from(buffer) };

/**
 * Keeps what JSON cannot: `Date`, `Map`, `Set`, `RegExp`, `URL`, bigint, `Buffer`, typed arrays, `ArrayBuffer`,
 * `NaN`, infinities, `-0`, and `undefined` inside of values. It reads what {@link jsonSerializer} has written, so that
 * an application may change over.
 *
 * Refused by name: functions, symbols, promises, objects of classes, cycles. An object that stands in two places comes
 * back as two equal ones.
 *
 * @publicApi
 */
export const richSerializer: SessionSerializer = {
  serialize(data) {
    // A key that holds `undefined` is no key.
    const present = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
    if (Object.keys(present).length === 0) return EMPTY;
    try {
      return stringify(present, reducers, { operations });
    } catch (error) {
      for (const [key, value] of Object.entries(present)) refuseLoss(value, key, new Set());
      throw error;
    }
  },

  deserialize(text) {
    // What is written here is always a list.
    if (text.startsWith('{')) return jsonSerializer.deserialize(text);
    const data: unknown = parse(text, revivers);
    if (!isPlain(data)) throw new SyntaxError('Session data must be an object.');
    return data as Record<string, unknown>;
  },

  check: (value, key) => refuseLoss(value, key, new Set()),
};

function refuseLoss(value: unknown, path: string, parents: Set<object>): void {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw new SessionSerializationError(path, `it is a ${typeof value}`);
  }
  if (typeof value !== 'object' || value === null) return;
  if (parents.has(value)) throw new SessionSerializationError(path, 'it contains itself');
  parents.add(value);
  refuseDepth(path, parents);
  if (!Array.isArray(value) && !isPlain(value)) refuseObject(value, path);
  if (Array.isArray(value)) {
    refuseLossInArray(value, path, parents);
  } else if (types.isMap(value)) {
    for (const [key, member] of value) {
      const place = typeof key === 'object' ? 'an object' : String(key);
      refuseLoss(key, `${path}.keys()`, parents);
      refuseLoss(member, `${path}.get(${place})`, parents);
    }
  } else if (types.isSet(value)) {
    for (const member of value) refuseLoss(member, `${path}.values()`, parents);
  } else if (isPlain(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key === '__proto__')
        throw new SessionSerializationError(`${path}.${key}`, 'it is not a key of its own');
      refuseLoss(member, `${path}.${key}`, parents);
    }
  }
  parents.delete(value);
}

function refuseLossInArray(list: readonly unknown[], path: string, parents: Set<object>): void {
  if (Object.getPrototypeOf(Object.getPrototypeOf(Object.getPrototypeOf(list))) !== null) {
    throw new SessionSerializationError(
      path,
      `it is a ${nameOf(list)}, which would become an ordinary array`,
    );
  }
  for (const key of Object.keys(list)) {
    if (String(Number(key)) !== key) {
      throw new SessionSerializationError(
        `${path}.${key}`,
        'an array keeps what is in it, and no other properties',
      );
    }
    refuseLoss(list[Number(key)], `${path}[${key}]`, parents);
  }
}

/** Refuses what is neither a plain object nor one of the classes that come back. */
function refuseObject(value: object, path: string): void {
  if (types.isPromise(value)) {
    throw new SessionSerializationError(path, 'it is a promise; await it first');
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new SessionSerializationError(path, 'keys that are symbols would be lost');
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const expected = types.isTypedArray(value)
    ? Buffer.isBuffer(value)
      ? PROTOTYPES_OF_BUFFER
      : PROTOTYPES_OF_TYPED_ARRAY
    : Object.hasOwn(PROTOTYPES, tag)
      ? PROTOTYPES[tag]
      : undefined;
  if (expected === undefined || prototypesOf(value) !== expected) {
    throw new SessionSerializationError(path, `it is a ${nameOf(value)}, whose class would be lost`);
  }
  if (!types.isArrayBufferView(value) && Object.keys(value).length > 0) {
    throw new SessionSerializationError(path, `properties of its own on a ${tag} would be lost`);
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (Object.getOwnPropertySymbols(value).length > 0) return false;
  return prototypesOf(value) <= 1 && Object.prototype.toString.call(value) === '[object Object]';
}

function prototypesOf(value: object): number {
  let count = 0;
  for (let next = Object.getPrototypeOf(value); next !== null; next = Object.getPrototypeOf(next)) count += 1;
  return count;
}

function nameOf(value: object): string {
  const { constructor } = value as { constructor?: unknown };
  return (typeof constructor === 'function' && constructor.name) || 'object of an unnamed class';
}
