import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { SessionStoreDefinition, SessionStoreOption } from './session-store.definition.js';
import { SessionStore } from './session-store.js';

/** A Nest provider without its token, and the modules it needs. */
export type Definition<T> = { imports?: ModuleMetadata['imports'] } & (
  | { useClass: Type<T> }
  | { useExisting: FactoryProvider['provide'] }
  | { useValue: T }
  | { useFactory: (...args: any[]) => T | Promise<T>; inject?: FactoryProvider['inject'] }
);

type Factory<T> = {
  imports: NonNullable<ModuleMetadata['imports']>;
  inject: NonNullable<FactoryProvider['inject']>;
  make: (...args: any[]) => T | Promise<T>;
};

/**
 * One definition made of two. Both parts are resolved where the whole is, so they see the same modules as they would
 * alone: no module of their own comes in between.
 */
export function compose<A, B, T>(
  one: Definition<A>,
  two: Definition<B>,
  join: (one: A, two: B) => T,
): Definition<T> {
  const [first, second] = [factoryOf(one), factoryOf(two)];
  return {
    imports: [...first.imports, ...second.imports],
    inject: [...first.inject, ...second.inject],
    useFactory: async (...args: unknown[]) =>
      join(
        await first.make(...args.slice(0, first.inject.length)),
        await second.make(...args.slice(first.inject.length)),
      ),
  };
}

/** The definition that the option of a store means; `undefined` when it means none. */
export function storeDefinition(option: SessionStoreOption): SessionStoreDefinition | undefined {
  if (typeof option === 'function') {
    return { useClass: option as Type<SessionStore> };
  }
  if (isStore(option)) {
    return { useValue: option };
  }
  return isDefinition(option) ? (option as SessionStoreDefinition) : undefined;
}

function isStore(value: unknown): value is SessionStore {
  // By its verbs rather than its class, which may come from another copy of this package.
  return (
    typeof value === 'object' && value !== null && ['load', 'create', 'commit'].every((verb) => verb in value)
  );
}

export function isDefinition(value: unknown): boolean {
  const hows = ['useClass', 'useExisting', 'useValue', 'useFactory'];
  return typeof value === 'object' && value !== null && hows.some((how) => how in value);
}

function factoryOf<T>(definition: Definition<T>): Factory<T> {
  const { imports = [] } = definition;
  if ('useFactory' in definition) {
    return { imports, inject: definition.inject ?? [], make: definition.useFactory };
  }
  if ('useExisting' in definition) {
    return { imports, inject: [definition.useExisting], make: (existing: T) => existing };
  }
  if ('useClass' in definition) {
    const make = (modules: ModuleRef) => modules.create(definition.useClass);
    return { imports, inject: [ModuleRef], make };
  }
  return { imports, inject: [], make: () => definition.useValue };
}
