import { LuaScript } from './lua.script.js';
import { SESSION_FIELDS } from './session-hash.mapper.js';

const fields = SESSION_FIELDS.map((field) => `'${field}'`).join(', ');

/** Reads the record KEYS[1], and whether it is alive at ARGV[1]. A pending one is not. */
const state = `
local key, now = KEYS[1], tonumber(ARGV[1])
local values = redis.call('HMGET', key, 'expiresAt', 'pending', 'version', 'secretHash', 'userId', 'indexedUntil')
local expiresAt, pending, version, secretHash, userId, indexedUntil = unpack(values)
local alive = not pending and (tonumber(expiresAt) or 0) > now
`;

/** Ends the script unless the record is alive and has the version ARGV[2]. */
const expected = `${state}
if not alive then return {'gone'} end
if version ~= ARGV[2] then return {'conflict', unpack(redis.call('HMGET', key, ${fields}))} end
`;

/** ARGV[3] expiresAt, [4] lastSeenAt, [5] time to live, [6] until when the index lists it, or 0 for as before. */
const prolong = `
if userId and tonumber(ARGV[3]) > math.max(tonumber(indexedUntil) or 0, tonumber(ARGV[6])) then
  return {'unlisted', userId, redis.call('HGET', key, 'absoluteExpiresAt')}
end
redis.call('HSET', key, 'expiresAt', ARGV[3], 'lastSeenAt', ARGV[4])
if ARGV[6] ~= '0' then redis.call('HSET', key, 'indexedUntil', ARGV[6]) end
redis.call('PEXPIRE', key, ARGV[5])
`;

/**
 * Each verb as one script over the keys of one slot. `ARGV[1]` is always the present, by the clock of the session
 * module: Redis's own decides nothing.
 */
export const scripts = {
  load: new LuaScript(`
local values = redis.call('HMGET', KEYS[1], 'expiresAt', 'pending', ${fields})
if values[2] or (tonumber(values[1]) or 0) <= tonumber(ARGV[1]) then return {'gone'} end
return {'found', unpack(values, 3)}
`),

  /** ARGV[2] time to live, [3…] the fields. */
  create: new LuaScript(`
local values = redis.call('HMGET', KEYS[1], 'expiresAt', 'pending')
if values[2] or (tonumber(values[1]) or 0) > tonumber(ARGV[1]) then return {'taken'} end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'written'}
`),

  /** ARGV[7] data. */
  commit: new LuaScript(`${expected}${prolong}
redis.call('HSET', key, 'data', ARGV[7])
redis.call('HINCRBY', key, 'version', 1)
return {'written'}
`),

  touch: new LuaScript(`${expected}${prolong}
return {'written'}
`),

  /** ARGV[2] the expected hash, [3] the new one, [4] until when the one before is accepted. */
  rotate: new LuaScript(`${state}
if not alive or secretHash ~= ARGV[2] then return {'gone'} end
redis.call('HSET', key, 'previousHash', secretHash, 'previousUntil', ARGV[4], 'secretHash', ARGV[3])
return {'written'}
`),

  /** Where both records may be touched at once. KEYS[2] the new record; ARGV[3] its time to live, [4…] its fields. */
  replace: new LuaScript(`${expected}
if redis.call('EXISTS', KEYS[2]) == 1 then return {'taken'} end
redis.call('DEL', key)
redis.call('HSET', KEYS[2], unpack(ARGV, 4))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {'written', userId}
`),

  /** The step of a replacement that decides it. */
  remove: new LuaScript(`${expected}
redis.call('DEL', key)
return {'written', userId}
`),

  /** ARGV[2] time to live. */
  activate: new LuaScript(`${state}
if not pending then return {'gone'} end
redis.call('HDEL', key, 'pending')
redis.call('PEXPIRE', key, ARGV[2])
return {'written'}
`),

  /** ARGV[2] the user whose record it has to be, if given. */
  destroy: new LuaScript(`${state}
if not expiresAt or (ARGV[2] and userId ~= ARGV[2]) then return {'gone'} end
redis.call('DEL', key)
return alive and {'written', userId} or {'gone'}
`),

  clear: new LuaScript(`${state}
if not expiresAt or (tonumber(expiresAt) or 0) > now then return {'gone'} end
redis.call('DEL', key)
return {'written'}
`),

  /** ARGV[2] id, [3] until when to list it, [4] how long the index outlives its last entry. */
  list: new LuaScript(`
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local before = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not before or tonumber(before) < tonumber(ARGV[3]) then redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2]) end
local last = tonumber(redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2])
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - tonumber(ARGV[1]) + tonumber(ARGV[4])))
return {'written'}
`),

  listed: new LuaScript(`
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf')
table.insert(ids, 1, 'found')
return ids
`),

  unlist: new LuaScript(`
redis.call('ZREM', KEYS[1], unpack(ARGV, 2))
return {'written'}
`),
} as const;
