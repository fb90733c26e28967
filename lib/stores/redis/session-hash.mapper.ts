import { isNumeric, RECORD_FIELDS, wholeRecord, writtenNumber } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';

/** The fields of the hash of a session: the properties of a record under their own names; `null` has no field. */
export const SESSION_FIELDS = RECORD_FIELDS.filter((field) => field !== 'id');

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
    record[field] = value !== null && isNumeric(field) ? writtenNumber(value) : value;
  }
  return wholeRecord(record);
}
