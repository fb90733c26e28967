import { randomBytes } from 'node:crypto';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import { CookieTransport } from '../http/cookie.transport.js';
import type { HttpRequest } from '../http/http-exchange.interface.js';
import type { RequestSession } from '../http/request-session.js';
import type { CookieSettings } from '../options/cookie-settings.js';
import type { ConsumerRole } from './handoff-role.js';
import { TRANSACTION_LIFE } from './handoff.constants.js';
import { isState } from './handoff.parameters.js';
import { challengeOf } from './ticket-office.js';

/** A login that a browser has begun here. */
export interface Transaction {
  readonly state: string;
  readonly verifier: string;
  readonly returnTo: string;
}

/** More logins at once are a loop, or somebody else's pages. */
const MOST_TRANSACTIONS = 5;
/** As many of them as there may be have to fit in the head of a request, which is 16 KB in Node.js. */
const LONGEST_RETURN = 1000;
const PURPOSE = 'nest-sessions-handoff-transaction+jwt';

/**
 * Logins that browsers have begun, each in a sealed cookie of its own: nothing is stored for who never comes back, two
 * tabs do not take each other's place, and no other browser can end what this one has begun.
 */
export class TransactionCookies {
  readonly #prefix: string;

  constructor(
    private readonly role: ConsumerRole,
    private readonly cookie: Pick<CookieSettings, 'secure'>,
    private readonly now: () => number,
  ) {
    this.#prefix = `${cookie.secure === true ? '__Host-' : ''}handoff-`;
  }

  /** Begins a login; the response takes its cookie along. What the issuer is to be asked with. */
  async begin(exchange: RequestSession, returnTo: string): Promise<{ state: string; challenge: string }> {
    const state = randomBytes(16).toString('base64url');
    const verifier = randomBytes(32).toString('base64url');
    const ends = Math.floor((this.now() + TRANSACTION_LIFE) / 1000);
    const place = returnTo.length <= LONGEST_RETURN ? returnTo : '/';
    const sealed = await new EncryptJWT({ verifier, returnTo: place })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: PURPOSE })
      .setIssuer(this.role.issuer)
      .setAudience(this.role.audience)
      .setSubject(state)
      .setExpirationTime(ends)
      .encrypt(this.role.transactionKey);
    const tooMany = this.#statesIn(exchange.request).slice(0, -(MOST_TRANSACTIONS - 1));
    exchange.beforeHead(() => {
      tooMany.forEach((old) => this.#transport(old).clear(exchange));
      this.#transport(state).send(exchange, sealed, TRANSACTION_LIFE / 1000);
    });
    return { state, challenge: challengeOf(verifier) };
  }

  /** The login of this browser under the name, which is over with that, whatever becomes of it. */
  async end(exchange: RequestSession, state: string): Promise<Transaction | undefined> {
    const transport = this.#transport(state);
    const [sealed, ...others] = transport.read(exchange.request);
    if (sealed === undefined) {
      return undefined;
    }
    exchange.beforeHead(() => transport.clear(exchange));
    return others.length === 0 ? this.#open(sealed, state) : undefined;
  }

  async #open(sealed: string, state: string): Promise<Transaction | undefined> {
    const { issuer, audience, transactionKey } = this.role;
    try {
      const { payload } = await jwtDecrypt(sealed, transactionKey, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        typ: PURPOSE,
        issuer,
        audience,
        subject: state,
        currentDate: new Date(this.now()),
        requiredClaims: ['exp'],
      });
      return { state, verifier: String(payload['verifier']), returnTo: String(payload['returnTo']) };
    } catch (error) {
      if (error instanceof errors.JOSEError) {
        return undefined;
      }
      throw error;
    }
  }

  #statesIn({ headers }: HttpRequest): string[] {
    return (headers.cookie ?? '')
      .split(';')
      .map((pair) => pair.trim().split('=', 1)[0]!)
      .filter((name) => name.startsWith(this.#prefix))
      .map((name) => name.slice(this.#prefix.length))
      .filter(isState);
  }

  #transport(state: string): CookieTransport {
    return new CookieTransport({
      name: `${this.#prefix}${state}`,
      secure: this.cookie.secure,
      httpOnly: true,
      // The browser comes back from the issuer, which is another site, and has to bring it along.
      sameSite: 'lax',
      path: '/',
      domain: undefined,
      partitioned: false,
      priority: undefined,
    });
  }
}
