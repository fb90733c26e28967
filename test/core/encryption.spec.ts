import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { describeSessionStore } from 'nest-sessions/testing';
import { EncryptingStore } from '../../lib/core/encrypting.store.js';
import { jsonSerializer } from '../../lib/core/json.serializer.js';
import { cipherKeys, RecordCipher, sealedSize } from '../../lib/core/record-cipher.js';
import { SessionEvents, type SessionEvent } from '../../lib/core/session-events.js';
import { SessionRepository } from '../../lib/core/session.repository.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { MemoryStore } from '../../lib/stores/memory.store.js';
import type { SessionRecord } from '../../lib/stores/session-record.js';
import type { CommitResult, SessionChange } from '../../lib/stores/session-store.js';
import { HOUR, newId, newRecord, NOW } from '../support/file-stores.js';

const newKey = () => randomBytes(32).toString('base64url');
const cipherOf = (...keys: string[]) => new RecordCipher(cipherKeys(keys));
const context = { now: () => NOW, maxDataSize: 1_048_576 };

async function opened(...keys: string[]) {
  const inner = new MemoryStore(1_000);
  const store = new EncryptingStore(inner, cipherOf(...keys));
  await store.open(context);
  return { inner, store };
}

describeSessionStore('EncryptingStore around MemoryStore', () => {
  return new EncryptingStore(new MemoryStore(10_000), cipherOf(newKey(), newKey()));
});

/** With the verb that MemoryStore does without. */
class ExclusiveStore extends MemoryStore {
  override async commitExclusively(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange },
  ): Promise<CommitResult> {
    const fresh = await this.load(id);
    return fresh ? this.commit(id, fresh.version, rebase(fresh).change) : { outcome: 'gone' };
  }
}

describe('Sealed data', () => {
  const data = '{"password":"correct horse","漢字":"naïve"}';

  it('shows nothing of what it holds, and is never the same twice', () => {
    const cipher = cipherOf(newKey());
    const id = newId();
    const [one, two] = [cipher.seal(id, data), cipher.seal(id, data)];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^v1\.[\w-]{8}\.[\w-]+$/);
    const bytes = Buffer.from(one.split('.')[2]!, 'base64url').toString('latin1');
    for (const word of ['password', 'correct', 'horse']) {
      expect(one).not.toContain(word);
      expect(bytes).not.toContain(word);
    }
    expect([cipher.open(id, one), cipher.open(id, two)]).toEqual([data, data]);
  });

  it.each(['', 'x', '\u0000', '漢字\u{10ffff}', 'x'.repeat(100_000)])('opens to what it was (%#)', (text) => {
    const cipher = cipherOf(newKey());
    const sealed = cipher.seal('a', text);
    expect(cipher.open('a', sealed)).toBe(text);
    expect(sealed.length).toBeLessThanOrEqual(sealedSize(Buffer.byteLength(text)));
    expect(sealed.length).toBeGreaterThan(sealedSize(Buffer.byteLength(text)) - 3);
  });

  it('does not open with any letter changed, missing or added', () => {
    const cipher = cipherOf(newKey());
    const sealed = cipher.seal('a', data);
    for (let at = 0; at < sealed.length; at++) {
      for (const letter of ['A', 'B', '.', '=', ' ', '/']) {
        if (sealed[at] === letter) continue;
        const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
        expect(() => cipher.open('a', changed)).toThrow();
      }
      expect(() => cipher.open('a', sealed.slice(0, at))).toThrow();
      expect(() => cipher.open('a', sealed.slice(0, at) + 'A' + sealed.slice(at))).toThrow();
    }
    // The last letter holds bits that Node would not look at.
    for (const letter of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const changed = sealed.slice(0, -1) + letter;
      if (changed !== sealed) expect(() => cipher.open('a', changed)).toThrow();
    }
    for (const added of ['=', ' ', '\n', 'A', '.', '.x'])
      expect(() => cipher.open('a', sealed + added)).toThrow();
  });

  it('does not open with a tag cut short', () => {
    const cipher = cipherOf(newKey());
    const [version, keyId, body] = cipher.seal('a', '').split('.');
    const bytes = Buffer.from(body!, 'base64url');
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length).toString('base64url');
      expect(() => cipher.open('a', `${version}.${keyId}.${cut}`)).toThrow();
    }
  });

  it('does not open for another session', () => {
    const cipher = cipherOf(newKey());
    expect(() => cipher.open('b', cipher.seal('a', data))).toThrow();
  });

  it('6.3 opens with the current key and those before, and with no other', () => {
    const [first, second, third] = [newKey(), newKey(), newKey()];
    const old = cipherOf(first).seal('a', data);
    expect(cipherOf(second, first).open('a', old)).toBe(data);
    expect(cipherOf(third, second, first).open('a', old)).toBe(data);
    expect(() => cipherOf(second).open('a', old)).toThrow();
    const renewed = cipherOf(second, first).seal('a', data);
    expect(cipherOf(second).open('a', renewed)).toBe(data);
    expect(() => cipherOf(first).open('a', renewed)).toThrow();
  });
});

