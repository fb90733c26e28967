import type { CsrfErrorCode } from './csrf.errors.js';
import { show } from './show.js';
import { serializeOrigin } from '../options/web-origin.js';

/** What a request tells about where it comes from. */
export interface CsrfFacts {
  readonly isUnsafe: boolean;
  /** `Sec-Fetch-Site`. */
  readonly site: string | undefined;
  /** `Origin`. */
  readonly origin: string | undefined;
  /** The origin that the request was sent to; `undefined` when it does not say. */
  readonly ownOrigin: string | undefined;
  readonly hasSessionCookie: boolean;
}

/** What the application has decided. */
export interface CsrfPolicy {
  readonly trustedOrigins: ReadonlySet<string>;
  readonly requireToken: boolean;
}

/** Why a request is refused, for programs and for people. */
export interface CsrfRefusal {
  readonly errorCode: CsrfErrorCode;
  readonly message: string;
}

export type CsrfVerdict = 'pass' | 'token needed' | CsrfRefusal;

/**
 * Whether a request may pass. What browsers say decides (W3C Fetch Metadata, as Go's `CrossOriginProtection` does it);
 * what comes with a session cookie and says nothing has to prove itself with a token.
 */
export function judge(facts: CsrfFacts, policy: CsrfPolicy): CsrfVerdict {
  if (!facts.isUnsafe) {
    return 'pass';
  }
  const refusal = refusalOf(facts, policy.trustedOrigins);
  if (refusal) {
    return refusal;
  }
  const isSilent = facts.site === undefined && facts.origin === undefined;
  return policy.requireToken || (isSilent && facts.hasSessionCookie) ? 'token needed' : 'pass';
}

function refusalOf(facts: CsrfFacts, trustedOrigins: ReadonlySet<string>): CsrfRefusal | undefined {
  const { site, origin, ownOrigin } = facts;
  if (site === 'same-origin' || site === 'none') {
    return undefined;
  }
  const sender = origin === undefined ? undefined : serializeOrigin(origin);
  if (sender !== undefined && trustedOrigins.has(sender)) {
    return undefined;
  }
  if (site !== undefined) {
    const came = `${show(site)} ${origin === undefined ? 'without an Origin' : `with the Origin ${show(origin)}`}`;
    return {
      errorCode: 'CSRF_CROSS_SITE',
      message: `Expected Sec-Fetch-Site "same-origin" or "none", or a trusted Origin; got ${came}.`,
    };
  }
  if (origin === undefined || (sender !== undefined && sender === ownOrigin)) {
    return undefined;
  }
  const expected =
    ownOrigin === undefined ? 'a trusted Origin' : `the Origin ${show(ownOrigin)} or a trusted one`;
  return {
    errorCode: 'CSRF_ORIGIN',
    message: `Expected ${expected}, got ${show(origin)}.${hintOf(sender, ownOrigin)}`,
  };
}

/** The one mistake that is worth a word: the application does not know that its users come by TLS. */
function hintOf(sender: string | undefined, ownOrigin: string | undefined): string {
  return sender !== undefined && sender.replace(/^https:/, 'http:') === ownOrigin
    ? ' Where a proxy ends TLS, the application has to be told to trust it.'
    : '';
}
