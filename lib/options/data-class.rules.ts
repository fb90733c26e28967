import type { Type } from '@nestjs/common';
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import { isPending } from './is-pending.js';
import { rulesOf } from './session-data-schema.js';

type Rule = ReturnType<typeof rulesOf>[number];

/** Of class-transformer, an optional peer. */
export type PlainToInstance = (type: Type<object>, plain: any) => unknown;

/** What in a class, and in the classes of its properties, could never work. */
export function dataClassProblems(
  type: Type<object>,
  toInstance: PlainToInstance,
  path = '',
  seen = new Set<Function>(),
): string[] {
  if (seen.has(type)) {
    return [];
  }
  seen.add(type);
  const rules = rulesOf(type);
  const asynchronous = rules.flatMap((rule) =>
    asynchronousIn(rule).map((name) => `${path}${rule.propertyName}: the rule ${name} is asynchronous`),
  );
  const nested = rules.filter((rule) => rule.type === ValidationTypes.NESTED_VALIDATION);
  return [
    ...asynchronous,
    ...nested.flatMap(({ propertyName: property }) => {
      const { classes, isPlain } = madeOf(type, property, toInstance);
      return classes.length === 0 && isPlain
        ? [`${path}${property}: @ValidateNested() needs @Type(() => …) of class-transformer beside it`]
        : classes.flatMap((one) => dataClassProblems(one, toInstance, `${path}${property}.`, seen));
    }),
  ];
}

/** The names of what in a rule answers with a promise, which `validateSync()` would take for consent. */
function asynchronousIn({ constraintCls, constraints, propertyName: property }: Rule): string[] {
  if (!constraintCls) {
    return [];
  }
  const found = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  const given = { value: undefined, object: {}, targetName: '', property, constraints };
  return found
    .filter((one) => one.async || answersLater(() => one.instance.validate(undefined, given)))
    .map(({ name }) => name);
}

function answersLater(run: () => unknown): boolean {
  try {
    return isPending(run());
  } catch {
    // It is made for data, and this is none.
    return false;
  }
}

/** What a property that holds an object, or a list of them, gets: there is no other way to ask for its `@Type()`. */
function madeOf(type: Type<object>, property: string, toInstance: PlainToInstance) {
  const made = [{}, [{}]].flatMap((value) => {
    try {
      return (toInstance(type, { [property]: value }) as Record<string, unknown>)[property];
    } catch {
      // A transformation of the user's that is not made for this.
      return [];
    }
  });
  const constructors = made.filter(Boolean).map((value) => Object(value).constructor as Type<object>);
  return {
    classes: constructors.filter((one) => one !== Object && rulesOf(one).length > 0),
    isPlain: constructors.includes(Object),
  };
}
