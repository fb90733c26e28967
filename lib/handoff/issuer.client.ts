import type { JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';
import type { HandoffErrorCode } from './handoff.errors.js';
import { HandoffRefusal, HandoffUnavailableError } from './handoff.errors.js';
import type { ConsumerRole } from './handoff-role.js';
import { postJson } from './post-json.js';
import { readMessage, signMessage, type MessageKind } from './signed-message.js';
import type { TicketClaim, TicketContent } from './ticket-office.js';

/** Asks an issuer whose sessions are in another store. */
export class IssuerClient {
  constructor(
    private readonly role: ConsumerRole,
    private readonly remote: NonNullable<ConsumerRole['remote']>,
    private readonly now: () => number,
  ) {}

  /** @throws HandoffRefusal when the ticket is no good. @throws HandoffUnavailableError */
  async redeem({ ticket, verifier }: TicketClaim): Promise<TicketContent> {
    const { login } = await this.#ask('redeem', ['redeem', 'redeemed'], { ticket, verifier });
    return login as TicketContent;
  }

  /** Takes a ticket out of use. @throws HandoffUnavailableError */
  async spoil(ticket: string): Promise<void> {
    await this.#ask('spoil', ['spoil', 'done'], { ticket });
  }

  /** Whether a login holds. @throws HandoffUnavailableError */
  async check(groupId: string): Promise<boolean> {
    return (await this.#ask('check', ['check', 'checked'], { groupId }))['goesOn'] === true;
  }

  /** Ends a login everywhere else. @throws HandoffUnavailableError */
  async end(groupId: string): Promise<void> {
    await this.#ask('end', ['end', 'done'], { groupId });
  }

  async #ask(
    what: string,
    [asked, answered]: readonly [MessageKind, MessageKind],
    content: JWTPayload,
  ): Promise<JWTPayload> {
    const { issuer, audience, backChannel } = this.role;
    const { key } = this.remote;
    const { now } = this;
    const jti = randomUUID();
    const message = await signMessage(asked, { ...content, jti }, { from: audience, to: issuer, key, now });
    const { status, body } = await this.#post(`${backChannel}/session/${what}`, message, what);
    if (status === 400 && typeof body.errorCode === 'string') {
      throw new HandoffRefusal(body.errorCode as HandoffErrorCode, String(body.message));
    }
    if (status !== 200) {
      throw new HandoffUnavailableError(`${what} was answered with ${status}`);
    }
    const answer = await this.#read(answered, body.message, what);
    if (answer['answerTo'] !== jti) {
      throw new HandoffUnavailableError(`${what} was answered with what belongs to another question`);
    }
    return answer;
  }

  async #read(kind: MessageKind, message: unknown, what: string): Promise<JWTPayload> {
    const { issuer, audience } = this.role;
    const { key } = this.remote;
    try {
      return await readMessage(kind, message, { from: issuer, to: audience, key, now: this.now });
    } catch (error) {
      throw new HandoffUnavailableError(`${what} was not answered by it`, error);
    }
  }

  async #post(url: string, message: string, what: string) {
    try {
      return await postJson(url, { message });
    } catch (error) {
      throw new HandoffUnavailableError(what, error);
    }
  }
}
