import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonSerializer } from '../../lib/core/json.serializer.js';
import { richSerializer } from '../../lib/core/rich.serializer.js';
import { rebase } from '../../lib/core/session-changes.js';
import { SessionValues } from '../../lib/core/session-values.js';
import { SessionSerializationError } from '../../lib/core/session.errors.js';

const { serialize, deserialize } = richSerializer;
const check = (value: unknown, key = 'key') => richSerializer.check!(value, key);
const there = (data: Record<string, unknown>) => deserialize(serialize(data));

const KEPT: [string, () => unknown][] = [
  ['a Date', () => new Date(1_767_268_800_123)],
  [
    'a Map with keys of every kind',
    () =>
      new Map<unknown, unknown>([
        [1, 'a'],
        ['1', new Date(0)],
        [null, 2n],
      ]),
  ],
  ['a Set', () => new Set<unknown>([1, 'a', undefined])],
  ['a bigint', () => 2n ** 200n],
  ['a RegExp', () => /^a"\\[b]/giu],
  ['a URL', () => new URL('https://example.com/a?b=c#d')],
  ['a Buffer', () => Buffer.from([0, 1, 254, 255])],
  ['an empty Buffer', () => Buffer.alloc(0)],
  ['a Uint8Array', () => new Uint8Array([1, 2, 3])],
  ['a Float64Array', () => new Float64Array([1.5, -0, Number.NaN])],
  ['a BigInt64Array', () => new BigInt64Array([1n, -1n])],
  ['an ArrayBuffer', () => new Uint8Array([1, 2]).buffer],
  ['a DataView', () => new DataView(new Uint8Array([1, 2]).buffer)],
  ['numbers that JSON has not', () => [Number.NaN, Infinity, -Infinity, -0]],
  ['undefined and holes in an array', () => [undefined, , 1]], // oxlint-disable-line no-sparse-arrays
  ['undefined in an object', () => ({ a: undefined })],
  ['null and nested objects', () => ({ a: null, b: { c: [{ d: '' }] } })],
  ['an object without a prototype', () => Object.assign(Object.create(null), { a: 1 })],
  ['text of every kind', () => '\u2028</script>"\\ \ud800 漢字'],
];

describe('The rich serializer', () => {
  it.each(KEPT)('keeps %s', (_, make) => {
    const value = make();
    check(value);
    const { key } = there({ key: value });
    expect(key).toStrictEqual(value);
    expect(Object.prototype.toString.call(key)).toBe(Object.prototype.toString.call(value));
    expect(Buffer.isBuffer(key)).toBe(Buffer.isBuffer(value));
  });

  it.each(KEPT)('writes %s the same way again', (_, make) => {
    const text = serialize({ key: make(), also: make() });
    expect(serialize({ key: make(), also: make() })).toBe(text);
    expect(serialize(deserialize(text))).toBe(text);
  });

  it('keeps a Date that is invalid, and keys that name members of Object', () => {
    expect(String(there({ at: new Date(Number.NaN) })['at'])).toBe('Invalid Date');
    const odd = { constructor: { prototype: 1 }, toString: 'x', hasOwnProperty: 0 };
    check(odd);
    expect(JSON.stringify(there({ odd }))).toBe(JSON.stringify({ odd }));
  });

  it('writes the same data the same way, whether its parts are one object or equal ones', () => {
    const part = { at: new Date(0), bytes: Buffer.from('x') };
    const copy = { at: new Date(0), bytes: Buffer.from('x') };
    expect(serialize({ a: part, b: [part, part] })).toBe(serialize({ a: part, b: [copy, copy] }));
    const { a, b } = there({ a: part, b: part }) as Record<string, object>;
    expect(a).toEqual(b);
    expect(a).not.toBe(b);
  });

  it('takes a key that holds undefined for no key', () => {
    expect(serialize({ a: 1, b: undefined })).toBe(serialize({ a: 1 }));
    expect(serialize({ b: undefined })).toBe(serialize({}));
    expect(there({})).toEqual({});
  });

  it('writes the bytes that a view shows, and none of those around it', () => {
    const memory = new TextEncoder().encode('public|SECRET').buffer;
    for (const view of [
      new Uint8Array(memory, 0, 6),
      new DataView(memory, 0, 6),
      Buffer.from(memory, 0, 6),
    ]) {
      const text = serialize({ view });
      expect(text).toContain(Buffer.from('public').toString('base64'));
      expect(text).not.toContain(Buffer.from('SECRET').toString('base64').slice(0, 6));
      expect(text.length).toBeLessThan(120);
      expect((there({ view })['view'] as DataView).byteLength).toBe(6);
    }
    const { list } = there({ list: new Uint16Array(new Uint16Array([9, 1, 2, 9]).buffer, 2, 2) });
    expect(list).toEqual(new Uint16Array([1, 2]));
  });

  it('keeps any data that JSON keeps', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          // That key is refused at any depth, which has a test of its own.
          fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__":')),
        ),
        (data) => {
          const text = serialize(data);
          // As it is, and not as JSON gives it back, which has no -0.
          expect(deserialize(text)).toEqual(data);
          expect(serialize(deserialize(text))).toBe(text);
        },
      ),
    );
  });

  it('reads what the JSON serializer has written', () => {
    const data = { a: [1, { b: null }], c: 'x' };
    expect(deserialize(jsonSerializer.serialize(data))).toEqual(data);
    expect(deserialize('{}')).toEqual({});
  });
});

