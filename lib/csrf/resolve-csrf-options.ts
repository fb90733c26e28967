import type { CookieSettings } from '../options/cookie-settings.js';
import { cookieProblems } from '../options/cookie.rules.js';
import { resolveCookie } from '../options/resolve-options.js';
import type { CsrfPolicy } from './csrf-decision.js';
import type { CsrfModuleOptions } from './csrf-options.interface.js';
import { csrfOptionProblems } from './csrf-options.rules.js';
import { CsrfOptionsError } from './csrf.errors.js';

/** The options with every default filled in. Defaults stand here and nowhere else. */
export interface ResolvedCsrfOptions extends CsrfPolicy {
  readonly cookie: CookieSettings;
  readonly field: string;
  readonly header: string;
  readonly reportOnly: boolean;
}

/** @throws CsrfOptionsError with every problem at once. */
export function resolveCsrfOptions(
  options: CsrfModuleOptions,
  environment = process.env.NODE_ENV,
): ResolvedCsrfOptions {
  const problems = csrfOptionProblems(options);
  const cookie = resolveCookie({ ...options.cookie, httpOnly: true }, environment === 'production', 'csrf');
  // What is wrong by itself says nothing about what it contradicts.
  if (!problems.some((problem) => problem.startsWith('cookie'))) {
    problems.push(...cookieProblems(cookie));
  }
  if (problems.length > 0) {
    throw new CsrfOptionsError(problems);
  }
  return {
    cookie,
    trustedOrigins: new Set(options.trustedOrigins),
    requireToken: options.requireToken ?? false,
    field: options.field ?? '_csrf',
    header: options.header ?? 'x-csrf-token',
    reportOnly: options.reportOnly ?? false,
  };
}
