import type { SessionRecord } from './session-record.js';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
/** JSON writes no other numbers, but it reads `1e999`. */
const isNumber: Check = (value) => Number.isFinite(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const FIELDS: Readonly<Record<keyof SessionRecord, Check>> = {
  id: isText,
  secretHash: isText,
  previousHash: orNull(isText),
  previousUntil: orNull(isNumber),
  data: isText,
  version: isNumber,
  userId: orNull(isText),
  createdAt: isNumber,
  authenticatedAt: orNull(isNumber),
  lastSeenAt: isNumber,
  expiresAt: isNumber,
  absoluteExpiresAt: orNull(isNumber),
  ip: orNull(isText),
  userAgent: orNull(isText),
  audience: orNull(isText),
  groupId: orNull(isText),
};

/** The record that a storage gave back, and nothing beside it; `undefined` when a field of it is missing or is wrong. */
export function wholeRecord(value: unknown): SessionRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  const fields = Object.entries(FIELDS);
  if (!fields.every(([name, check]) => check(record[name]))) return undefined;
  return Object.fromEntries(fields.map(([name]) => [name, record[name]])) as unknown as SessionRecord;
}

/**
 * The number that a storage keeps as text, as we have written it; `undefined` for any other text. `Number()` would read
 * `''` as 0 and `' 1'` as 1, which the storage then compares as another value than the one that was read.
 */
export function writtenNumber(text: string): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : undefined;
}
