import type { ActiveSession } from '../core/active-session.js';
import type { RequestSession } from '../http/request-session.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import { announce } from './handoff-events.js';
import type { ConsumerRole } from './handoff-role.js';
import { HandoffRefusal } from './handoff.errors.js';
import { parameter, stateIn, targetOf } from './handoff.parameters.js';
import { saveLogin } from './save-login.js';
import type { TicketClaim, TicketContent } from './ticket-office.js';
import type { Transaction, TransactionCookies } from './transaction.cookies.js';
import type { VisitCookie } from './visit.cookie.js';

/** Whoever keeps the tickets, here or at the issuer. */
export interface Tickets {
  /** What a ticket stands for; its group by the name that it has in the store of this application. */
  redeem(claim: TicketClaim): Promise<TicketContent>;
  /** Takes a ticket out of use. */
  spoil(ticket: string): Promise<void>;
}

/** What the issuer sends a browser back with when nobody is logged in there who would not have to be asked. */
const NOBODY = new Set(['login_required', 'interaction_required']);

/** Takes a login over: the browser comes back from the issuer with a ticket, and gets a session of its own here. */
export class ConsumerCallback implements HandoffEndpoint {
  readonly method = 'GET';
  readonly path: string;

  constructor(
    private readonly role: ConsumerRole,
    private readonly transactions: TransactionCookies,
    private readonly visits: VisitCookie,
    private readonly tickets: Tickets,
  ) {
    this.path = role.callbackPath;
  }

  async handle(exchange: RequestSession): Promise<HandoffAnswer> {
    const target = targetOf(exchange.request);
    const transaction = await this.transactions.end(exchange, stateIn(target));
    if (parameter(target, 'iss') !== this.role.issuer) {
      throw new HandoffRefusal('HANDOFF_ISSUER', 'The answer comes from another issuer than was asked.');
    }
    const ticket = parameter(target, 'ticket') ?? '';
    if (!transaction) {
      // It is in the address of a page that was visited, for whoever has begun the login elsewhere and reads that.
      await this.tickets.spoil(ticket);
      throw new HandoffRefusal(
        'HANDOFF_TRANSACTION',
        'This browser has not begun the login, or it has taken too long.',
      );
    }
    if (NOBODY.has(parameter(target, 'error') ?? '')) {
      this.visits.rememberAnonymous(exchange);
    } else {
      await this.#logIn(exchange, transaction, ticket);
    }
    return { kind: 'redirect', to: transaction.returnTo };
  }

  async #logIn(exchange: RequestSession, { verifier }: Transaction, ticket: string): Promise<void> {
    const { audience, issuer } = this.role;
    const login = await this.tickets.redeem({ ticket, verifier, audience });
    const { groupId, subject, authenticatedAt, methods, until } = login;
    const authenticated = { subject, issuer, methods, authenticatedAt: new Date(authenticatedAt) };
    const userId = checkedUser(await this.role.user(authenticated));
    const session = await exchange.session();
    if (session.userId !== userId) {
      this.#keepOnly(session);
    }
    const origin = { groupId, authenticatedAt, until };
    await session.login({ userId, methods, remember: undefined, origin });
    await saveLogin(session);
    announce({ type: 'redeemed', audience, subject });
  }

  /** What somebody may have planted in the session of this browser is not the user's. */
  #keepOnly(session: ActiveSession): void {
    const kept = this.role.keep
      .filter((key) => session.has(key))
      .map((key) => [key, session.get(key)] as const);
    session.clear();
    for (const [key, value] of kept) {
      session.set(key, value);
    }
  }
}

/** What the application's own function has given. @throws HandoffRefusal where that is nobody. */
function checkedUser(userId: unknown): string {
  if (userId === undefined || userId === null) {
    throw new HandoffRefusal('HANDOFF_USER', 'The user may not log in here.', 403);
  }
  if (typeof userId !== 'string' || userId === '') {
    throw new TypeError(
      'The option "user" has to give the id of a user as text, or undefined: String(user.id).',
    );
  }
  return userId;
}
