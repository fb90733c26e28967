import { Inject, Injectable } from '@nestjs/common';
import { SessionToken } from '../core/session-token.js';
import type { RequestSession } from '../http/request-session.js';
import type { CsrfRefusal } from './csrf-decision.js';
import { isMacOf, parseSecret, unmaskToken } from './csrf-token.js';
import { RESOLVED_CSRF_OPTIONS } from './csrf.constants.js';
import { CsrfCookie } from './csrf.cookie.js';
import type { CsrfErrorCode } from './csrf.errors.js';
import type { ResolvedCsrfOptions } from './resolve-csrf-options.js';

/** Checks the token of a request against its cookies. */
@Injectable()
export class CsrfVerifier {
  constructor(
    private readonly cookie: CsrfCookie,
    @Inject(RESOLVED_CSRF_OPTIONS) private readonly options: ResolvedCsrfOptions,
  ) {}

  /** What is wrong with the token; nothing when it is good. */
  async refusalOf(context: RequestSession, body: unknown): Promise<CsrfRefusal | undefined> {
    const token = this.#find(context, body);
    if (token === undefined || token === '') {
      return this.#missing(context);
    }
    const mac = typeof token === 'string' ? unmaskToken(token) : undefined;
    if (!mac) {
      return refuse('CSRF_TOKEN_INVALID', 'Expected one CSRF token, got something malformed.');
    }
    const secrets = this.cookie.read(context.request);
    const sessions = context.ambientTokens();
    if (secrets.length > 1 || sessions.length > 1) {
      const which = secrets.length > 1 ? 'CSRF' : 'session';
      return refuse('CSRF_COOKIE', `Expected one ${which} cookie, got several.`);
    }
    const secret = secrets[0] === undefined ? undefined : parseSecret(secrets[0]);
    if (!secret) {
      const came = secrets.length === 0 ? 'none' : 'a malformed one';
      return refuse('CSRF_COOKIE', `Expected the CSRF cookie that belongs to the token, got ${came}.`);
    }
    return (await belongs((id) => isMacOf(mac, secret, id), context, sessions[0]))
      ? undefined
      : refuse(
          'CSRF_TOKEN_INVALID',
          'Expected a CSRF token of this session, got one of another or from before the login: load the page again.',
        );
  }

  /** The header goes first; a body may be of any shape. */
  #find({ request }: RequestSession, body: unknown): unknown {
    const { header, field } = this.options;
    const inHeader = request.headers[header.toLowerCase()];
    if (inHeader !== undefined) {
      return inHeader;
    }
    return typeof body === 'object' && body !== null && Object.hasOwn(body, field)
      ? (body as Record<string, unknown>)[field]
      : undefined;
  }

  #missing({ request }: RequestSession): CsrfRefusal {
    const { header, field } = this.options;
    const isMultipart = /^\s*multipart\//i.test(request.headers['content-type'] ?? '');
    return refuse(
      'CSRF_TOKEN_MISSING',
      isMultipart
        ? `Expected a CSRF token in the header ${header}, got none. The fields of a multipart body are read too late.`
        : `Expected a CSRF token in the header ${header} or in the field ${field} of the body, got none.`,
    );
  }
}

function refuse(errorCode: CsrfErrorCode, message: string): CsrfRefusal {
  return { errorCode, message };
}

/**
 * Whether the token was made for the session that is presented. A session is opened, which may cost a load, only where
 * its id cannot be told from outside, or where the form is older than the session.
 */
async function belongs(
  isFor: (sessionId: string) => boolean,
  context: RequestSession,
  presented: string | undefined,
): Promise<boolean> {
  const id = presented === undefined ? '' : SessionToken.parse(presented)?.id;
  if (id !== undefined && isFor(id)) {
    return true;
  }
  const isOlder = isFor('');
  if (id && !isOlder) {
    return false;
  }
  const session = await context.session();
  return isOlder ? session.userId === undefined : session.id !== undefined && isFor(session.id);
}
