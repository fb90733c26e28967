import { Inject, Injectable } from '@nestjs/common';
import { SessionContext } from '../core/session-context.js';
import { SessionContextError } from '../core/session.errors.js';
import { RequestSession } from '../http/request-session.js';
import { issueToken } from './csrf-token.js';
import { RESOLVED_CSRF_OPTIONS } from './csrf.constants.js';
import { CsrfCookie } from './csrf.cookie.js';
import { escapeHtml } from '../http/escape-html.js';
import type { ResolvedCsrfOptions } from './resolve-csrf-options.js';

/**
 * Gives CSRF tokens to templates and scripts. Can be injected everywhere.
 *
 * @publicApi
 */
@Injectable()
export class CsrfService {
  constructor(
    private readonly cookie: CsrfCookie,
    @Inject(RESOLVED_CSRF_OPTIONS) private readonly options: ResolvedCsrfOptions,
  ) {}

  /**
   * A token for the session of the running request, another text every time; all of them are good as long as the session
   * keeps its id, so no longer after a login. This opens the session, and has the response carry the CSRF cookie where
   * the browser has none. After `SessionService.login()` it gives tokens of the new session. Django: `get_token`.
   * @throws SessionContextError outside a request.
   * @throws SessionUndeliverableError when the cookie is needed and the response has begun.
   */
  async token(): Promise<string> {
    const context = SessionContext.current();
    if (!(context instanceof RequestSession)) {
      throw new SessionContextError();
    }
    // Before the first await, so that the head cannot leave without the cookie.
    const secret = this.cookie.secretFor(context);
    const session = await context.session();
    return issueToken(secret, session.nextId);
  }

  /** The token as a hidden field for an HTML form, ready to be put in unescaped. Django: `{% csrf_token %}`. */
  async field(): Promise<string> {
    const token = await this.token();
    return `<input type="hidden" name="${escapeHtml(this.options.field)}" value="${escapeHtml(token)}">`;
  }
}
