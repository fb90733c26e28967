import type { Type } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { standardSchemaProblem } from './standard-schema.check.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.interface.js';

/**
 * What session data has to be: a class with decorators of class-validator, or a Standard Schema.
 *
 * @publicApi
 */
export type SessionDataSchema = Type<object> | StandardSchema;

/** What keeps the value from being the option `data`. */
export function dataSchemaProblem(value: unknown): string | undefined {
  if (isStandardSchema(value)) {
    return standardSchemaProblem(value);
  }
  if (typeof value !== 'function') {
    return 'expected a class with rules of class-validator, or a Standard Schema (version 1), such as one of Zod';
  }
  return rulesOf(value).length > 0
    ? undefined
    : `the class ${value.name || 'without a name'} has no rules of class-validator`;
}

/** What the decorators of class-validator say about the class, and about those that it extends. */
export function rulesOf(type: Function) {
  return getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
}
