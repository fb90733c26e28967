import type { HttpRequest } from '../http/http-exchange.interface.js';
import { parseUrl } from '../options/parse-url.js';
import { HandoffRefusal } from './handoff.errors.js';

/** What the consumer calls a login that it has begun: 128 random bits in base64url. */
const STATE = /^[\w-]{22}$/;
/** SHA-256 in base64url. */
const CHALLENGE = /^[\w-]{43}$/;

/** The path and the query as the browser has sent them, whatever the framework has made of the URL meanwhile. */
export function targetOf(request: HttpRequest): URL {
  const target = (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/';
  // Absolute forms and others that are no path (RFC 9112, section 3.2) name no route of ours.
  const path = target.startsWith('/') ? target.replace(/^\/+/, '/') : '/';
  return parseUrl(path, 'http://own.invalid') ?? new URL('http://own.invalid');
}

/** The one value of a parameter; more than one is none. */
export function parameter({ searchParams }: URL, name: string): string | undefined {
  const values = searchParams.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}

/** Whether a login that was begun here could be called so. */
export function isState(text: string): boolean {
  return STATE.test(text);
}

/** @throws HandoffRefusal */
export function stateIn(target: URL): string {
  return checked(parameter(target, 'state'), STATE, 'state');
}

/** @throws HandoffRefusal */
export function challengeIn(target: URL): string {
  return checked(parameter(target, 'challenge'), CHALLENGE, 'challenge');
}

function checked(value: string | undefined, pattern: RegExp, name: string): string {
  if (value === undefined || !pattern.test(value)) {
    throw new HandoffRefusal('HANDOFF_REQUEST', `The parameter "${name}" is missing or malformed.`);
  }
  return value;
}
