import type { Type } from '@nestjs/common';
import { validateSync, type ValidationError } from 'class-validator';
import type { DataCheck, DataFault } from '../core/data-check.js';
import { SessionOptionsError } from '../core/session.errors.js';
import { dataClassProblems, type PlainToInstance } from './data-class.rules.js';

type Tree = Record<string, unknown>;

/**
 * Checks data by a class with rules of class-validator.
 * @throws SessionOptionsError when class-transformer is not installed, or when the class cannot be used.
 */
export async function dataClassCheck(
  type: Type<object>,
  load: () => Promise<{ plainToInstance: PlainToInstance }> = () => import('class-transformer'),
): Promise<DataCheck> {
  const { plainToInstance } = await load().catch((error: unknown) => {
    throw new SessionOptionsError([
      `data: a class needs the package class-transformer; run "npm install class-transformer" (${error})`,
    ]);
  });
  const problems = dataClassProblems(type, plainToInstance);
  if (problems.length > 0) {
    throw new SessionOptionsError(problems.map((problem) => `data: ${problem}`));
  }
  return (data) => {
    const instance = putBack(plainToInstance(type, outline(data)) as Tree, data);
    const errors = validateSync(instance, { validationError: { target: false, value: false } });
    return errors.flatMap((error) => faultsOf(error, []));
  };
}

/** A copy to make objects of classes from, without the objects that class-transformer cannot copy, such as a URL. */
function outline(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(outline);
  }
  if (isTree(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, outline(member)]));
  }
  return typeof value === 'object' && !(value instanceof Map || value instanceof Set) ? null : value;
}

/** Puts the values back as they are: what `@Type(() => Date)` or `@Transform()` makes of one is not what is stored. */
function putBack(made: Tree, data: Tree): Tree {
  for (const [key, value] of Object.entries(data)) {
    const present = made[key];
    const isSameKind = Array.isArray(value) ? Array.isArray(present) : isTree(value) && isObject(present);
    Reflect.set(made, key, isSameKind ? putBack(present as Tree, value as Tree) : value);
  }
  return made;
}

function isTree(value: unknown): value is Tree {
  const prototype: unknown = isObject(value) ? Object.getPrototypeOf(value) : undefined;
  return prototype === Object.prototype || prototype === null;
}

function isObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function faultsOf(
  { property, constraints = {}, children = [] }: ValidationError,
  above: string[],
): DataFault[] {
  // An object of no class is a fault of the property that holds it.
  const path = property === undefined ? above : [...above, property];
  const own = Object.values(constraints).map((message) => ({ path, reason: bare(message, property) }));
  return [...own, ...children.flatMap((child) => faultsOf(child, path))];
}

/** The path says which property it is. */
function bare(message: string, property: string | undefined): string {
  return property && message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}
