/**
 * A schema of any library that implements [Standard Schema](https://standardschema.dev), such as Zod, Valibot and
 * ArkType.
 *
 * @publicApi
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
  };
}

export type StandardResult =
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Whether it is one. Some are functions, with a class not to be confused. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const isThing = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isThing || !('~standard' in value)) {
    return false;
  }
  const { version, validate } = Object(value['~standard']);
  return version === 1 && typeof validate === 'function';
}
