import type { CookieSettings } from './cookie-settings.js';

/** Browsers ignore longer attributes (RFC 6265bis, section 5.6); of a longer name, too little would be left for a token. */
const LONGEST_TEXT = 1024;

/** What contradicts itself in the cookie (RFC 6265bis, sections 4.1.2 and 5.7; CHIPS), or is too long for browsers. */
export function cookieProblems({
  name,
  secure,
  httpOnly,
  path,
  domain,
  sameSite,
  partitioned,
}: CookieSettings): string[] {
  const problems: string[] = [];
  const isAlwaysSecure = secure === true;
  for (const [option, text] of Object.entries({ name, path, domain })) {
    // Where an option is left out it may also be null.
    if (text && text.length > LONGEST_TEXT) {
      problems.push(`cookie.${option}: expected ${LONGEST_TEXT} letters at the most, got ${text.length}`);
    }
  }
  // Browsers match the prefixes without regard to case.
  const prefix = /^__(host-http|host|http|secure)-/i.exec(name)?.[1]?.toLowerCase();
  if (prefix && !isAlwaysSecure) {
    problems.push(`cookie.name: "${name}" needs cookie.secure: true, or browsers refuse it`);
  }
  if (prefix?.startsWith('host') && path !== '/') {
    problems.push(`cookie.path: expected "/" for the name "${name}", got "${path}"`);
  }
  if (prefix?.startsWith('host') && domain) {
    problems.push(`cookie.domain: expected none for the name "${name}", got "${domain}"`);
  }
  if (prefix?.endsWith('http') && !httpOnly) {
    problems.push(`cookie.httpOnly: expected true for the name "${name}"`);
  }
  if (sameSite === 'none' && !isAlwaysSecure) {
    problems.push('cookie.sameSite: "none" needs cookie.secure: true');
  }
  if (partitioned && !isAlwaysSecure) {
    problems.push('cookie.partitioned: needs cookie.secure: true');
  }
  return problems;
}
