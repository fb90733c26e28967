import { writtenNumber } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';

type Property = Exclude<keyof SessionRecord, 'id'>;

/** The fields of the hash of a session: the properties of a record under their own names; `null` has no field. */
export const SESSION_FIELDS = [
  'secretHash',
  'previousHash',
  'previousUntil',
  'data',
  'version',
  'userId',
  'createdAt',
  'authenticatedAt',
  'lastSeenAt',
  'expiresAt',
  'absoluteExpiresAt',
  'ip',
  'userAgent',
  'audience',
  'groupId',
] as const satisfies readonly Property[];

const NUMBERS: ReadonlySet<Property> = new Set<Property>([
  'previousUntil',
  'version',
  'createdAt',
  'authenticatedAt',
  'lastSeenAt',
  'expiresAt',
  'absoluteExpiresAt',
]);

const REQUIRED: readonly Property[] = [
  'secretHash',
  'data',
  'version',
  'createdAt',
  'lastSeenAt',
  'expiresAt',
];

/** Fields and values in turn, as HSET takes them. */
export function toHash(record: SessionRecord): (string | number)[] {
  return SESSION_FIELDS.flatMap((field) => {
    const value = record[field];
    return value === null ? [] : [field, value];
  });
}

/** The record of values in the order of {@link SESSION_FIELDS}; `undefined` when they are no record. */
export function toRecord(id: string, values: readonly (string | null)[]): SessionRecord | undefined {
  const record: Record<string, unknown> = { id };
  for (const [index, field] of SESSION_FIELDS.entries()) {
    const value = values[index] ?? null;
    record[field] = value !== null && NUMBERS.has(field) ? writtenNumber(value) : value;
  }
  const isWhole =
    REQUIRED.every((field) => record[field] !== null) &&
    SESSION_FIELDS.every((field) => record[field] !== undefined);
  return isWhole ? (record as unknown as SessionRecord) : undefined;
}
