import { parseUrl } from './parse-url.js';
import { shown } from './shown.js';
import { serializeOrigin } from './web-origin.js';

const EXPECTED = 'expected an origin as browsers send it, such as "https://shop.example.com"';

/** What is wrong with a list of trusted origins: the first entry that is. */
export function trustedOriginsProblem(value: unknown): string | undefined {
  return Array.isArray(value)
    ? value.map(trustedOriginProblem).find((problem) => problem !== undefined)
    : 'expected a list of origins such as ["https://shop.example.com"]';
}

/** What is wrong with an entry of `trustedOrigins`, and the right form where it can be guessed. */
export function trustedOriginProblem(entry: unknown): string | undefined {
  if (typeof entry !== 'string' || entry === '' || entry === 'null') {
    return `${EXPECTED}, got ${shown(entry)}`;
  }
  if (entry.includes('*')) {
    return `${EXPECTED}, got ${show(entry)}; there are no wildcards, list every origin`;
  }
  if (serializeOrigin(entry) === entry) {
    return undefined;
  }
  const guess = guessOrigin(entry);
  return `${EXPECTED}, got ${show(entry)}${guess ? `; did you mean ${show(guess)}?` : ''}`;
}

function guessOrigin(given: string): string | undefined {
  const entry = given.trim();
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(entry) ? entry : `https://${entry.replace(/^\/\//, '')}`;
  const url = parseUrl(text);
  return url && serializeOrigin(`${url.protocol}//${url.host}`);
}

/** Without the password that a URL may carry. */
function show(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^/?#]*@/, '//…@').slice(0, 80));
}
