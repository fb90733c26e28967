import { decodeJwt, type JWTPayload } from 'jose';
import type { Group } from '../core/session-groups.js';
import type { SessionRepository } from '../core/session.repository.js';
import type { RequestSession } from '../http/request-session.js';
import { readSmallBody } from '../http/small-body.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import { announce } from './handoff-events.js';
import type { IssuerRole, Party } from './handoff-role.js';
import { LARGEST_MESSAGE } from './handoff.constants.js';
import { HandoffRefusal } from './handoff.errors.js';
import { readMessage, signMessage, type Correspondence, type MessageKind } from './signed-message.js';
import type { TicketOffice } from './ticket-office.js';

type Work = (content: JWTPayload, party: Party) => Promise<JWTPayload>;

/** What applications with stores of their own ask the issuer for, by signed requests. */
export class IssuerDesk {
  readonly endpoints: readonly HandoffEndpoint[];

  constructor(
    private readonly role: IssuerRole,
    private readonly repository: SessionRepository,
    private readonly office: TicketOffice,
  ) {
    this.endpoints = [
      this.#endpoint('/session/redeem', ['redeem', 'redeemed'], (content, party) =>
        this.#redeem(content, party),
      ),
      this.#endpoint('/session/spoil', ['spoil', 'done'], (content) => this.#spoil(content)),
      this.#endpoint('/session/check', ['check', 'checked'], (content, party) => this.#check(content, party)),
      this.#endpoint('/session/end', ['end', 'done'], (content, party) => this.#end(content, party)),
    ];
  }

  #endpoint(
    path: string,
    [asked, answered]: readonly [MessageKind, MessageKind],
    work: Work,
  ): HandoffEndpoint {
    const handle = async ({ request }: RequestSession): Promise<HandoffAnswer> => {
      const { message } = await readSmallBody(request, LARGEST_MESSAGE);
      const { party, from, to } = this.#correspondent(message);
      const question = await readMessage(asked, message, from);
      const content = { ...(await work(question, party)), answerTo: question.jti };
      return { kind: 'json', status: 200, body: { message: await signMessage(answered, content, to) } };
    };
    return { path, method: 'POST', handle };
  }

  /** Whoever the message claims to come from, which the signature then has to prove. */
  #correspondent(message: unknown): { party: Party; from: Correspondence; to: Correspondence } {
    const party = this.role.parties.get(senderOf(message));
    if (!party?.remote) {
      throw new HandoffRefusal(
        'HANDOFF_SIGNATURE',
        'The message is of no application that has a key here.',
        401,
      );
    }
    const { name, remote } = party;
    const { issuer } = this.role;
    const { now } = this.repository.settings;
    return {
      party,
      from: { from: name, to: issuer, key: remote.key, now },
      to: { from: issuer, to: name, key: remote.key, now },
    };
  }

  async #redeem({ ticket, verifier }: JWTPayload, { name }: Party): Promise<JWTPayload> {
    const login = await this.office.redeem({
      ticket: String(ticket),
      verifier: String(verifier),
      audience: name,
    });
    // In the list before the answer is given: whoever ends the login from now on tells this application.
    if (!(await this.repository.groups.enlist(login.groupId, name))) {
      throw new HandoffRefusal('HANDOFF_ENDED', 'The login has ended meanwhile.');
    }
    announce({ type: 'redeemed', audience: name, subject: login.subject });
    return { login };
  }

  async #spoil({ ticket }: JWTPayload): Promise<JWTPayload> {
    await this.office.spoil(String(ticket));
    return {};
  }

  async #check({ groupId }: JWTPayload, party: Party): Promise<JWTPayload> {
    return { goesOn: (await this.#groupOf(groupId, party))?.status === 'open' };
  }

  async #end({ groupId }: JWTPayload, party: Party): Promise<JWTPayload> {
    if (await this.#groupOf(groupId, party)) {
      await this.repository.endings.destroyGroup(String(groupId), party.name);
    }
    return {};
  }

  /** An application has a say in the logins that it takes part in, and in no others. */
  async #groupOf(groupId: unknown, { name }: Party): Promise<Group | undefined> {
    const group = await this.repository.groups.find(String(groupId));
    return group?.parties.includes(name) ? group : undefined;
  }
}

function senderOf(message: unknown): string {
  try {
    return decodeJwt(String(message)).iss ?? '';
  } catch {
    return '';
  }
}
