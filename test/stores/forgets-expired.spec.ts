import { createSecretKey } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { MemoryStore } from 'nest-sessions';
import { RedisStore } from 'nest-sessions/redis';
import { EncryptingStore } from '../../lib/core/encrypting.store.js';
import { RecordCipher } from '../../lib/core/record-cipher.js';
import { CachedStore } from '../../lib/stores/cached/cached.store.js';
import { memoryCache } from '../../lib/stores/cached/memory.cache.js';
import type { CookieEnvelope } from '../../lib/stores/cookie/cookie.envelope.js';
import { CookieStore } from '../../lib/stores/cookie/cookie.store.js';
import { peeking } from '../support/peeking.store.js';

const cipher = () => new RecordCipher([createSecretKey(Buffer.alloc(32, 7))]);
const envelope = {} as CookieEnvelope;
const redis = () => new RedisStore(createClient());
const memory = () => new MemoryStore(10);

it.each([
  { name: 'Redis', store: redis, forgets: true },
  { name: 'memory', store: memory, forgets: false },
  { name: 'Redis, encrypted', store: () => new EncryptingStore(redis(), cipher()), forgets: true },
  { name: 'memory, encrypted', store: () => new EncryptingStore(memory(), cipher()), forgets: false },
  { name: 'Redis, cached', store: () => new CachedStore(peeking(redis()), memoryCache()), forgets: true },
  { name: 'memory, cached', store: () => new CachedStore(peeking(memory()), memoryCache()), forgets: false },
  { name: 'cookies', store: () => new CookieStore(envelope), forgets: true },
  { name: 'cookies, revocable by Redis', store: () => new CookieStore(envelope, redis()), forgets: true },
  { name: 'cookies, revocable by memory', store: () => new CookieStore(envelope, memory()), forgets: false },
])('What has expired is forgotten by itself in $name: $forgets', ({ store, forgets }) => {
  expect(store().forgetsExpired ?? false).toBe(forgets);
});
