import type { ModuleMetadata } from '@nestjs/common';
import type { SessionStoreDefinition } from 'nest-sessions';

/** What the application gets: the store, the modules that it needs, and how to let go of what was opened for it. */
export interface OpenedStore {
  store: SessionStoreDefinition;
  imports?: NonNullable<ModuleMetadata['imports']>;
  close?(): Promise<unknown> | void;
}