describe('What the rich serializer would lose', () => {
  class Cart {
    items = [1];
  }
  class Labels extends Map {}
  class Stamp extends Date {}
  class Bytes extends Uint8Array {}
  class List extends Array {}
  const cycle: { self?: object } = {};
  cycle.self = { list: [cycle] };

  it.each<[string, unknown, string]>([
    ['a function', { deep: [() => 1] }, 'key.deep[0]'],
    ['a symbol', { deep: Symbol('x') }, 'key.deep'],
    ['a promise', [Promise.resolve()], 'key[0]'],
    ['an object of a class', { cart: new Cart() }, 'key.cart'],
    ['one in a Map', new Map([['a', new Cart()]]), 'key.get(a)'],
    ['one that is the key of a Map', new Map([[new Cart(), 1]]), 'key.keys()'],
    ['one in a Set', new Set([new Cart()]), 'key.values()'],
    ['a class that extends Map', new Labels(), 'key'],
    ['a class that extends Date', new Stamp(), 'key'],
    ['a class that extends Uint8Array', new Bytes(1), 'key'],
    ['a class that extends Array', List.from([1]), 'key'],
    ['an Error', new Error('x'), 'key'],
    ['a WeakMap', { deep: new WeakMap() }, 'key.deep'],
    ['an object that inherits', Object.create({ a: 1 }), 'key'],
    ['a boxed number', Object(1), 'key'],
    ['keys that are symbols', { [Symbol('x')]: 1 }, 'key'],
    ['a property of an array', Object.assign([1], { total: 2 }), 'key.total'],
    ['a property of a Map', Object.assign(new Map(), { total: 2 }), 'key'],
    ['the key __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'key.a.__proto__'],
    ['a cycle', cycle, 'key.self.list[0]'],
  ])('is refused: %s', (_, value, path) => {
    const refusal = expect.objectContaining({ name: 'SessionSerializationError', path });
    expect(() => check(value)).toThrow(refusal as unknown as Error);
  });

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['an object of a class', { cart: new Cart() }],
    ['a promise', Promise.resolve()],
    ['a cycle', cycle],
  ])('is refused when it is written too: %s', (_, value) => {
    expect(() => serialize({ fine: 1, key: value })).toThrow(SessionSerializationError);
  });
});

describe('A text that the rich serializer did not write', () => {
  it.each([
    '',
    'null',
    '42',
    '-1',
    '[]',
    '"text"',
    '[[1,2],1,2]',
    '[["Map",1,2],1,2]',
    '[["Date","2026-01-01"]]',
    '[{"a":7}]',
    '[{"a":1}',
    '[["eval","1"]]',
    '[{"a":1},["Function","return 1"]]',
    '[["null"]',
  ])('%j is an error', (text) => {
    expect(() => deserialize(text)).toThrow();
  });

  it.each([
    '[{"__proto__":1},{"isAdmin":2},true]',
    '[{"a":1},{"__proto__":2},{"isAdmin":3},true]',
    '[["null","__proto__",1],1]',
  ])('6.5 %s is an error, and changes no prototype', (text) => {
    expect(() => deserialize(text)).toThrow();
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('6.5 that names a constructor changes no prototype', () => {
    const data = deserialize('[{"constructor":1},{"prototype":2},{"isAdmin":3},true]');
    expect(Object.keys(data)).toEqual(['constructor']);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe('The changes of rich session data', () => {
  const valuesOf = (data: Record<string, unknown>) => new SessionValues(richSerializer, serialize(data));

  it('are none when nothing was changed', () => {
    const values = valuesOf({ at: new Date(0), tags: new Set(['a']), bytes: Buffer.from('x') });
    values.expose(values.data);
    expect(values.changes()).toBeUndefined();
    expect(new SessionValues(richSerializer).changes()).toBeUndefined();
  });

  it.each<[string, (data: any) => void, string]>([
    ['a Date that was moved', (data) => data.at.setTime(1), 'at'],
    ['a member added to a Set', (data) => data.tags.add('b'), 'tags'],
    ['an entry of a Map', (data) => data.map.set('k', 2), 'map'],
    ['a byte', (data) => (data.bytes[0] = 0), 'bytes'],
  ])('are found in %s', (_, change, key) => {
    const values = valuesOf({
      at: new Date(0),
      tags: new Set(['a']),
      map: new Map([['k', 1]]),
      bytes: Buffer.from('x'),
    });
    values.expose(values.data);
    change(values.data);
    expect(values.changedKeys()).toEqual([key]);
  });

  it('begin a new session', () => {
    const values = new SessionValues(richSerializer);
    values.set('at', new Date(5));
    expect(deserialize(values.changes()!.text)).toEqual({ at: new Date(5) });
  });

  it('go on top of what another request has committed', () => {
    const values = valuesOf({ mine: new Set([1]), theirs: new Date(0) });
    values.set('mine', new Set([1, 2]));
    const fresh = deserialize(serialize({ mine: new Set([1]), theirs: new Date(9) }));
    const data = rebase(values.changes()!, fresh, richSerializer);
    expect(data).toEqual({ mine: new Set([1, 2]), theirs: new Date(9) });
  });
});