describe('Keys', () => {
  it('are 32 bytes in base64url', () => {
    expect(cipherKeys([newKey(), `${newKey()}=`]).map((key) => key.symmetricKeySize)).toEqual([32, 32]);
  });

  it.each<[string, unknown, string]>([
    ['none', [], 'keys: '],
    ['no list', 'x'.repeat(43), 'keys: '],
    ['nothing', undefined, 'keys: '],
    ['31 bytes', [randomBytes(31).toString('base64url')], 'keys[0]: '],
    ['33 bytes', [randomBytes(33).toString('base64url')], 'keys[0]: '],
    ['a password', [newKey(), 'correct horse battery staple'], 'keys[1]: '],
    ['other letters', [`${'x'.repeat(42)}+`, newKey(), `${'x'.repeat(42)}/`], 'keys[0], keys[2]: '],
    ['bytes', [randomBytes(32)], 'keys[0]: '],
    ['nothing in the list', [undefined], 'keys[0]: '],
  ])('6.3 that are %s are refused, and not shown', (_, keys, beginning) => {
    let message = '';
    try {
      cipherKeys(keys as string[]);
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message.slice(0, beginning.length)).toBe(beginning);
    expect(message).toContain('expected 32 random bytes in base64url');
    expect(message).not.toMatch(/xxx|horse/);
  });
});

