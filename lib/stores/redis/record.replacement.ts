import { lifetime } from './record.lifetime.js';
import { isReply } from './redis.connection.js';
import type { ScriptReply } from './redis.connection.js';
import { PROBES } from './redis.records.js';
import type { RedisRecords } from './redis.records.js';
import { scripts } from './redis.scripts.js';

/** How long a successor waits for the step that makes it live, in milliseconds. */
const PENDING = 60_000;

/** The record that takes the place of another one. */
export interface Successor {
  readonly id: string;
  readonly expiresAt: number;
  /** Fields and values in turn. */
  readonly fields: readonly (string | number)[];
}

/** Puts a record in the place of another: by one script where a server may touch both, in three steps in a cluster. */
export class RecordReplacement {
  private takesOneStep = true;

  constructor(private readonly records: RedisRecords) {}

  /** Finds out whether one script may touch two records. */
  async probe(now: number): Promise<void> {
    const [one, two] = PROBES as [string, string];
    try {
      await this.records.runOnBoth(scripts.replace, [one, two], now, 0, 1);
      this.takesOneStep = true;
    } catch (error) {
      if (!isReply(error, 'CROSSSLOT')) throw error;
      this.takesOneStep = false;
    }
  }

  /** Replies as a commit does, or `taken` when there is a record with the id of the successor. */
  run(id: string, expectedVersion: number, successor: Successor, now: number): Promise<ScriptReply> {
    return this.takesOneStep
      ? this.inOneStep(id, expectedVersion, successor, now)
      : this.inSteps(id, expectedVersion, successor, now);
  }

  private inOneStep(
    id: string,
    expectedVersion: number,
    { id: newId, expiresAt, fields }: Successor,
    now: number,
  ): Promise<ScriptReply> {
    const ttl = lifetime(expiresAt, now);
    return this.records.runOnBoth(scripts.replace, [id, newId], now, expectedVersion, ttl, ...fields);
  }

  private async inSteps(
    id: string,
    expectedVersion: number,
    { id: newId, expiresAt, fields }: Successor,
    now: number,
  ): Promise<ScriptReply> {
    const created = await this.records.run(scripts.create, newId, now, PENDING, ...fields, 'pending', '1');
    if (created[0] === 'taken') return created;
    const removed = await this.records.run(scripts.remove, id, now, expectedVersion);
    if (removed[0] !== 'written') {
      await this.records.run(scripts.destroy, newId, now);
      return removed;
    }
    // Gone when the sessions of the user have been destroyed meanwhile.
    const [status] = await this.records.run(scripts.activate, newId, now, lifetime(expiresAt, now));
    return status === 'written' ? removed : [status];
  }
}
