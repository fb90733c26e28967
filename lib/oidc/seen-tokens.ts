import type { SessionRepository } from '../core/session.repository.js';
import { sideId, type SideKey } from '../core/side-records.js';
import type { LogoutToken } from './logout-token.js';

/** Beyond the end of a token, in milliseconds: clocks are never quite the same. */
const SLACK = 60_000;

/** The logout tokens that have been acted on, in the store, so that no process does so again. */
export class SeenTokens {
  constructor(
    private readonly repository: SessionRepository,
    /** A provider may send one token to several applications. */
    private readonly clientId: string,
  ) {}

  async has(token: LogoutToken): Promise<boolean> {
    return (await this.repository.side.get(this.#keyOf(token))) !== undefined;
  }

  /** Once it has been acted on: what fails before that may be tried again. */
  async add(token: LogoutToken): Promise<void> {
    await this.repository.side.put(this.#keyOf(token), {
      content: {},
      expiresAt: token.exp * 1000 + SLACK,
    });
  }

  #keyOf({ iss, jti }: LogoutToken): SideKey {
    const kind = 'nest-sessions/oidc-token';
    return { id: sideId(kind, this.clientId, iss, jti), kind };
  }
}
