import type { GroupPolicy } from '../core/session-groups.js';
import type { SessionRepository } from '../core/session.repository.js';
import type { IssuerClient } from './issuer.client.js';
import { idAtIssuer } from './remote-group.js';

/** So many logins are known by heart; what is beyond that is asked for again. */
const MOST_KNOWN = 10_000;

/**
 * Logins that were begun in another store. Their end is told by the issuer; for the case that the message is lost, it is
 * asked again from time to time, by whoever uses the session. Once the time is over the session is not used without an
 * answer.
 */
export class RemoteGroups implements GroupPolicy {
  readonly leads = false;
  /** When the issuer last said that a login holds. */
  readonly #confirmed = new Map<string, number>();
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(
    private readonly client: Pick<IssuerClient, 'check' | 'end'>,
    private readonly repository: SessionRepository,
    private readonly recheckEvery: number,
  ) {}

  /** The issuer has just said so. */
  know(groupId: string): void {
    this.#confirmed.delete(groupId);
    this.#confirmed.set(groupId, this.repository.settings.now());
    if (this.#confirmed.size > MOST_KNOWN) {
      this.#confirmed.delete(this.#confirmed.keys().next().value!);
    }
  }

  /** @throws HandoffUnavailableError when the time is over and the issuer does not answer. */
  confirm(groupId: string): boolean | Promise<boolean> {
    const id = idAtIssuer(groupId);
    if (id === undefined) {
      return true;
    }
    const age = this.repository.settings.now() - (this.#confirmed.get(groupId) ?? -Infinity);
    if (age < this.recheckEvery / 2) {
      return true;
    }
    const answer = this.#ask(groupId, id);
    if (age >= this.recheckEvery) {
      return answer;
    }
    // An issuer that is away for a moment is no reason to keep anybody waiting; it is asked again with the next use.
    answer
      .then((goesOn) => (goesOn ? undefined : this.repository.endings.destroyGroup(groupId)))
      .catch(() => undefined);
    return true;
  }

  async endAtOrigin(groupId: string): Promise<void> {
    const id = idAtIssuer(groupId);
    if (id !== undefined) {
      await this.client.end(id);
    }
  }

  #ask(groupId: string, id: string): Promise<boolean> {
    const running = this.#asking.get(groupId);
    if (running) {
      return running;
    }
    const asking = this.client
      .check(id)
      .then((goesOn) => {
        if (goesOn) {
          this.know(groupId);
        } else {
          this.#confirmed.delete(groupId);
        }
        return goesOn;
      })
      .finally(() => this.#asking.delete(groupId));
    this.#asking.set(groupId, asking);
    return asking;
  }
}
