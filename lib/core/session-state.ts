import type { SessionRecord } from '../stores/session-record.js';
import { EXPIRY_KEY } from './session-changes.js';
import { isPersistent, storedExpiryPolicy, type ExpiryPolicy } from './session-expiry.js';
import type { StagedIdentity } from './session-login.js';
import type { SessionOrigin } from './session-origin.interface.js';
import type { SessionRepository } from './session.repository.js';
import type { SessionStatus } from './session-status.js';
import type { SessionValues } from './session-values.js';
import { TokenDelivery } from './token-delivery.js';

/** Where the session of one request stands: what the store holds of it, and what the client is to hold. */
export class SessionState {
  #status: SessionStatus;
  #record: SessionRecord | undefined;
  #staged: StagedIdentity | undefined;
  readonly client: TokenDelivery;

  constructor(
    readonly repository: SessionRepository,
    readonly content: SessionValues,
    readonly origin: SessionOrigin,
  ) {
    this.#record = origin.stored?.record;
    this.#status = origin.ended ? 'ended' : this.#record ? 'stored' : 'new';
    this.client = new TokenDelivery(origin, repository.settings);
  }

  get status(): SessionStatus {
    return this.#status;
  }

  /** What the store holds; `undefined` while that is nothing. */
  get record(): SessionRecord | undefined {
    return this.#record;
  }

  /** What the session will be called, and whose it will be, with the next commit. While `starting` or `regenerating`. */
  get staged(): StagedIdentity | undefined {
    return this.#staged;
  }

  get policy(): ExpiryPolicy {
    return storedExpiryPolicy(this.content.get(EXPIRY_KEY));
  }

  get settings() {
    return this.repository.settings;
  }

  /** The session is this record, or nothing that is stored. */
  become(record: SessionRecord | undefined): void {
    this.#record = record;
    this.#status = record ? 'stored' : 'new';
    this.#staged = undefined;
  }

  /** The session is this record, or a new one, and gets an identity with the next commit. */
  stage(record: SessionRecord | undefined, identity: StagedIdentity): void {
    this.#record = record;
    this.#status = record ? 'regenerating' : 'starting';
    this.#staged = identity;
  }

  /** Another request has ended the session. */
  interrupt(id: string): void {
    this.#status = 'interrupted';
    this.#staged = undefined;
    this.client.keep();
    this.repository.events.emit({ type: 'interrupted', id });
  }

  /** The record is this now, and another request may have given it another secret. */
  see(record: SessionRecord): void {
    this.#record = record;
    this.client.see(record);
  }

  /** The record is this now; the client hears of it when its copy of the expiry has become wrong. */
  moved(after: SessionRecord, policyChanged: boolean): void {
    const hasMoved = after.expiresAt !== this.#record?.expiresAt;
    this.see(after);
    if (policyChanged || (hasMoved && isPersistent(this.policy, this.settings))) {
      this.client.refresh(after, this.policy);
    }
  }
}
