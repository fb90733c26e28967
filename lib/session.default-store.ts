import { SessionOptionsError } from './core/session.errors.js';
import type { SessionStoreDefinition } from './stores/session-store.definition.js';

/** The store of an application that names none. Loaded on demand, since TypeORM is an optional peer. */
export async function defaultStore(): Promise<SessionStoreDefinition> {
  try {
    const { typeOrmStore } = await import('./stores/typeorm/typeorm.store.definition.js');
    return typeOrmStore();
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') {
      throw new SessionOptionsError([
        'store: by default sessions are kept with TypeORM, which is not installed. ' +
          'Run "npm install @nestjs/typeorm typeorm", or choose another store, such as memoryStore()',
      ]);
    }
    throw error;
  }
}
