import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SessionRecord } from '../stores/session-record.js';
import type { SessionStore } from '../stores/session-store.js';
import type { SessionEvents } from './session-events.js';
import type { SessionSettings } from './session-settings.js';
import { SessionContentionError } from './session.errors.js';
import { noSource, sideRecord, type SideKind } from './side-record.js';
import { guardStore } from './store-guard.js';

/** What a side record is put under: a random id, or one that {@link sideId} makes of a name. */
export interface SideKey {
  readonly id: string;
  readonly kind: SideKind;
}

/** A side record as it is kept. */
export interface SideEntry<Content> {
  readonly content: Content;
  readonly secretHash: string;
  /** In milliseconds. */
  readonly expiresAt: number;
}

/** What to write, and until when it is to be kept; in milliseconds. */
export interface SideChange<Content> {
  readonly content: Content;
  readonly expiresAt: number;
}

const ROUNDS = 40;
const LONGEST_PAUSE_MS = 50;

/** The id that belongs to a name, such as that of a session at an identity provider. */
export function sideId(kind: SideKind, ...name: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, ...name]))
    .digest('hex')
    .slice(0, 32);
}

/**
 * What single sign-on has to remember beside the sessions, in the same store and with its guarantees: tickets, groups,
 * and what has been logged out. A side record is an ordinary record; its kind stands where a session has its audience, so
 * that neither passes for the other.
 */
export class SideRecords {
  constructor(
    private readonly store: SessionStore,
    private readonly settings: Pick<SessionSettings, 'now'>,
    private readonly events: SessionEvents,
  ) {}

  /** Keeps something new. Whether it did: `false` when there is something under the key. */
  async put<Content>(
    { id, kind }: SideKey,
    { content, expiresAt }: SideChange<Content>,
    secretHash?: string,
  ): Promise<boolean> {
    const record = sideRecord({
      id,
      kind,
      data: JSON.stringify(content),
      now: this.settings.now(),
      expiresAt,
      secretHash,
    });
    const create = () => this.#guard('create', () => this.store.create(record, noSource(id)));
    return (await create()) || ((await this.#isUnreadable({ id, kind })) && this.#destroy(id).then(create));
  }

  async get<Content>(key: SideKey): Promise<SideEntry<Content> | undefined> {
    const record = await this.#load(key.id);
    return record && readEntry<Content>(record, key);
  }

  /** What is kept, and keeps it no longer: of several calls at once at most one is given it. */
  async take<Content>(key: SideKey): Promise<SideEntry<Content> | undefined> {
    const entry = await this.get<Content>(key);
    return entry && (await this.#destroy(key.id)) ? entry : undefined;
  }

  /**
   * Writes what `change` makes of what is kept, nothing when it makes nothing of it; run again when another request was
   * first. What is kept then; `undefined` when that is nothing.
   * @throws SessionContentionError when its turn does not come.
   */
  async change<Content>(
    key: SideKey,
    change: (entry: SideEntry<Content>) => SideChange<Content> | undefined,
  ): Promise<Content | undefined> {
    for (let round = 1; round <= ROUNDS; round++) {
      const record = await this.#load(key.id);
      const entry = record && readEntry<Content>(record, key);
      if (!entry) {
        return undefined;
      }
      const next = change(entry);
      if (!next) {
        return entry.content;
      }
      const activity = { lastSeenAt: this.settings.now(), expiresAt: next.expiresAt };
      const { outcome } = await this.#guard('commit', () =>
        this.store.commit(
          key.id,
          record.version,
          { data: JSON.stringify(next.content), ...activity },
          noSource(key.id),
        ),
      );
      if (outcome !== 'conflict') {
        return outcome === 'committed' ? next.content : undefined;
      }
      await delay(Math.random() * Math.min(2 ** round, LONGEST_PAUSE_MS));
    }
    throw new SessionContentionError(key.id);
  }

  /** Whether there is something of the kind that nobody can read any more, such as after a change of `encryption`. */
  async #isUnreadable(key: SideKey): Promise<boolean> {
    const record = await this.#load(key.id);
    return record?.audience === key.kind && !readEntry(record, key);
  }

  /** As `change()`, and puts `first` where there is nothing. What is kept then. @throws SessionContentionError */
  async changeOrPut<Content>(
    key: SideKey,
    change: (entry: SideEntry<Content>) => SideChange<Content> | undefined,
    first: SideChange<Content>,
  ): Promise<Content> {
    for (let round = 1; round <= ROUNDS; round++) {
      const changed = await this.change(key, change);
      if (changed !== undefined) {
        return changed;
      }
      if (await this.put(key, first)) {
        return first.content;
      }
    }
    throw new SessionContentionError(key.id);
  }

  #load(id: string): Promise<SessionRecord | undefined> {
    return this.#guard('load', () => this.store.load(id));
  }

  #destroy(id: string): Promise<boolean> {
    return this.#guard('destroy', () => this.store.destroy(id));
  }

  #guard<T>(verb: string, run: () => Promise<T>): Promise<T> {
    return guardStore(verb, this.events, run);
  }
}

/** A record of another kind, or one that cannot be read, is none. */
function readEntry<Content>(record: SessionRecord, { kind }: SideKey): SideEntry<Content> | undefined {
  if (record.audience !== kind) {
    return undefined;
  }
  try {
    const { secretHash, expiresAt } = record;
    return { content: JSON.parse(record.data) as Content, secretHash, expiresAt };
  } catch {
    return undefined;
  }
}
