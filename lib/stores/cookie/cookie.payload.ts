import { wholeRecord } from '../session-record.check.js';
import type { SessionRecord } from '../session-record.js';

/** What of a record travels beside its data. A client knows itself, and a sealed record needs no secret. */
const HEAD = [
  'id',
  'version',
  'userId',
  'createdAt',
  'authenticatedAt',
  'lastSeenAt',
  'expiresAt',
  'absoluteExpiresAt',
  'audience',
  'groupId',
] as const satisfies readonly (keyof SessionRecord)[];

/** The head in JSON, a line feed, and the data as it is: escaping it once more would make it larger. */
export function encodeRecord(record: SessionRecord): Uint8Array {
  const head = JSON.stringify(HEAD.map((property) => record[property]));
  return new TextEncoder().encode(`${head}\n${record.data}`);
}

/** `undefined` when it is no record, though one of our keys has sealed it: for something else, or in another form. */
export function decodeRecord(payload: Uint8Array): SessionRecord | undefined {
  const text = new TextDecoder().decode(payload);
  const end = text.indexOf('\n');
  const values = listIn(text.slice(0, end));
  return wholeRecord({
    ...Object.fromEntries(HEAD.map((property, index) => [property, values[index] ?? null])),
    data: text.slice(end + 1),
    secretHash: '',
    previousHash: null,
    previousUntil: null,
    ip: null,
    userAgent: null,
  });
}

function listIn(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