describe('A store of sealed records', () => {
  const activity = { lastSeenAt: NOW, expiresAt: NOW + HOUR };

  it('gives the store behind it nothing to read, with any verb', async () => {
    const inner = new ExclusiveStore(1_000);
    const store = new EncryptingStore(inner, cipherOf(newKey()));
    await store.open(context);
    const record = newRecord({ data: '"SECRET 1"' });
    const kept = async (id: string) => (await inner.load(id))!.data;
    const seen: string[] = [];
    await store.create(record);
    seen.push(await kept(record.id));
    await store.commit(record.id, 1, { data: '"SECRET 2"', ...activity });
    seen.push(await kept(record.id));
    await store.commitExclusively!(record.id, (fresh) => {
      expect(fresh.data).toBe('"SECRET 2"');
      return { change: { data: '"SECRET 3"', ...activity } };
    });
    seen.push(await kept(record.id));
    const successor = newRecord({ data: '"SECRET 4"' });
    await store.replace(record.id, 3, successor);
    seen.push(await kept(successor.id));
    expect(new Set(seen).size).toBe(4);
    for (const text of seen) {
      expect(text).toMatch(/^v1\./);
      expect(Buffer.from(text.split('.')[2]!, 'base64url').toString('latin1')).not.toContain('SECRET');
    }
    expect((await store.load(successor.id))!.data).toBe('"SECRET 4"');
    expect((await store.findByUser!('user-1')).map((one) => one.data)).toEqual(['"SECRET 4"']);
    const conflict = await store.commit(successor.id, 9, { data: '', ...activity });
    expect(conflict).toEqual({ outcome: 'conflict', fresh: successor });
  });

  it('leaves the record that it was given as it is', async () => {
    const { store } = await opened(newKey());
    const record = newRecord();
    const original = { ...record };
    await store.create(record);
    expect(record).toEqual(original);
  });

  it('has the optional verbs of the store behind it, and no others', async () => {
    const bare = new MemoryStore(1);
    Object.assign(bare, { findByUser: undefined, destroyByUser: undefined });
    const cipher = cipherOf(newKey());
    const verbs = (store: EncryptingStore) =>
      (['commitExclusively', 'findByUser', 'destroyByUser'] as const).filter((verb) => verb in store);
    expect(verbs(new EncryptingStore(bare, cipher))).toEqual([]);
    expect(verbs(new EncryptingStore(new MemoryStore(1), cipher))).toEqual(['findByUser', 'destroyByUser']);
    expect(verbs(new EncryptingStore(new ExclusiveStore(1), cipher))).toHaveLength(3);
  });

  it('asks for room for what sealing adds, and opens and closes the store behind it', async () => {
    const calls: unknown[] = [];
    const inner = new MemoryStore(1);
    inner.open = ({ maxDataSize, now }) => void calls.push(maxDataSize, now());
    inner.close = () => void calls.push('closed');
    const store = new EncryptingStore(inner, cipherOf(newKey()));
    await store.open({ now: () => 5, maxDataSize: 1_000 });
    await store.close();
    const largest = cipherOf(newKey()).seal(newId(), 'x'.repeat(1_000));
    expect(calls).toEqual([largest.length, 5, 'closed']);
  });

  it('reads what an earlier key has sealed, and seals it with the current one', async () => {
    const [old, current] = [newKey(), newKey()];
    const { inner, store } = await opened(old);
    const record = newRecord();
    await store.create(record);
    const rotated = new EncryptingStore(inner, cipherOf(current, old));
    expect(await rotated.load(record.id)).toEqual(record);
    await rotated.commit(record.id, 1, { data: '"new"', ...activity });
    expect((await new EncryptingStore(inner, cipherOf(current)).load(record.id))!.data).toBe('"new"');
  });

  describe('whose data does not open', () => {
    const key = newKey();
    const spoilt: [string, (inner: MemoryStore, id: string) => Promise<unknown>][] = [
      ['was not sealed', (inner, id) => inner.commit(id, 1, { data: '{"admin":true}', ...activity })],
      [
        'was sealed with another key',
        (inner, id) => inner.commit(id, 1, { data: cipherOf(newKey()).seal(id, '{}'), ...activity }),
      ],
      [
        'was sealed for another session',
        (inner, id) => inner.commit(id, 1, { data: cipherOf(key).seal(newId(), '{}'), ...activity }),
      ],
    ];

    it.each(spoilt)(
      'because it %s, gives a corrupt session with an event, and no error',
      async (_, spoil) => {
        const { inner, store } = await opened(key);
        const { settings } = resolveOptions({ now: () => NOW });
        const events = new SessionEvents();
        const seen: SessionEvent[] = [];
        events.observable.subscribe((event) => seen.push(event));
        const repository = new SessionRepository(store, settings, events);
        const record = newRecord({ data: '{"n":1}' });
        await store.create(record);
        expect(await repository.load(record.id)).toMatchObject({ record });
        await spoil(inner, record.id);
        expect(await repository.load(record.id)).toBe('corrupt');
        expect(seen).toEqual([{ type: 'corrupt', id: record.id }]);
        expect(() => jsonSerializer.deserialize('')).toThrow();
      },
    );

    it('can be listed and ended', async () => {
      const { inner, store } = await opened(key);
      const record = newRecord();
      await store.create(record);
      await inner.commit(record.id, 1, { data: 'x', ...activity });
      expect((await store.findByUser!('user-1')).map(({ id }) => id)).toEqual([record.id]);
      expect(await store.destroyByUser!('user-1')).toBe(1);
    });
  });
});
