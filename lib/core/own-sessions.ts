import type { SessionHead, SessionRecord } from '../stores/session-record.js';
import type { SessionStore } from '../stores/session-store.js';
import type { SessionEvents } from './session-events.js';
import type { SessionSettings } from './session-settings.js';
import { SessionCapabilityError } from './session.errors.js';
import { guardStore } from './store-guard.js';

/**
 * Which sessions in a store are this application's, where several share one: those of its audience, or without one those
 * that have none either. The others are neither shown nor touched.
 */
export class OwnSessions {
  constructor(
    private readonly store: SessionStore,
    private readonly settings: SessionSettings,
    private readonly events: SessionEvents,
  ) {}

  has({ audience }: Pick<SessionRecord, 'audience'>): boolean {
    return audience === this.settings.audience;
  }

  /** Whether the id is that of another application's session. */
  async isForeign(id: string): Promise<boolean> {
    const head = await this.head(id);
    return head !== undefined && !this.has(head);
  }

  /** What lives under the id, whoever it belongs to. */
  head(id: string): Promise<SessionHead | undefined> {
    const { store } = this;
    return this.#guard('load', async () => (store.peek ? store.peek(id) : store.load(id)));
  }

  /** The living ones of a user, last seen first. @throws SessionCapabilityError when the store cannot find them. */
  async ofUser(userId: string): Promise<SessionRecord[]> {
    return (await this.#all(userId)).filter((record) => this.has(record));
  }

  /** Ends those of a user at once, but one perhaps. How many. @throws SessionCapabilityError as `ofUser()`. */
  async destroyOfUser(userId: string, options: { readonly except?: string }): Promise<number> {
    const { store } = this;
    const isAlone =
      this.settings.audience === null && (await this.#all(userId)).every((record) => this.has(record));
    // In one step, where the store has one that spares nobody.
    return isAlone
      ? this.#guard('destroyByUser', () => store.destroyByUser!(userId, options))
      : this.destroyEachOfUser(userId, options, (id) => this.#guard('destroy', () => store.destroy(id)));
  }

  /** As `destroyOfUser()`, with what it takes to end one. */
  async destroyEachOfUser(
    userId: string,
    { except }: { readonly except?: string },
    destroy: (id: string) => Promise<boolean>,
  ): Promise<number> {
    const seen = new Set([except]);
    let count = 0;
    // A session may get another id while it is looked for: only the second look that finds nothing new is the last.
    for (let looks = 1, fresh: string[] = []; looks <= 2 || fresh.length > 0; looks++) {
      fresh = (await this.ofUser(userId)).map(({ id }) => id).filter((id) => !seen.has(id));
      const ended = await Promise.all(fresh.map(destroy));
      count += ended.filter(Boolean).length;
      fresh.forEach((id) => seen.add(id));
    }
    return count;
  }

  #all(userId: string): Promise<SessionRecord[]> {
    if (!this.store.findByUser) {
      throw new SessionCapabilityError(this.store.name, 'find the sessions of a user');
    }
    return this.#guard('findByUser', () => this.store.findByUser!(userId));
  }

  #guard<T>(verb: string, run: () => Promise<T>): Promise<T> {
    return guardStore(verb, this.events, run);
  }
}
