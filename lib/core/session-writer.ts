import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRecord } from '../stores/session-record.js';
import type { CommitResult, SessionChange, SessionSource, SessionStore } from '../stores/session-store.js';
import { CorruptRecordError } from './corrupt-record.error.js';
import { refuseOversize } from './data-size.js';
import { fittingText, refuseInvalid } from './data-validation.js';
import { RetryLanes, type RetryLane } from './retry-lanes.js';
import { EXPIRY_KEY, rebase, type SessionChanges } from './session-changes.js';
import type { SessionEvents } from './session-events.js';
import { activityOfWrite, storedExpiryPolicy } from './session-expiry.js';
import type { RecordIdentity } from './session-login.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionValues } from './session-values.js';
import { SessionContentionError } from './session.errors.js';
import { guardStore, StoreBypass } from './store-guard.js';

/** What a write left in the store; `undefined` when the session was gone. */
export type Written = SessionRecord | undefined;

/** The record as it will be once the changes are committed. */
interface NextState {
  readonly record: SessionRecord;
  readonly source: SessionSource;
}

/** How many rounds of compare-and-swap a write gets before it asks the store for its lock, and where there is none. */
const ROUNDS_BEFORE_LOCK = 5;
const ROUNDS_WITHOUT_LOCK = 40;
const LONGEST_PAUSE_MS = 50;

/** Whether the changes were made to this very record, or to another one and are to be put on top of this. */
export type Basis = 'loaded' | 'another';

type WriteVerb = 'commit' | 'replace';
export type Attempt = (base: SessionRecord, next: NextState) => Promise<CommitResult>;

/** Gets changes into the store, however many other requests write the same session. */
export class SessionWriter {
  readonly #lanes = new RetryLanes();

  constructor(
    private readonly store: SessionStore,
    private readonly settings: SessionSettings,
    private readonly events: SessionEvents,
  ) {}

  /**
   * Compare and swap: tries on the record as it was loaded; when another request was first, puts the changes on top of
   * what that one left and tries again; at last under the store's lock. Never gives up silently.
   */
  async write(
    loaded: SessionRecord,
    values: SessionValues,
    changes: SessionChanges,
    verb: WriteVerb,
    attempt: Attempt,
    identity: RecordIdentity = {},
    basis: Basis = 'loaded',
  ): Promise<Written> {
    try {
      const next =
        basis === 'loaded'
          ? this.#next(loaded, values.all, changes.text, changes, identity)
          : this.#rebased(loaded, changes, identity);
      const result = await this.#guard(verb, () => attempt(loaded, next));
      if (result.outcome === 'conflict' && this.store.sealer) {
        // What the other request has written is in its response, where nobody can rebase on it.
        this.#giveUp(loaded.id);
      }
      const written =
        result.outcome === 'conflict'
          ? await this.#lanes.run(loaded.id, (lane) =>
              this.#retry(loaded, changes, verb, attempt, identity, result.fresh, lane),
            )
          : result.outcome === 'committed'
            ? next.record
            : undefined;
      if (written) {
        values.committed(changes, written.data);
      }
      return written;
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) {
        throw error;
      }
      this.events.emit({ type: 'corrupt', id: loaded.id });
      return undefined;
    }
  }

  async #retry(
    { id }: SessionRecord,
    changes: SessionChanges,
    verb: WriteVerb,
    attempt: Attempt,
    identity: RecordIdentity,
    known: SessionRecord | undefined,
    lane: RetryLane,
  ): Promise<Written> {
    const canLock = verb === 'commit' && this.store.commitExclusively !== undefined;
    const rounds = canLock ? ROUNDS_BEFORE_LOCK : ROUNDS_WITHOUT_LOCK;
    let fresh = lane.latest ?? known;
    for (let round = 1; round < rounds; round++) {
      this.events.emit({ type: 'conflict', id, attempt: round });
      const base = fresh ?? (await this.#guard('load', () => this.store.load(id)));
      if (!base) {
        return undefined;
      }
      const next = this.#rebased(base, changes, identity);
      const result = await this.#guard(verb, () => attempt(base, next));
      if (result.outcome !== 'conflict') {
        const written = result.outcome === 'committed' ? next.record : undefined;
        // What was replaced is another session now, which no waiting request of the old one may write.
        lane.latest = verb === 'commit' ? written : undefined;
        return written;
      }
      // Other processes write as well: spread out, and look again after the pause.
      fresh = await pause(round);
    }
    this.events.emit({ type: 'conflict', id, attempt: rounds });
    return canLock ? (lane.latest = await this.#writeExclusively(id, changes)) : this.#giveUp(id);
  }

  async #writeExclusively(id: string, changes: SessionChanges): Promise<Written> {
    let next: NextState | undefined;
    const result = await this.#guard('commit', () =>
      this.store.commitExclusively!(id, (fresh) => {
        try {
          next = this.#rebased(fresh, changes, {});
        } catch (error) {
          throw new StoreBypass('rebase failed', { cause: error });
        }
        return { change: changeOf(next.record), source: next.source };
      }),
    );
    return result.outcome === 'conflict'
      ? this.#giveUp(id)
      : result.outcome === 'committed'
        ? next?.record
        : undefined;
  }

  #giveUp(id: string): never {
    throw new SessionContentionError(id);
  }

  #rebased(fresh: SessionRecord, changes: SessionChanges, identity: RecordIdentity): NextState {
    const { serializer } = this.settings;
    const data = rebase(changes, this.#dataOf(fresh), serializer);
    return this.#next(fresh, data, serializer.serialize(data), changes, identity);
  }

  #next(
    base: SessionRecord,
    data: Record<string, unknown>,
    text: string,
    changes: SessionChanges,
    identity: RecordIdentity,
  ): NextState {
    refuseOversize(text, data, this.store, this.settings);
    refuseInvalid(text, changes, this.settings);
    const owned: SessionRecord = { ...base, ...identity };
    const policyChanged =
      changes.operations.some(({ key }) => key === EXPIRY_KEY) || identity.authenticatedAt != null;
    const activity = activityOfWrite(
      owned,
      storedExpiryPolicy(data[EXPIRY_KEY]),
      policyChanged,
      this.settings,
    );
    return {
      record: { ...owned, ...activity, data: text, version: base.version + 1 },
      source: sourceOf(owned, data),
    };
  }

  #dataOf(record: SessionRecord): Record<string, unknown> {
    try {
      return this.settings.serializer.deserialize(fittingText(record, this.settings, this.events));
    } catch (error) {
      throw new CorruptRecordError(record.id, error);
    }
  }

  #guard<T>(verb: string, run: () => Promise<T>): Promise<T> {
    return guardStore(verb, this.events, run);
  }
}

/** What a store may derive columns of its own from. */
export function sourceOf({ id, userId }: SessionRecord, data: Record<string, unknown>): SessionSource {
  return { id, userId, data };
}

/** What an ordinary commit writes of a record. */
export function changeOf({ data, lastSeenAt, expiresAt }: SessionRecord): SessionChange {
  return { data, lastSeenAt, expiresAt };
}

/** Spreads the writers out, so that they do not meet again. What was fresh before is stale after. */
function pause(round: number): Promise<undefined> {
  return delay(Math.random() * Math.min(2 ** round, LONGEST_PAUSE_MS), undefined);
}
