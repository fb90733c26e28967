import { getPublicSuffix } from 'tldts';
import { shown } from './shown.js';

const HOST_NAME = /^\.?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** What ends in a number is an address to browsers, `127.1` and `0x7f.1` too (WHATWG URL, section 3.5). */
const ADDRESS = /(^|\.)(\d+|0x[\da-f]*)$/;

/**
 * What is wrong with the domain of a cookie; `undefined` when nothing is. Browsers refuse a cookie for a public suffix
 * (RFC 6265bis, section 5.7), a single label or an address; those that did not would share it with strangers.
 *
 * Suffixes are those of the Public Suffix List, of registries and of hosting providers (`github.io`) alike. One dot in
 * front is allowed and means nothing.
 */
export function cookieDomainProblem(domain: unknown): string | undefined {
  const refuse = (expected: string, what = '') => `expected ${expected}, got ${what}${shown(domain)}`;
  const text = typeof domain === 'string' ? domain.toLowerCase() : '';
  if (!HOST_NAME.test(text)) {
    return refuse('a host name');
  }
  const host = text.replace(/^\./, '');
  const own = 'a domain that is yours, such as "example.com"';
  if (ADDRESS.test(host)) {
    return refuse(own, 'the IP address ');
  }
  if (!host.includes('.')) {
    return refuse(own, 'the single label ');
  }
  // As long as its attributes may be, a host name is longer than the package would take for one.
  const suffix = getPublicSuffix(host, {
    allowPrivateDomains: true,
    extractHostname: false,
    validateHostname: false,
  });
  return suffix === host ? refuse(own, 'the public suffix ') : undefined;
}
