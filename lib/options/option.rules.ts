import { ValidateBy } from 'class-validator';
import { durationInSeconds } from '../core/duration.js';
import { shown } from './shown.js';

interface DurationRule {
  /** Whether `false` turns the thing off. */
  readonly orFalse?: boolean;
  readonly orZero?: boolean;
}

/** A number of seconds or a string with a unit. */
export function IsDuration({ orFalse = false, orZero = false }: DurationRule = {}): PropertyDecorator {
  const expected = `a number of seconds${orZero ? ' (0 or more)' : ' above 0'} or a duration such as "30m"`;
  return expect('isDuration', `${expected}${orFalse ? ', or false' : ''}`, (value) => {
    const seconds = durationInSeconds(value);
    return (orFalse && value === false) || (seconds !== undefined && (orZero || seconds > 0));
  });
}

/** A rule that says what was expected and what came. */
export function expect(
  name: string,
  expected: string,
  validate: (value: unknown) => boolean,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate,
      defaultMessage: (args) => `expected ${expected}, got ${shown(args?.value)}`,
    },
  });
}

/** A rule that finds its own words, such as for what must not be shown. */
export function refuse(name: string, problemOf: (value: unknown) => string | undefined): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => problemOf(value) === undefined,
      defaultMessage: (args) => problemOf(args?.value) ?? '',
    },
  });
}

export function oneOf(...values: readonly unknown[]): PropertyDecorator {
  return expect('oneOf', values.map(shown).join(' or '), (value) => values.includes(value));
}
