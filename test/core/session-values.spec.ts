import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonSerializer } from '../../lib/core/json.serializer.js';
import { rebase, type SessionChanges } from '../../lib/core/session-changes.js';
import { SessionValues } from '../../lib/core/session-values.js';

const valuesOf = (data: object) => new SessionValues(jsonSerializer, JSON.stringify(data));
const operationsOf = (values: SessionValues) => values.changes()?.operations;

describe('Finding the changes of session data', () => {
  it('finds none in data that was only looked at', () => {
    const values = valuesOf({ a: { b: [1, 2] } });
    values.expose(values.data);
    expect(values.changes()).toBeUndefined();
  });

  it('does not serialise anything when only scalars were read', () => {
    const serialized: object[] = [];
    const serializer = { ...jsonSerializer, serialize: (data: object) => (serialized.push(data), '{}') };
    const values = new SessionValues(serializer, '{"n":1}');
    expect(values.get('n')).toBe(1);
    values.expose(values.get('n'));
    expect(values.changes()).toBeUndefined();
    expect(serialized).toEqual([]);
  });

  it.each<[string, (data: any) => void, object[]]>([
    ['an assignment', (data) => (data.a = 2), [{ kind: 'set', key: 'a', text: '{"a":2}' }]],
    ['a delete', (data) => delete data.a, [{ kind: 'delete', key: 'a' }]],
    ['undefined for a delete', (data) => (data.a = undefined), [{ kind: 'delete', key: 'a' }]],
    [
      'a nested mutation',
      (data) => data.deep.list.push(3),
      [{ kind: 'set', key: 'deep', text: '{"deep":{"list":[1,2,3]}}' }],
    ],
    ['the same value again', (data) => (data.deep = { list: [1, 2] }), []],
    ['another order of keys', (data) => ((data.a = undefined), (data.a = 1)), []],
  ])('finds %s', (_, mutate, operations) => {
    const values = valuesOf({ a: 1, deep: { list: [1, 2] } });
    values.expose(values.data);
    mutate(values.data);
    expect(operationsOf(values) ?? []).toEqual(operations);
  });

  it('writes the value that was there at the moment of the commit, not what became of it since', () => {
    const values = valuesOf({});
    const cart = ['one'];
    values.set('cart', cart);
    const changes = values.changes()!;
    cart.push('two');
    expect(rebase(changes, {}, jsonSerializer)).toEqual({ cart: ['one'] });
    values.committed(changes, changes.text);
    expect(operationsOf(values)).toEqual([{ kind: 'set', key: 'cart', text: '{"cart":["one","two"]}' }]);
  });
});

