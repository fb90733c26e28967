import type { SessionRecord } from '../stores/session-record.js';
import type { SessionSettings } from './session-settings.js';

/** A token that has just died. */
export interface EndedToken {
  readonly id: string;
  /** Whether it has the secret with this hash. */
  matches(secretHash: string): boolean;
}

/** The session that has taken the place of another. */
export type SessionHeir = Pick<SessionRecord, 'id' | 'userId'>;

/** The end of a session, or of a secret. */
interface Death {
  readonly at: number;
  /** Who has taken its place, for whoever holds the secret with this hash. */
  readonly heir?: SessionHeir & { readonly secretHash: string };
}

/** How long a response with a dead token may still be on its way out, in milliseconds. */
const RETENTION = 10 * 60 * 1000;

/**
 * Tokens whose clients are told that they are dead, by a flush or by a new one: session ids that have ended, and hashes
 * of secrets that were renewed. In this process only.
 *
 * Requests that were on their way meanwhile still carry such a token. For `renewGrace` they are latecomers, not
 * strangers: clearing their cookie, or starting a session for them, would take away the token that the browser has got
 * by now. And no response that was decided before may give the dead one back.
 */
export class DeadTokens {
  /** In the order in which they died. */
  readonly #died = new Map<string, Death>();
  /** What the store is ending at this moment: whether it has, nobody can say. */
  readonly #dying = new Map<string, Set<Death>>();

  constructor(private readonly settings: SessionSettings) {}

  add(idOrHash: string, heir?: Death['heir']): void {
    const now = this.settings.now();
    for (const [old, died] of this.#died) {
      if (died.at + Math.max(RETENTION, this.settings.renewGrace) > now) {
        break;
      }
      this.#died.delete(old);
    }
    this.#died.delete(idOrHash);
    this.#died.set(idOrHash, { at: now, heir });
  }

  /**
   * Counts a session as dead from before the store is asked to end it: a latecomer might see the end before we hear of
   * it. Afterwards it is dead when `hasEnded` says so.
   */
  async while<T>(
    id: string,
    heir: Death['heir'],
    end: () => Promise<T>,
    hasEnded: (result: T) => boolean,
  ): Promise<T> {
    const dying: Death = { at: this.settings.now(), heir };
    const others = this.#dying.get(id) ?? new Set();
    this.#dying.set(id, others.add(dying));
    try {
      const result = await end();
      if (hasEnded(result)) {
        this.add(id, heir);
      }
      return result;
    } finally {
      others.delete(dying);
      if (others.size === 0) {
        this.#dying.delete(id);
      }
    }
  }

  has(idOrHash: string): boolean {
    return this.#died.has(idOrHash) || this.#dying.has(idOrHash);
  }

  /** Whether it died so shortly ago that a request may innocently carry it. */
  hasJust(id: string): boolean {
    return this.#deathsOf(id).some(({ at }) => at + this.settings.renewGrace > this.settings.now());
  }

  /** The sessions that have taken the place of a dead one, or may have, told to who can prove a right to that one. */
  heirsOf(ended: EndedToken): SessionHeir[] {
    const first = this.#deathsOf(ended.id).flatMap(({ heir }) =>
      heir && ended.matches(heir.secretHash) ? [heir] : [],
    );
    return first.flatMap((heir) => [heir, ...this.#heirsOfHeir(heir)]);
  }

  #heirsOfHeir({ id }: SessionHeir): SessionHeir[] {
    return this.#deathsOf(id).flatMap(({ heir }) => (heir ? [heir, ...this.#heirsOfHeir(heir)] : []));
  }

  #deathsOf(id: string): Death[] {
    const died = this.#died.get(id);
    return [...(died ? [died] : []), ...(this.#dying.get(id) ?? [])];
  }
}
