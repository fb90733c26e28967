import { HttpException, type NestMiddleware } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { OidcLogins } from '../core/oidc-logins.js';
import { SessionContentionError, SessionStoreError } from '../core/session.errors.js';
import type { SessionRepository } from '../core/session.repository.js';
import { clientOf } from '../http/client-of.js';
import type { HttpRequest } from '../http/http-exchange.interface.js';
import { readSmallBody } from '../http/small-body.js';
import { FailedAttempts } from './failed-attempts.js';
import { sendAnswer, type LogoutAnswer } from './logout-answer.js';
import type { LogoutToken } from './logout-token.js';
import { LogoutTokenVerifier } from './logout-token.verifier.js';
import { announce } from './oidc-events.js';
import { LogoutRefusal } from './oidc.errors.js';
import type { ResolvedOidcOptions } from './resolve-oidc-options.js';
import { SeenTokens } from './seen-tokens.js';

/** In bytes. */
const LARGEST_BODY = 16 * 1024;

/**
 * The answer to what fails once an address has sent too much nonsense. Good tokens are taken all the same: behind a proxy
 * all clients may seem to have one address, and nobody is to shut the provider out by sending nonsense.
 */
const TOO_MANY = new LogoutRefusal('OIDC_RATE', 'Too many requests of this address have failed.', 429);

/**
 * Where the provider says that somebody has logged out. Served before any guard, pipe or interceptor of the application
 * could stand in its way; it looks at no cookie, for whoever sends one is not the provider.
 */
export class BackchannelLogout implements NestMiddleware<HttpRequest, ServerResponse> {
  readonly #attempts: FailedAttempts;
  readonly #logins: OidcLogins;
  readonly #seen: SeenTokens;
  readonly #verifier: LogoutTokenVerifier;

  constructor(options: ResolvedOidcOptions, repository: SessionRepository) {
    const { now } = repository.settings;
    this.#attempts = new FailedAttempts(now);
    this.#logins = new OidcLogins(repository);
    this.#seen = new SeenTokens(repository, options.clientId);
    this.#verifier = new LogoutTokenVerifier(options, now);
  }

  use(request: HttpRequest, response: ServerResponse, next: (error?: unknown) => void): void {
    this.#answer(request)
      .then((answer) => sendAnswer(response, answer))
      .then(undefined, next);
  }

  async #answer(request: HttpRequest): Promise<LogoutAnswer> {
    const { ip } = clientOf(request);
    try {
      if (request.method !== 'POST') {
        return {
          ...refused(new LogoutRefusal('OIDC_REQUEST', 'Expected POST.', 405)),
          headers: { Allow: 'POST' },
        };
      }
      await this.#end(await this.#verifier.verify(await tokenIn(request)));
      return { status: 200 };
    } catch (error) {
      return this.#refuse(refusalIn(error), ip);
    }
  }

  #refuse(found: LogoutRefusal, ip: string | null): LogoutAnswer {
    const client = ip ?? 'unknown';
    const lockout = found.status < 500 ? this.#attempts.lockout(client) : 0;
    const refusal = lockout > 0 ? TOO_MANY : found;
    announce({ type: 'refused', errorCode: refusal.errorCode, message: refusal.message, ip });
    if (lockout > 0) {
      return { ...refused(refusal), headers: { 'Retry-After': String(Math.ceil(lockout / 1000)) } };
    }
    if (refusal.status < 500) {
      this.#attempts.add(client);
    }
    return refused(refusal);
  }

  async #end(token: LogoutToken): Promise<void> {
    if (await this.#seen.has(token)) {
      throw new LogoutRefusal('OIDC_REPLAY', 'The token has come before.');
    }
    const { iss, sub, sid, iat } = token;
    const count =
      sid === undefined
        ? await this.#logins.endSubject(iss, sub!, iat)
        : await this.#logins.endSession(iss, sid);
    await this.#seen.add(token);
    announce({ type: 'backchannel-logout', iss, ...(sub && { sub }), ...(sid && { sid }), count });
  }
}

async function tokenIn(request: HttpRequest): Promise<string> {
  const { logout_token: token } = await readSmallBody(request, LARGEST_BODY);
  if (typeof token !== 'string' || token === '') {
    throw new LogoutRefusal('OIDC_REQUEST', 'Expected one field logout_token.');
  }
  return token;
}

/** What is nobody's fault goes on to the exception filters. */
function refusalIn(error: unknown): LogoutRefusal {
  if (error instanceof LogoutRefusal) {
    return error;
  }
  if (error instanceof SessionStoreError || error instanceof SessionContentionError) {
    return new LogoutRefusal('OIDC_UNAVAILABLE', 'The session store is out of reach.', 503, { cause: error });
  }
  if (error instanceof HttpException) {
    return new LogoutRefusal('OIDC_REQUEST', error.message, error.getStatus());
  }
  throw error;
}

function refused({ status, message }: LogoutRefusal): LogoutAnswer {
  const error = status < 500 ? 'invalid_request' : 'temporarily_unavailable';
  return { status, problem: { error, error_description: message } };
}
