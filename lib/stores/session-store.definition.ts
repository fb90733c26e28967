import type { DynamicModule, FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import type { SessionStore } from './session-store.js';

/**
 * How Nest makes a store: a provider without its token, and the modules it needs. `typeOrmStore()`, `memoryStore()`
 * and the like return one; an application may write its own.
 *
 * @publicApi
 */
export type SessionStoreDefinition = { imports?: ModuleMetadata['imports'] } & (
  | { useClass: Type<SessionStore> }
  | { useExisting: FactoryProvider['provide'] }
  | { useValue: SessionStore }
  | {
      useFactory: (...args: any[]) => SessionStore | Promise<SessionStore>;
      inject?: FactoryProvider['inject'];
    }
);

/**
 * What the option `store` takes: a definition, a store class that Nest can construct, or a store.
 *
 * @publicApi
 */
export type SessionStoreOption = SessionStoreDefinition | Type<SessionStore> | SessionStore;

export type StoreImports = NonNullable<DynamicModule['imports']>;
