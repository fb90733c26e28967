import type { SessionRepository } from '../core/session.repository.js';
import type { RequestSession } from '../http/request-session.js';
import type { HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import type { ConsumerRole } from './handoff-role.js';
import { HandoffRefusal } from './handoff.errors.js';
import { parameter, targetOf } from './handoff.parameters.js';
import { ownPath } from './own-path.js';
import type { TransactionCookies } from './transaction.cookies.js';
import type { VisitCookie } from './visit.cookie.js';

/** Sends a browser to the issuer. Whoever is logged in already is where they wanted to be. */
export class ConsumerStart implements HandoffEndpoint {
  readonly method = 'GET';
  readonly path: string;

  constructor(
    private readonly role: ConsumerRole,
    private readonly repository: SessionRepository,
    private readonly transactions: TransactionCookies,
    private readonly visits: VisitCookie,
  ) {
    this.path = besideCallback(role.callbackPath, 'start');
  }

  async handle(exchange: RequestSession): Promise<HandoffAnswer> {
    const target = targetOf(exchange.request);
    const returnTo = ownPath(parameter(target, 'returnTo'));
    const isSilent = parameter(target, 'prompt') === 'none';
    if (isSilent && this.visits.isAnonymous(exchange)) {
      return { kind: 'redirect', to: returnTo };
    }
    if (this.visits.isLoop(exchange, this.repository.settings.now())) {
      throw new HandoffRefusal(
        'HANDOFF_LOOP',
        'This browser was sent to and fro too often. It may refuse our cookies; try again in a minute.',
        429,
      );
    }
    if ((await exchange.session()).userId !== undefined) {
      return { kind: 'redirect', to: returnTo };
    }
    const { state, challenge } = await this.transactions.begin(exchange, returnTo);
    const { issuer, audience } = this.role;
    const query = new URLSearchParams({
      aud: audience,
      state,
      challenge,
      ...(isSilent && { prompt: 'none' }),
    });
    return { kind: 'redirect', to: `${issuer}/session/handoff?${query}` };
  }
}

/** The path of another route of a consumer. */
export function besideCallback(callbackPath: string, name: string): string {
  return new URL(name, `http://own.invalid${callbackPath}`).pathname;
}
