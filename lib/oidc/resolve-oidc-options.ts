import { durationInSeconds } from '../core/duration.js';
import type { OidcLogoutOptions } from './oidc-options.interface.js';
import { oidcOptionProblems } from './oidc-options.rules.js';
import { OidcLogoutOptionsError } from './oidc.errors.js';

/** The options with every default filled in. Defaults stand here and nowhere else. `maxTokenAge` in seconds. */
export interface ResolvedOidcOptions extends Required<OidcLogoutOptions> {
  readonly maxTokenAge: number;
}

/** @throws OidcLogoutOptionsError with every problem at once, those that are known already included. */
export function resolveOidcOptions(
  options: OidcLogoutOptions,
  known: readonly string[] = [],
): ResolvedOidcOptions {
  const problems = [...known, ...oidcOptionProblems(options)];
  if (problems.length > 0) {
    throw new OidcLogoutOptionsError(problems);
  }
  const { acceptUntyped = false, maxTokenAge = '2m' } = options;
  return { ...options, acceptUntyped, maxTokenAge: durationInSeconds(maxTokenAge)! };
}
