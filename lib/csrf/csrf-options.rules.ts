import { IsOptional, ValidateNested } from 'class-validator';
import { refuse } from '../options/option.rules.js';
import {
  aBoolean,
  CookieRules,
  fill,
  HTTP_TOKEN,
  matches,
  nested,
  problemsOf,
} from '../options/session-options.rules.js';
import type { CsrfCookieOptions, CsrfModuleOptions } from './csrf-options.interface.js';
import { trustedOriginProblem } from '../options/trusted-origin.rules.js';

class CsrfCookieRules extends CookieRules implements Record<keyof CsrfCookieOptions, unknown> {}

class CsrfRules implements Record<keyof CsrfModuleOptions, unknown> {
  @IsOptional()
  @refuse('areOrigins', (value) =>
    Array.isArray(value) ? undefined : 'expected a list of origins such as ["https://shop.example.com"]',
  )
  trustedOrigins: unknown;

  @IsOptional() @aBoolean() requireToken: unknown;
  /** Form parsers read brackets and dots as nesting. */
  @IsOptional() @matches('a field name of letters, digits, "_" and "-"', /^[\w-]+$/) field: unknown;
  @IsOptional() @matches('a header name', HTTP_TOKEN) header: unknown;
  @IsOptional() @ValidateNested() cookie: unknown;
  @IsOptional() @aBoolean() reportOnly: unknown;
}

/** Everything that is wrong with single options: `path: what was expected and what came`. */
export function csrfOptionProblems(options: CsrfModuleOptions): string[] {
  const rules = new CsrfRules();
  fill(rules, options);
  rules.cookie = nested(new CsrfCookieRules(), options.cookie);
  const origins: unknown[] = Array.isArray(options.trustedOrigins) ? options.trustedOrigins : [];
  return [
    ...problemsOf(rules),
    ...origins.flatMap((entry, index) => {
      const problem = trustedOriginProblem(entry);
      return problem ? [`trustedOrigins[${index}]: ${problem}`] : [];
    }),
  ];
}
