import type { SessionRecord } from './session-record.js';

type Kind = 'text' | 'text or null' | 'number' | 'number or null';

const KINDS: Readonly<Record<keyof SessionRecord, Kind>> = {
  id: 'text',
  secretHash: 'text',
  previousHash: 'text or null',
  previousUntil: 'number or null',
  data: 'text',
  version: 'number',
  userId: 'text or null',
  createdAt: 'number',
  authenticatedAt: 'number or null',
  lastSeenAt: 'number',
  expiresAt: 'number',
  absoluteExpiresAt: 'number or null',
  ip: 'text or null',
  userAgent: 'text or null',
  audience: 'text or null',
  groupId: 'text or null',
};

/** The names of all fields. */
export const RECORD_FIELDS = Object.keys(KINDS) as readonly (keyof SessionRecord)[];

const NUMERIC = fieldsWhere((kind) => kind.startsWith('number'));
const NULLABLE = fieldsWhere((kind) => kind.endsWith('null'));

function fieldsWhere(applies: (kind: Kind) => boolean): ReadonlySet<keyof SessionRecord> {
  return new Set(RECORD_FIELDS.filter((field) => applies(KINDS[field])));
}

/** Whether the field holds a number, or `null`. */
export function isNumeric(field: keyof SessionRecord): boolean {
  return NUMERIC.has(field);
}

function isOfKind(field: keyof SessionRecord, value: unknown): boolean {
  if (value === null) return NULLABLE.has(field);
  // JSON writes no other numbers, but it reads `1e999`.
  return isNumeric(field) ? Number.isFinite(value) : typeof value === 'string';
}

/** The record that a storage gave back, and nothing beside it; `undefined` when a field of it is missing or is wrong. */
export function wholeRecord(value: unknown): SessionRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const record: Record<string, unknown> = {};
  for (const field of RECORD_FIELDS) {
    if (!isOfKind(field, given[field])) return undefined;
    record[field] = given[field];
  }
  return record as unknown as SessionRecord;
}

/**
 * The number that a storage keeps as text, as we have written it; `undefined` for any other text. `Number()` would read
 * `''` as 0 and `' 1'` as 1, which the storage then compares as another value than the one that was read.
 */
export function writtenNumber(text: string): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : undefined;
}
