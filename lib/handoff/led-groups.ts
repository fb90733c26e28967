import type { GroupPolicy } from '../core/session-groups.js';
import { Deliveries } from './deliveries.js';
import type { IssuerRole } from './handoff-role.js';
import { postJson } from './post-json.js';
import { signMessage } from './signed-message.js';

/** The logins of an issuer: every one begins a group, and applications with stores of their own are told when it ends. */
export class LedGroups implements GroupPolicy {
  readonly leads = true;
  readonly #deliveries = new Deliveries();

  constructor(
    private readonly role: IssuerRole,
    private readonly now: () => number,
  ) {}

  /** Done when every application was told, or tried once. */
  async tell(groupId: string, parties: readonly string[]): Promise<void> {
    await Promise.all(
      parties.map((party) => this.#deliveries.send(party, () => this.#deliver(groupId, party))),
    );
  }

  close(): void {
    this.#deliveries.close();
  }

  async #deliver(groupId: string, party: string): Promise<boolean> {
    const remote = this.role.parties.get(party)?.remote;
    if (!remote) {
      // What is no longer set up has no sessions of ours.
      return true;
    }
    const address = { from: this.role.issuer, to: party, key: remote.key, now: this.now };
    const message = await signMessage('ended', { groupId }, address);
    return (await postJson(remote.logoutUrl, { message })).status === 200;
  }
}
