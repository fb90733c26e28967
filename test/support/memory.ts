import { memoryStore, type SessionStore } from 'nest-sessions';

/** A memory store by itself, to be watched or shared by several applications. */
export function memory(): SessionStore {
  const definition = memoryStore();
  if (!('useFactory' in definition)) {
    throw new Error('memoryStore() is expected to be a factory.');
  }
  return definition.useFactory() as SessionStore;
}
