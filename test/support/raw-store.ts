import type { SessionStoreDefinition } from 'nest-sessions';
import { newRecord } from './redis-servers.js';

/** What a storage keeps of one session, piece by piece, to the byte. */
export type Pieces = Readonly<Record<string, Buffer>>;

/** What a plain reader of the pieces finds: no code of ours is asked. */
export interface Reading {
  readonly secretHash: string;
  readonly data: string;
}

/** A store, and its storage behind its back. */
export interface RawStore {
  readonly definition: SessionStoreDefinition;
  take(id: string): Promise<Pieces>;
  /** Puts the pieces where the session was. `false`: the storage itself refuses to keep such a thing. */
  put(id: string, pieces: Pieces): Promise<boolean>;
  /** Throws when the pieces make no record. */
  read(pieces: Pieces): Reading;
  close(): Promise<void>;
}

const parse = (bytes: Buffer) => JSON.parse(bytes.toString());

const FIELDS = Object.keys(newRecord(0));

/** JSON that has lost a field, or has a number that is none, is no record. */
function whole(record: any): Reading {
  if (!FIELDS.every((name) => name in record)) throw new Error('a field is missing');
  if (Object.values(record).includes(Infinity)) throw new Error('no number');
  return record;
}

/** One piece: the session as express-session stores write it. */
export const inExpress = {
  read: ({ session }: Pieces): Reading => whole(parse(session!).record),
};

/** Two pieces, each in the envelope of Keyv. */
export const inKeyv = {
  read: ({ record, licence }: Pieces): Reading => {
    if (typeof parse(licence!).value !== 'string') throw new Error('no licence');
    return whole(JSON.parse(parse(record!).value));
  },
};