describe('Putting changes on top of what another request has committed', () => {
  it('keeps the keys of both', () => {
    const values = valuesOf({ mine: 1, theirs: 1, both: 1 });
    values.set('mine', 2);
    values.set('both', 'mine');
    const fresh = rebase(values.changes()!, { mine: 1, theirs: 3, both: 'theirs', new: 4 }, jsonSerializer);
    expect(fresh).toEqual({ mine: 2, theirs: 3, both: 'mine', new: 4 });
  });

  it('runs functional updates again on the fresh value', () => {
    const values = valuesOf({ n: 1 });
    values.update('n', (n) => n + 1);
    values.update('n', (n) => n * 10);
    expect(values.get('n')).toBe(20);
    expect(rebase(values.changes()!, { n: 5 }, jsonSerializer)).toEqual({ n: 60 });
  });

  it('takes a key that was set before its update for set: there is nothing of others to compute from', () => {
    const values = valuesOf({ n: 1 });
    values.set('n', 100);
    values.update('n', (n) => n + 1);
    expect(rebase(values.changes()!, { n: 5 }, jsonSerializer)).toEqual({ n: 101 });
  });

  it('takes a key that was mutated before its update for set', () => {
    const values = valuesOf({ list: ['a'] });
    values.expose(values.data);
    (values.data.list as string[]).push('b');
    values.update('list', (list) => [...list, 'c']);
    expect(rebase(values.changes()!, { list: ['z'] }, jsonSerializer)).toEqual({ list: ['a', 'b', 'c'] });
  });

  it('takes a key that was set after its update for set', () => {
    const values = valuesOf({ n: 1 });
    values.update('n', (n) => n + 1);
    values.set('n', 7);
    expect(rebase(values.changes()!, { n: 5 }, jsonSerializer)).toEqual({ n: 7 });
  });

  it('runs no update twice when it commits twice', () => {
    const values = valuesOf({ n: 0 });
    values.update('n', (n) => n + 1);
    const first = values.changes()!;
    values.update('n', (n) => n + 1);
    values.committed(first, '{"n":1}');
    expect(rebase(values.changes()!, { n: 10 }, jsonSerializer)).toEqual({ n: 11 });
  });

  it('counts every update after clear(), also when the first comes to what was there before', () => {
    const values = valuesOf({ n: 1 });
    values.clear();
    for (let time = 0; time < 2; time++) values.update('n', (n = 0) => n + 1);
    expect(rebase(values.changes()!, { n: 1 }, jsonSerializer)).toEqual({ n: 2 });
  });

  it('drops with clear() also what others have added', () => {
    const values = valuesOf({ a: 1 });
    values.clear();
    values.set('b', 2);
    expect(rebase(values.changes()!, { a: 1, theirs: 2, $expiry: { idle: 1 } }, jsonSerializer)).toEqual({
      b: 2,
      $expiry: { idle: 1 },
    });
  });

  it('shows what others have committed, but not over what was changed again meanwhile', () => {
    const values = valuesOf({ a: 1, b: 1, gone: 1 });
    values.set('a', 2);
    const changes = values.changes()!;
    values.set('b', 'mine');
    values.committed(changes, '{"a":2,"b":"theirs","c":"theirs"}');
    expect(values.data).toEqual({ a: 2, b: 'mine', c: 'theirs' });
    expect(operationsOf(values)).toEqual([{ kind: 'set', key: 'b', text: '{"b":"mine"}' }]);
  });

  it('refuses an update that returns nothing: a forgotten return must not delete a value', () => {
    expect(() => valuesOf({ n: 1 }).update('n', () => undefined)).toThrow(/must return the new value/);
  });

  it('gives both of two requests their keys, whatever they do (random programs)', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor', 'toString');
    const value = fc.jsonValue({ maxDepth: 2 });
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, value }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constant('count' as const), key: fc.constant('n') }),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.array(step), fc.array(step), (base, first, second) => {
        const text = JSON.stringify(base);
        const other = play(new SessionValues(jsonSerializer, text), first);
        const committed = jsonSerializer.deserialize(other.serialized());
        const mine = play(new SessionValues(jsonSerializer, text), second);
        const changes = mine.values.changes();
        const result = changes ? rebase(changes, structuredClone(committed), jsonSerializer) : committed;
        for (const operation of changes?.operations ?? []) {
          if (operation.kind === 'delete') {
            expect(Object.hasOwn(result, operation.key)).toBe(false);
          }
        }
        const touched = new Set(changes?.operations.map(({ key: name }) => name));
        for (const name of Object.keys(committed).filter((k) => !touched.has(k))) {
          expect(result[name]).toEqual(committed[name]);
        }
        expect(Number(result.n ?? 0)).toBe(
          Number(jsonSerializer.deserialize(text).n ?? 0) + other.counted + mine.counted,
        );
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
        expect(({} as any).polluted).toBeUndefined();
      }),
    );
  });
});

/** One thing that a request does, or that becomes of its commits. */
type Act = (values: SessionValues, request: Request) => void;

interface Request {
  /** An object of the data that the request has put there and still holds. */
  held: { count: number };
  /** What a commit has taken with it. */
  pending: SessionChanges | undefined;
}

const acts: fc.Arbitrary<[name: string, act: Act]> = fc
  .tuple(fc.constantFrom('a', 'b', 'list', '$flash:c'), fc.nat(3))
  .chain(([key, n]) =>
    fc.constantFrom<[string, Act]>(
      [`sets ${key} to ${n}`, (values) => values.set(key, n)],
      [`deletes ${key}`, (values) => values.set(key, undefined)],
      [`puts an object under ${key}`, (values, request) => values.set(key, request.held)],
      ['changes that object', (_, { held }) => held.count++],
      ['puts another object', (_, request) => (request.held = { count: n })],
      [`counts ${key} up`, (values) => values.update(key, (old) => (Number(old) || 0) + 1)],
      [
        'adds to the list in place',
        (values) => values.update('list', (old) => (Array.isArray(old) ? (old.push(n), old) : [n])),
      ],
      ['clears', (values) => values.clear()],
      ['begins to commit', (values, request) => (request.pending ??= values.changes())],
      ['has committed', (values, request) => settle(values, request, () => undefined)],
      [
        `has committed after another set ${key} to ${n}`,
        (values, request) => settle(values, request, (fresh) => (fresh[key] = n)),
      ],
      [
        `loads again after another set ${key} to ${n}`,
        (values, { pending }) => {
          // Whoever loads waits for the commit.
          if (!pending) values.reset(textWith(values, key, n));
        },
      ],
    ),
  );

function textWith(values: SessionValues, key: string, value: unknown): string {
  return JSON.stringify({ ...jsonSerializer.deserialize(values.baseline), [key]: value });
}

