import { createHash, timingSafeEqual } from 'node:crypto';
import type { SessionRepository } from '../core/session.repository.js';
import { SessionToken } from '../core/session-token.js';
import { sideId, type SideEntry, type SideKey } from '../core/side-records.js';
import { TICKET_LIFE } from './handoff.constants.js';
import { announce } from './handoff-events.js';
import { HandoffRefusal } from './handoff.errors.js';

/** What a ticket stands for. Times are in milliseconds. */
export interface TicketContent {
  readonly audience: string;
  /** SHA-256 of the verifier that the consumer keeps (RFC 7636, S256). */
  readonly challenge: string;
  readonly groupId: string;
  readonly subject: string;
  readonly authenticatedAt: number;
  readonly methods: readonly string[];
  /** When the login at the issuer ends at the latest; `null`: no such limit. */
  readonly until: number | null;
}

/** What a consumer shows to have a ticket redeemed. */
export interface TicketClaim {
  readonly ticket: string;
  readonly verifier: string;
  readonly audience: string;
}

/** What is remembered of a ticket that was used. */
type TicketUse = Pick<TicketContent, 'audience' | 'challenge' | 'groupId'>;

/** How long the use of a ticket is remembered, in milliseconds. */
const MEMORY_OF_USE = 10 * 60 * 1000;

/**
 * Tickets: 256 random bits of which the store has a hash, for half a minute and one use. Whoever asks for one with anything
 * wrong has used it up all the same (CAS Protocol 3.0.3, section 3.1.1).
 */
export class TicketOffice {
  constructor(private readonly repository: SessionRepository) {}

  /** The text of a new ticket. */
  async issue(content: TicketContent): Promise<string> {
    const { settings, side } = this.repository;
    const token = SessionToken.mint();
    await side.put(
      ticketKey(token.id),
      { content, expiresAt: settings.now() + TICKET_LIFE },
      token.secretHash,
    );
    return token.reveal();
  }

  /** What the ticket stands for; the second who asks is not told. @throws HandoffRefusal */
  async redeem({ ticket, verifier, audience }: TicketClaim): Promise<TicketContent> {
    const token = SessionToken.parse(ticket);
    if (!token) {
      throw refusal('is malformed');
    }
    const challenge = challengeOf(verifier);
    const entry = await this.repository.side.take<TicketContent>(ticketKey(token.id));
    if (!entry) {
      await this.#suspect(token, challenge, audience);
      throw refusal('is unknown, too old or used');
    }
    const { content } = entry;
    if (!token.matches(entry.secretHash)) {
      throw refusal('is unknown, too old or used');
    }
    if (content.audience !== audience) {
      throw refusal('is for another application');
    }
    if (!areEqual(content.challenge, challenge)) {
      throw refusal('is for another browser');
    }
    await this.#remember(token, content);
    return content;
  }

  /** Takes a ticket out of use that has come where nobody has asked for it. */
  async spoil(ticket: string): Promise<void> {
    const token = SessionToken.parse(ticket);
    const entry = token && (await this.repository.side.get(ticketKey(token.id)));
    if (token && entry && token.matches(entry.secretHash)) {
      await this.repository.side.take(ticketKey(token.id));
    }
  }

  /** For the case that the ticket comes again. */
  async #remember(
    { id, secretHash }: SessionToken,
    { audience, challenge, groupId }: TicketContent,
  ): Promise<void> {
    const content: TicketUse = { audience, challenge, groupId };
    const expiresAt = this.repository.settings.now() + MEMORY_OF_USE;
    await this.repository.side.put(useKey(id), { content, expiresAt }, secretHash);
  }

  /**
   * A ticket that comes a second time was seen by somebody else, unless the same browser has sent it twice: what it has
   * brought about ends (OWASP ASVS 10.4.2). That is the whole login, since nobody can tell who of the two was first.
   */
  async #suspect(token: SessionToken, challenge: string, audience: string): Promise<void> {
    const use = await this.repository.side.get<TicketUse>(useKey(token.id));
    if (!use || !token.matches(use.secretHash) || isSameBrowser(use, challenge, audience)) {
      return;
    }
    await this.repository.endings.destroyGroup(use.content.groupId);
    announce({ type: 'ticket-reused', audience: use.content.audience });
  }
}

/** What a consumer sends in advance of its verifier. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function isSameBrowser({ content }: SideEntry<TicketUse>, challenge: string, audience: string): boolean {
  return content.audience === audience && areEqual(content.challenge, challenge);
}

function areEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refusal(what: string): HandoffRefusal {
  return new HandoffRefusal('HANDOFF_TICKET', `The ticket ${what}.`);
}

function ticketKey(id: string): SideKey {
  return { id, kind: 'nest-sessions/ticket' };
}

function useKey(ticketId: string): SideKey {
  return { id: sideId('nest-sessions/ticket-use', ticketId), kind: 'nest-sessions/ticket-use' };
}
