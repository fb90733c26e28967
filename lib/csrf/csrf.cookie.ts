import { Inject, Injectable } from '@nestjs/common';
import { SessionUndeliverableError } from '../core/session.errors.js';
import { CookieTransport } from '../http/cookie.transport.js';
import type { HttpRequest } from '../http/http-exchange.interface.js';
import type { RequestSession } from '../http/request-session.js';
import { addVary } from '../http/vary.js';
import { mintSecret, parseSecret } from './csrf-token.js';
import { RESOLVED_CSRF_OPTIONS } from './csrf.constants.js';
import type { ResolvedCsrfOptions } from './resolve-csrf-options.js';

/** The secret of a browser, which no site but this one can put into a request. */
@Injectable()
export class CsrfCookie {
  readonly #transport: CookieTransport;
  readonly #secrets = new WeakMap<RequestSession, Buffer>();
  readonly #sending = new WeakSet<RequestSession>();

  constructor(@Inject(RESOLVED_CSRF_OPTIONS) { cookie }: ResolvedCsrfOptions) {
    this.#transport = new CookieTransport(cookie);
  }

  /** What the browser sends, unchecked. */
  read(request: HttpRequest): readonly string[] {
    return this.#transport.read(request);
  }

  /**
   * The secret that the browser will hold once this request is answered: the one that it has sent, or a new one that the
   * response takes along.
   * @throws SessionUndeliverableError when a new one is needed and the response has begun.
   */
  secretFor(context: RequestSession): Buffer {
    const known = this.#secrets.get(context);
    if (known) {
      return known;
    }
    const sent = this.read(context.request);
    const present = sent.length === 1 ? parseSecret(sent[0]!) : undefined;
    const secret = present ?? mintSecret();
    this.#secrets.set(context, secret);
    if (present) {
      context.beforeHead(() => addVary(context.response, 'Cookie'));
    } else {
      this.#send(context, secret);
    }
    return secret;
  }

  /** Has the response carry the cookie, even where the browser has it. */
  ensure(context: RequestSession): void {
    this.#send(context, this.secretFor(context));
  }

  #send(context: RequestSession, secret: Buffer): void {
    if (this.#sending.has(context)) {
      return;
    }
    const { response } = context;
    if (response.headersSent) {
      throw new SessionUndeliverableError('The CSRF cookie cannot be set');
    }
    this.#sending.add(context);
    context.beforeHead(() => {
      this.#transport.send(context, secret.toString('base64url'), undefined);
      addVary(response, 'Cookie');
      // A shared cache would give one browser's secret to all.
      if (!response.hasHeader('Cache-Control')) {
        response.setHeader('Cache-Control', 'no-store');
      }
    });
  }
}
