import { Entity } from 'typeorm';
import { SessionEntity } from './session.entity.js';

const entities = new Map<string, typeof SessionEntity>();

/**
 * The entity of `typeOrmStore({ tableName })`: {@link SessionEntity} over a table of another name, the same class
 * for the same name. Needed only where a DataSource lists its `entities` itself:
 * `entities: [sessionEntity('web_sessions')]`.
 *
 * Throws a `TypeError` for a name that is empty or has a dot: for a table of another schema, extend `SessionEntity`
 * with `@Entity({ name, schema })`.
 *
 * @publicApi
 */
export function sessionEntity(tableName: string): typeof SessionEntity {
  if (typeof tableName !== 'string' || tableName.trim() === '' || tableName.includes('.')) {
    throw new TypeError(
      `typeOrmStore: \`tableName\` must be the plain name of a table, got ${JSON.stringify(tableName)}. ` +
        'For a table of another schema, extend SessionEntity with @Entity({ name, schema }) and pass it as `entity`.',
    );
  }
  let entity = entities.get(tableName);
  if (!entity) {
    entity = class extends SessionEntity {};
    // TypeORM and Nest tell entities apart by their class names.
    Object.defineProperty(entity, 'name', { value: `sessionEntity('${tableName}')` });
    Entity({ name: tableName })(entity);
    entities.set(tableName, entity);
  }
  return entity;
}
