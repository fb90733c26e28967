import type { SessionRecord } from '../stores/session-record.js';
import { isPersistent, type ExpiryPolicy } from './session-expiry.js';
import type { SessionOrigin } from './session-origin.interface.js';
import type { SessionSettings } from './session-settings.js';
import type { SessionToken } from './session-token.js';
import { SessionUndeliverableError } from './session.errors.js';
import type { ClientToken, TokenOutcome } from './token-outcome.js';

/** The token of one request's session: the one that the client holds, and the one that it is to hold. */
export class TokenDelivery {
  #token: SessionToken | undefined;
  #outcome: TokenOutcome;

  constructor(
    private readonly origin: SessionOrigin,
    private readonly settings: SessionSettings,
  ) {
    this.#token = origin.token;
    this.#outcome = origin.isStale ? { kind: 'clear', because: 'stale' } : { kind: 'keep' };
  }

  get outcome(): TokenOutcome {
    return this.#outcome;
  }

  /** The token that the client holds, when it is the current one. */
  get token(): SessionToken | undefined {
    return this.#token;
  }

  /** Whether a token can still reach the client. */
  get isOpen(): boolean {
    return this.origin.canSendToken?.() ?? true;
  }

  /** @throws SessionUndeliverableError when no token can reach the client any more. */
  refuseUnlessOpen(what: string): void {
    if (!this.isOpen) {
      throw new SessionUndeliverableError(what);
    }
  }

  /** The client is to get this token for the record. */
  give(token: SessionToken, record: SessionRecord, policy: ExpiryPolicy): void {
    this.#token = token;
    this.#send(token, record, policy);
  }

  /** The client's token stays; what it knows of its end has become wrong. */
  refresh(record: SessionRecord, policy: ExpiryPolicy): void {
    if (this.#token) {
      this.#send(this.#token, record, policy);
    }
  }

  /** The client is to get the record itself. */
  giveSealed(token: ClientToken, record: SessionRecord, policy: ExpiryPolicy): void {
    this.#send(token, record, policy);
  }

  /** Another request may have renewed the secret: its response brings the new one, ours must not follow with the old. */
  see({ secretHash }: SessionRecord): void {
    if (this.#token && !this.#token.matches(secretHash)) {
      this.forget();
    }
  }

  /** Whatever the client holds is no business of this request any more. */
  forget(): void {
    this.#token = undefined;
    this.keep();
  }

  keep(): void {
    this.#outcome = { kind: 'keep' };
  }

  /** The session has ended by its own wish. */
  end(clientHasToken: boolean): void {
    const isLeft = clientHasToken || this.#outcome.kind === 'clear';
    this.#token = undefined;
    this.#outcome = isLeft ? { kind: 'clear', because: 'flushed' } : { kind: 'keep' };
  }

  #send(token: ClientToken, { expiresAt }: SessionRecord, policy: ExpiryPolicy): void {
    this.#outcome = {
      kind: 'send',
      token,
      expiresAt: isPersistent(policy, this.settings) ? expiresAt : undefined,
    };
  }
}
