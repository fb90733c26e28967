import type { ModuleMetadata, Provider } from '@nestjs/common';
import { storeDefinition } from '../stores/session-store.composition.js';
import type { SessionStoreOption } from '../stores/session-store.definition.js';

/** The store as the application gave it, before anything is put around it. */
export const PLAIN_SESSION_STORE = Symbol('PLAIN_SESSION_STORE');

/** What Nest needs to make the store that the option names; `undefined` when it names none. */
export function storeProvider(
  option: SessionStoreOption,
): { imports: NonNullable<ModuleMetadata['imports']>; provider: Provider } | undefined {
  const definition = storeDefinition(option);
  if (!definition) {
    return undefined;
  }
  const { imports = [], ...how } = definition;
  return { imports, provider: { provide: PLAIN_SESSION_STORE, ...how } as Provider };
}
