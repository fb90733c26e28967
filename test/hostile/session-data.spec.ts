import { types } from 'node:util';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  jsonSerializer,
  memoryStore,
  richSerializer,
  SessionDataTooLargeError,
  SessionModule,
  SessionSerializationError,
  SessionService,
  type SessionSerializer,
} from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { holds } from './support/property.js';
import { OWNER, startTarget, tokenOf, type Target } from './support/target.js';
import { text, TRAPS } from './support/values.js';

const anything = fc.anything({
  key: text,
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withUnicodeString: true,
} as fc.ObjectConstraints);

/** As deep as a body of the usual size may be. */
const deep = fc
  .tuple(fc.integer({ min: 1, max: 50_000 }), fc.constantFrom('[', '{"a":'))
  .map(([depth, open]) => `${open.repeat(depth)}1${(open === '[' ? ']' : '}').repeat(depth)}`);

/** JSON in which a reader might stumble. */
const json = fc.oneof(
  { weight: 4, arbitrary: fc.json({ stringUnit: 'binary' }) },
  {
    weight: 4,
    arbitrary: fc
      .dictionary(text, fc.jsonValue(), { noNullPrototype: true })
      .map((value) => JSON.stringify(value)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...TRAPS, '\\u005f_proto__', '$user'),
        fc.constantFrom(...TRAPS),
        fc.json({ maxDepth: 1 }),
      )
      .map(([outer, inner, value]) => `{"a":1,"${outer}":{"${inner}":${value},"${outer}":{}}}`),
  },
  { weight: 1, arbitrary: deep },
);

/** Data of the application: keys and values of all kinds. */
const data = fc.oneof(
  fc.dictionary(text, anything, { maxKeys: 5 }),
  json.map((written) => Object(JSON.parse(written)) as Record<string, unknown>),
);

/** What devalue, which the richer serializer is made of, writes, and what it never would. */
const devalued = fc
  .array(
    fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(fc.constantFrom('a', ...TRAPS), fc.integer({ min: -7, max: 12 }), { maxKeys: 3 }),
      fc.array(fc.integer({ min: -7, max: 12 }), { maxLength: 4 }),
      fc
        .tuple(
          fc.constantFrom(
            'Date',
            'Map',
            'Set',
            'RegExp',
            'Object',
            'BigInt',
            'null',
            'Buffer',
            'URL',
            'Uint8Array',
            'ArrayBuffer',
            'DataView',
            'Symbol',
            '__proto__',
            'constructor',
          ),
          fc.array(fc.oneof(fc.integer({ min: -7, max: 12 }), text), { maxLength: 4 }),
        )
        .map((parts) => parts.flat()),
    ),
    { minLength: 1, maxLength: 8 },
  )
  .map((list) => JSON.stringify(list));

const serializers: { name: string; serializer: SessionSerializer }[] = [
  { name: 'jsonSerializer', serializer: jsonSerializer },
  { name: 'richSerializer', serializer: richSerializer },
];

describe.each(serializers)('Session data with $name', ({ serializer }) => {
  let app: INestApplicationContext;
  let sessions: SessionService;
  beforeAll(async () => {
    @Module({ imports: [SessionModule.forRoot({ store: memoryStore(), serializer, cleanup: false })] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    sessions = app.get(SessionService);
  });
  afterAll(() => app.close());

  holds('comes back as it was, or is refused by its name', 0.08, data, async (values) => {
    const session = await created(values);
    if (!session) return;
    const again = (await sessions.open<any>(session.id!))!;
    const read = again.toJSON();
    expect([again.isModified, serializer.serialize(read)]).toEqual([false, whatIsRead(session.toJSON())]);
    await again.flush();
  });

  /** What is kept of data, as text: a prototype among it is not read. */
  const whatIsRead = (kept: Record<string, unknown>) =>
    serializer.serialize(serializer.deserialize(serializer.serialize(kept)));

  const created = (values: object) =>
    sessions.create<any>(values).catch((error: unknown) => {
      const isRefusal =
        error instanceof SessionSerializationError || error instanceof SessionDataTooLargeError;
      if (!isRefusal) throw error;
      return undefined;
    });

  it.each([1_001, 100_000])('is refused by its name when %i lists stand in each other', async (depth) => {
    const list = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    await expect(sessions.create<any>({ list })).rejects.toBeInstanceOf(SessionSerializationError);
    const session = await sessions.create<any>({ name: 'Ada' });
    session.data.list = list;
    await expect(session.save()).rejects.toThrow('"list[0][0]');
  });

  it('may be as deep as anybody needs', async () => {
    const depth = 1_000;
    const list = JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    const { id } = await sessions.create<any>({ list });
    expect((await sessions.open<any>(id!))!.toJSON()).toEqual({ list });
  });

  holds(
    'that is no text of ours is read as an object, or not at all',
    0.08,
    fc.oneof(text, json, devalued),
    (written) => {
      let read: unknown;
      try {
        read = serializer.deserialize(written);
      } catch (error) {
        expect(types.isNativeError(error)).toBe(true);
        return;
      }
      expect(Object.prototype.toString.call(read)).toBe('[object Object]');
      expect([Object.prototype, null]).toContain(Object.getPrototypeOf(read));
      refuseTraps(read);
    },
  );
});

describe.each(adapters)('Session data on $adapter', ({ make }) => {
  let target: Target;
  beforeAll(async () => {
    target = await startTarget({ adapter: make() });
  });
  afterAll(() => target.close());

  const body = fc.oneof({ weight: 9, arbitrary: json }, { weight: 1, arbitrary: text });

  holds('may be whatever a client sends', 0.05, body, async (sent) => {
    const headers = [['Content-Type', 'application/json']] as const;
    const answer = await target.attack('/keep', { headers, body: sent });
    const token = answer && tokenOf(answer);
    if (!token) return;
    const own = { headers: [['Cookie', `sessionid=${token}`]] } as const;
    const keys = await target.attack('/keys', own);
    expect(JSON.parse(keys!.body)).not.toContain('__proto__');
    await target.attack('/flush', own);
  });

  holds(
    'that is damaged in the store is no session, and no failure',
    0.05,
    fc.oneof(text, json),
    async (written) => {
      const record = (await target.store.load(OWNER.id))!;
      await target.store.commit(OWNER.id, record.version, { ...record, data: written });
      const owner = { headers: [['Cookie', `sessionid=${OWNER.token}`]] } as const;
      expect((await target.attack('/keys', owner))!.status).toBe(200);
    },
  );
});

/** Throws where something has an own property by which it could pass for something else. */
function refuseTraps(root: unknown): void {
  const waiting = [root];
  const seen = new Set<unknown>();
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, '__proto__') && Object.getPrototypeOf(value) !== null) {
      throw new Error('An object has __proto__ as a property of its own.');
    }
    if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
    else if (value instanceof Set) waiting.push(...value);
    else if (!ArrayBuffer.isView(value)) waiting.push(...Object.values(value));
  }
}
