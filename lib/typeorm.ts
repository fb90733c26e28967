export { SessionEntity } from './stores/typeorm/session.entity.js';
export { sessionEntity } from './stores/typeorm/session-entity.factory.js';
export { CreateSessions1735689600000 } from './stores/typeorm/session.migration.js';
export { typeOrmStore } from './stores/typeorm/typeorm.store.definition.js';
export { TypeOrmStore } from './stores/typeorm/typeorm.store.js';
export type { TypeOrmStoreOptions } from './stores/typeorm/typeorm.store.options.js';
