import type { ExecutionContext } from '@nestjs/common';
import { isSecure } from '../http/http-exchange.interface.js';
import type { RequestSession } from '../http/request-session.js';
import type { CsrfFacts } from './csrf-decision.js';
import { isUnsafe } from './csrf-method.js';
import { serializeOrigin } from '../options/web-origin.js';

/** What the requests of both frameworks have. `host` minds `X-Forwarded-Host` where the proxy is trusted. */
interface FrameworkRequest {
  readonly host?: string;
  readonly body?: unknown;
}

/** A request as the check sees it. */
export interface CsrfRequest {
  readonly facts: CsrfFacts;
  /** Parsed, if it has been by now. */
  readonly body: unknown;
}

export function readRequest(execution: ExecutionContext, context: RequestSession): CsrfRequest {
  const { request } = context;
  const isHttp = execution.getType() === 'http';
  // A resolver gets something else, and Express's raw request is the framework's one too.
  const framework = isHttp
    ? execution.switchToHttp().getRequest<FrameworkRequest>()
    : (request as FrameworkRequest);
  const { body, host = request.headers.host } = framework;
  return {
    body,
    facts: {
      isUnsafe: isUnsafe(request, body),
      site: valueOf(request.headers['sec-fetch-site']),
      origin: request.headers.origin,
      ownOrigin: host ? serializeOrigin(`${isSecure(request) ? 'https' : 'http'}://${host}`) : undefined,
      hasSessionCookie: context.ambientTokens().length > 0,
    },
  };
}

/** Sent twice, it equals nothing that is expected. */
function valueOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}
