import type { HttpRequest } from '../http/http-exchange.interface.js';

/** RFC 9110, section 9.2.1. Everything else may change something, QUERY and methods nobody knows included. */
const SAFE = new Set<unknown>(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** By which a request asks to be taken for one of another method. */
const OVERRIDE_HEADERS = ['x-http-method-override', 'x-http-method', 'x-method-override'];
const OVERRIDE_FIELD = '_method';

/**
 * Whether a request may change something. What overrides methods may have run already, and have left a POST looking like
 * a GET: a request that asks for that is not taken at its word.
 */
export function isUnsafe(
  request: HttpRequest & { readonly originalMethod?: string },
  body: unknown,
): boolean {
  const { method, originalMethod = method, headers, url = '' } = request;
  return (
    !SAFE.has(method) ||
    !SAFE.has(originalMethod) ||
    OVERRIDE_HEADERS.some((name) => headers[name] !== undefined) ||
    hasOverride(url) ||
    (typeof body === 'object' && body !== null && OVERRIDE_FIELD in body)
  );
}

function hasOverride(url: string): boolean {
  const start = url.indexOf('?');
  return (
    start >= 0 &&
    [...new URLSearchParams(url.slice(start)).keys()].some((key) => key.startsWith(OVERRIDE_FIELD))
  );
}
