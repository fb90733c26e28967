import type { GroupPolicy } from '../core/session-groups.js';
import { Deliveries } from './deliveries.js';
import type { ConsumerRole } from './handoff-role.js';
import { postJson } from './post-json.js';

/**
 * Logins that were begun in this store by another application, the issuer. Where one ends that applications with stores of
 * their own take part in, the issuer has to tell them: it alone has their keys.
 */
export class SharedGroups implements GroupPolicy {
  readonly leads = false;
  readonly #deliveries = new Deliveries();

  constructor(private readonly role: Pick<ConsumerRole, 'issuer' | 'backChannel'>) {}

  async tell(groupId: string, parties: readonly string[]): Promise<void> {
    if (parties.length > 0) {
      const { issuer, backChannel } = this.role;
      await this.#deliveries.send(
        issuer,
        async () => (await postJson(`${backChannel}/session/tell`, { groupId })).status === 200,
      );
    }
  }

  close(): void {
    this.#deliveries.close();
  }
}