function settle(
  values: SessionValues,
  request: Request,
  meanwhile: (fresh: Record<string, unknown>) => void,
): void {
  const { pending } = request;
  if (!pending) return;
  request.pending = undefined;
  const fresh = jsonSerializer.deserialize(values.baseline);
  meanwhile(fresh);
  const isFirst = JSON.stringify(fresh) === values.baseline;
  values.committed(pending, isFirst ? pending.text : JSON.stringify(rebase(pending, fresh, jsonSerializer)));
}

describe('Data of which nobody holds an object', () => {
  it('changes in the same way as data that is compared as a whole (random programs)', () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 20 }), (program) => {
        const requests = ['exact', 'exposed'].map((kind) => {
          const values = valuesOf({ a: 1, list: [1], n: { deep: true } });
          if (kind === 'exposed') values.expose(values.data);
          return { values, held: { count: 0 }, pending: undefined } as Request & { values: SessionValues };
        });
        for (const [, act] of program) {
          for (const request of requests) act(request.values, request);
          const [exact, exposed] = requests.map(({ values }) => {
            const changes = values.changes();
            const operations = changes?.operations.map((one) => ({
              ...one,
              fns: one.kind === 'update' ? one.fns.length : 0,
            }));
            return {
              ...changes,
              operations: operations?.toSorted((one, other) => one.key.localeCompare(other.key)),
              all: values.all,
            };
          });
          expect(exact).toEqual(exposed);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

function play(
  values: SessionValues,
  steps: readonly { do: 'set' | 'delete' | 'count'; key: string; value?: unknown }[],
) {
  let counted = 0;
  for (const { do: verb, key, value } of steps.filter((step) => step.key !== '__proto__')) {
    if (verb === 'count') {
      values.update('n', (n = 0) => n + 1);
      counted++;
    } else {
      values.set(key, verb === 'set' ? value : undefined);
    }
  }
  return { values, counted, serialized: () => values.changes()?.text ?? values.baseline };
}

describe('Refusing what cannot be stored', () => {
  const cyclic: any = { a: {} };
  cyclic.a.back = cyclic;

  it.each<[string, unknown, string]>([
    ['a function', { on: { click: () => 1 } }, 'prefs.on.click'],
    ['a symbol', [Symbol('s')], 'prefs[0]'],
    ['a bigint', { big: 1n }, 'prefs.big'],
    ['NaN', { n: NaN }, 'prefs.n'],
    ['infinity', -Infinity, 'prefs'],
    ['a Map', { map: new Map() }, 'prefs.map'],
    ['a Set', { set: new Set() }, 'prefs.set'],
    ['binary data', { raw: Buffer.from('x') }, 'prefs.raw'],
    ['a promise', { later: Promise.resolve(1) }, 'prefs.later'],
    ['undefined in an array', [1, undefined], 'prefs[1]'],
    ['a cycle', cyclic, 'prefs.a.back'],
  ])('refuses %s by the path of its key, at once and also when it was assigned', (_, value, path) => {
    const named = expect.objectContaining({ name: 'SessionSerializationError', path });
    expect(captured(() => valuesOf({}).set('prefs', value))).toEqual(named);
    const assigned = valuesOf({});
    assigned.expose(assigned.data);
    assigned.data.prefs = value;
    expect(captured(() => assigned.changes())).toEqual(named);
  });

  it('refuses a function that was assigned to a key although the text would look unchanged', () => {
    const values = valuesOf({ a: 1 });
    values.expose(values.data);
    values.data.b = () => 1;
    expect(() => values.changes()).toThrow(/"b" cannot be stored/);
  });

  it.each(['$expiry', '$anything'])('refuses the reserved key %s', (key) => {
    const values = valuesOf({});
    values.expose(values.data);
    values.data[key] = 1;
    expect(() => values.changes()).toThrow(/reserved/);
  });

  it('takes a Date and whatever else knows its JSON', () => {
    const values = valuesOf({});
    values.set('at', new Date(0));
    expect(values.changes()?.text).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it.each(['{', '', '[]', 'null', '1', '"text"'])('takes the stored text %j for corrupt', (text) => {
    expect(() => new SessionValues(jsonSerializer, text)).toThrow();
  });

  it('6.5 drops __proto__ and constructor.prototype at any depth when reading', () => {
    const values = new SessionValues(
      jsonSerializer,
      '{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1},"b":{"constructor":{"prototype":{"polluted":1}}}}',
    );
    expect(values.data).toEqual({ a: {}, b: {} });
    expect((values.data.a as any).polluted).toBeUndefined();
    expect(({} as any).polluted).toBeUndefined();
  });
});

function captured(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return 'nothing was thrown';
}
