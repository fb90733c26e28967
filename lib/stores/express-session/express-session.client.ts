import type { SessionRecord } from '../session-record.js';
import { answerOf } from './callback.call.js';
import type { ExpressSessionStoreLike } from './express-session.like.js';
import { recordOf, toStored } from './stored.session.js';

/** The verbs of an express-session store with promises, records and one meaning of "not there". */
export class ExpressSessionClient {
  constructor(private readonly store: ExpressSessionStoreLike) {}

  /** The record under the id, alive or not. */
  async read(id: string): Promise<SessionRecord | undefined> {
    const { store } = this;
    try {
      const stored = await answerOf<unknown>(store.get, 2, (done) => store.get(id, done));
      const record = recordOf(stored);
      return record?.id === id ? record : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  async write(record: SessionRecord, now: number): Promise<void> {
    const { store } = this;
    await answerOf(store.set, 3, (done) => store.set(record.id, toStored(record, now), done));
  }

  async remove(id: string): Promise<void> {
    const { store } = this;
    try {
      await answerOf(store.destroy, 2, (done) => store.destroy(id, done));
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }

  /** All records at once, as the store has no other way; `undefined` when it has not even this one. */
  async readAll(): Promise<SessionRecord[] | undefined> {
    const { store } = this;
    if (!store.all) return undefined;
    const all = await answerOf<unknown>(store.all, 1, (done) => store.all!(done));
    const sessions: readonly unknown[] = Array.isArray(all) ? all : Object.values(all ?? {});
    return sessions.flatMap((stored) => recordOf(stored) ?? []);
  }
}

/**
 * File stores report a missing session as an error, and stores that parse report an unreadable one so. A server whose
 * Unix socket is gone is not a session that is.
 */
function isAbsence(error: unknown): boolean {
  const { code, name, syscall } = error as { code?: unknown; name?: unknown; syscall?: unknown };
  return (code === 'ENOENT' && syscall !== 'connect') || name === 'SyntaxError';
}
