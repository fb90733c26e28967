import { createHash } from 'node:crypto';
import type { SessionRecord } from '../session-record.js';

const BEFORE_SUM = Buffer.from('{"sha256":"');
const BEFORE_RECORDS = Buffer.from('","records":');
const SUM_LENGTH = 43;
const RECORDS_AT = BEFORE_SUM.length + SUM_LENGTH + BEFORE_RECORDS.length;
const AFTER_RECORDS = '}'.charCodeAt(0);

/**
 * The content of a file: JSON with a checksum over the bytes of the records, so that no damage goes unnoticed.
 *
 * A file under the name of a session holds that session, and for a moment also the one that is about to replace it.
 * Whichever has the id that the file is named after counts, so that renaming the file swaps the two in one step.
 */
export function encodeRecords(...records: readonly SessionRecord[]): Buffer {
  const body = Buffer.from(JSON.stringify(records.map(ownFields)));
  return Buffer.concat([BEFORE_SUM, Buffer.from(sumOf(body)), BEFORE_RECORDS, body, Buffer.from('}')]);
}

/** The record with this id; `undefined` when a single byte is not what was written, or it holds others only. */
export function decodeRecord(bytes: Buffer, id: string): SessionRecord | undefined {
  const sumAt = BEFORE_SUM.length;
  const sumEnd = sumAt + SUM_LENGTH;
  const body = bytes.subarray(RECORDS_AT, -1);
  const isWhole =
    bytes.length > RECORDS_AT &&
    bytes.at(-1) === AFTER_RECORDS &&
    bytes.subarray(0, sumAt).equals(BEFORE_SUM) &&
    bytes.subarray(sumEnd, RECORDS_AT).equals(BEFORE_RECORDS) &&
    bytes.toString('latin1', sumAt, sumEnd) === sumOf(body);
  if (!isWhole) return undefined;
  const records = JSON.parse(body.toString()) as SessionRecord[];
  const record = records.find((one) => one.id === id);
  return record && ownFields(record);
}

function sumOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** Nothing but the fields of a record: what a caller has on the object beside them is not to reach the disk. */
function ownFields(record: SessionRecord): SessionRecord {
  return {
    id: record.id,
    secretHash: record.secretHash,
    previousHash: record.previousHash,
    previousUntil: record.previousUntil,
    data: record.data,
    version: record.version,
    userId: record.userId,
    createdAt: record.createdAt,
    authenticatedAt: record.authenticatedAt,
    lastSeenAt: record.lastSeenAt,
    expiresAt: record.expiresAt,
    absoluteExpiresAt: record.absoluteExpiresAt,
    ip: record.ip,
    userAgent: record.userAgent,
    audience: record.audience,
    groupId: record.groupId,
  };
}
