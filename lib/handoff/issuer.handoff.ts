import { randomBytes } from 'node:crypto';
import type { ActiveSession } from '../core/active-session.js';
import { SessionGroups } from '../core/session-groups.js';
import type { StoredLogin } from '../core/session-login.js';
import type { SessionRepository } from '../core/session.repository.js';
import type { SideKey } from '../core/side-records.js';
import type { RequestSession } from '../http/request-session.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import { announce } from './handoff-events.js';
import type { IssuerRole, Party } from './handoff-role.js';
import { TRANSACTION_LIFE } from './handoff.constants.js';
import { HandoffRefusal } from './handoff.errors.js';
import { challengeIn, parameter, stateIn, targetOf } from './handoff.parameters.js';
import { saveLogin } from './save-login.js';
import type { TicketOffice } from './ticket-office.js';

/** What the page that asks users calls itself. */
const QUESTION = /^[0-9a-f]{32}$/;

/** What a browser comes with. */
interface HandoffRequest {
  readonly party: Party;
  readonly state: string;
  readonly challenge: string;
  /** Whether nobody is to be asked anything. */
  readonly isSilent: boolean;
  /** The page that has asked them, which they have answered. */
  readonly confirm: string | undefined;
}

/** What somebody has been asked, and in which session. */
interface Question {
  readonly sessionId: string;
  readonly audience: string;
  readonly state: string;
  readonly challenge: string;
}

/** Sends a browser back to the application that it comes from, with a ticket for who is logged in here. */
export class IssuerHandoff implements HandoffEndpoint {
  readonly path = '/session/handoff';
  readonly method = 'GET';

  constructor(
    private readonly role: IssuerRole,
    private readonly repository: SessionRepository,
    private readonly office: TicketOffice,
  ) {}

  async handle(exchange: RequestSession): Promise<HandoffAnswer> {
    const asked = this.#read(targetOf(exchange.request));
    return this.#answer(asked, await exchange.session());
  }

  async #answer(asked: HandoffRequest, session: ActiveSession): Promise<HandoffAnswer> {
    const login = session.storedLogin;
    if (!login) {
      return asked.isSilent ? this.#back(asked, { error: 'login_required' }) : this.#toLogin(asked);
    }
    const groupId = login.groupId ?? (await beginGroup(session, login));
    if (asked.party.confirm && !(await this.#hasConfirmed(asked, session.id!))) {
      return asked.isSilent
        ? this.#back(asked, { error: 'interaction_required' })
        : this.#ask(asked, session.id!);
    }
    return this.#back(asked, { ticket: await this.#ticket(asked, login, groupId) });
  }

  /** @throws HandoffRefusal before anything is looked up: an unknown application is not redirected to. */
  #read(target: URL): HandoffRequest {
    const party = this.role.parties.get(parameter(target, 'aud') ?? '');
    if (!party) {
      throw new HandoffRefusal(
        'HANDOFF_AUDIENCE',
        'No application of that name takes logins over from here.',
      );
    }
    return {
      party,
      state: stateIn(target),
      challenge: challengeIn(target),
      isSilent: parameter(target, 'prompt') === 'none',
      confirm: parameter(target, 'confirm'),
    };
  }

  async #ticket({ party, challenge }: HandoffRequest, login: StoredLogin, groupId: string): Promise<string> {
    const { userId: subject, authenticatedAt, methods, until } = login;
    const ticket = await this.office.issue({
      audience: party.name,
      challenge,
      groupId,
      subject,
      authenticatedAt,
      methods,
      until,
    });
    announce({ type: 'issued', audience: party.name, subject });
    return ticket;
  }

  /** To the registered address and nowhere else. */
  #back({ party, state }: HandoffRequest, outcome: Record<string, string>): HandoffAnswer {
    const to = new URL(party.callback);
    for (const [name, value] of Object.entries({ ...outcome, state, iss: this.role.issuer })) {
      to.searchParams.set(name, value);
    }
    return { kind: 'redirect', to: to.href };
  }

  #toLogin(asked: HandoffRequest): HandoffAnswer {
    const to = new URL(this.role.loginPath, 'http://own.invalid');
    to.searchParams.set('returnTo', this.#hereWith(asked));
    return { kind: 'redirect', to: `${to.pathname}${to.search}` };
  }

  async #ask(asked: HandoffRequest, sessionId: string): Promise<HandoffAnswer> {
    const { party, state, challenge } = asked;
    const id = randomBytes(16).toString('hex');
    const question: Question = { sessionId, audience: party.name, state, challenge };
    await this.repository.side.put(questionKey(id), {
      content: question,
      expiresAt: this.repository.settings.now() + TRANSACTION_LIFE,
    });
    return {
      kind: 'page',
      status: 200,
      page: {
        title: `Log in to ${party.name}?`,
        text: `${new URL(party.callback).host} asks who you are. It will learn your account's id here, and log you in.`,
        link: { href: this.#hereWith(asked, { confirm: id }), label: 'Log in' },
      },
    };
  }

  /** Whether the link of the page was followed that this session was shown. It is good for one time. */
  async #hasConfirmed(
    { party, state, challenge, confirm = '' }: HandoffRequest,
    sessionId: string,
  ): Promise<boolean> {
    const question = QUESTION.test(confirm)
      ? (await this.repository.side.take<Question>(questionKey(confirm)))?.content
      : undefined;
    return (
      question !== undefined &&
      question.sessionId === sessionId &&
      question.audience === party.name &&
      question.state === state &&
      question.challenge === challenge
    );
  }

  /** This page once more, by the path that browsers know. */
  #hereWith({ party, state, challenge }: HandoffRequest, more: Record<string, string> = {}): string {
    const { pathname } = new URL(`${this.role.issuer}${this.path}`);
    return `${pathname}?${new URLSearchParams({ aud: party.name, state, challenge, ...more })}`;
  }
}

/** A login from before this application handed logins over is in no group: it begins one, and stays as it is. */
async function beginGroup(session: ActiveSession, login: StoredLogin): Promise<string> {
  const { userId, methods, authenticatedAt, until } = login;
  const groupId = SessionGroups.mint();
  const origin = { groupId, authenticatedAt, until };
  await session.login({ userId, methods, remember: undefined, origin });
  await saveLogin(session);
  return groupId;
}

function questionKey(id: string): SideKey {
  return { id, kind: 'nest-sessions/handoff-question' };
}
