import { ModulesContainer } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, getMetadataArgsStorage } from 'typeorm';
import type { SessionStoreDefinition } from '../session-store.definition.js';
import { SessionEntity } from './session.entity.js';
import { sessionEntity } from './session-entity.factory.js';
import { messages } from './typeorm.messages.js';
import { TypeOrmStore } from './typeorm.store.js';
import type { TypeOrmStoreOptions } from './typeorm.store.options.js';

const OPTIONS: ReadonlySet<string> = new Set(['dataSource', 'entity', 'columns', 'tableName']);

/**
 * Keeps sessions in a table of the application's database: SQLite (better-sqlite3), PostgreSQL, MySQL, MariaDB and
 * what else TypeORM speaks. Without options: the default DataSource of `TypeOrmModule` and the table `sessions`.
 *
 * With `autoLoadEntities: true` the entity registers itself; otherwise add `SessionEntity` (or your own) to the
 * DataSource's `entities`. The table comes from the migration `CreateSessions1735689600000`, or in development from
 * `synchronize: true`.
 *
 * With a pool, a session write takes a connection of its own. SQLite has a single connection: a session write waits
 * until no transaction is open on it, at most 5 seconds, so do not `save()` inside a transaction there.
 *
 * Throws a `TypeError` for options that contradict each other. What is wrong with the database fails the boot.
 *
 * @publicApi
 */
export function typeOrmStore<Entity extends SessionEntity = SessionEntity>(
  options: TypeOrmStoreOptions<Entity> = {},
): SessionStoreDefinition {
  const { dataSource, columns } = options;
  const entity = entityOf(options);

  if (isDataSource(dataSource)) {
    return { useFactory: () => new TypeOrmStore(dataSource, entity, columns) };
  }
  if (dataSource !== undefined && (typeof dataSource !== 'string' || dataSource === '')) {
    throw new TypeError(messages.wrongDataSource());
  }

  // Only for `autoLoadEntities`. The module that it gives would add a repository, and without a DataSource, or with
  // one that lacks the entity, Nest would fail on that repository before the store can say what to do.
  TypeOrmModule.forFeature([entity], dataSource);

  const token = getDataSourceToken(dataSource);
  return {
    inject: [{ token, optional: true }, ModulesContainer],
    useFactory: (found: DataSource | undefined, modules: ModulesContainer) => {
      if (found) return new TypeOrmStore(found, entity, columns);
      const isProvided = [...modules.values()].some((module) => module.providers.has(token));
      throw new Error(isProvided ? messages.dataSourceFailed(dataSource) : messages.noDataSource(dataSource));
    },
  };
}

function entityOf<Entity extends SessionEntity>(options: TypeOrmStoreOptions<Entity>): new () => Entity {
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new TypeError(messages.unknownOption(unknown));
  const { entity, columns, tableName } = options;
  if (entity !== undefined && tableName !== undefined) throw new TypeError(messages.entityAndTableName());
  if (entity === undefined && columns !== undefined) throw new TypeError(messages.columnsWithoutEntity());
  if (entity === undefined) {
    const plain = tableName === undefined ? SessionEntity : sessionEntity(tableName);
    return plain as new () => Entity;
  }
  if ((entity as unknown) !== SessionEntity && !(entity.prototype instanceof SessionEntity)) {
    throw new TypeError(messages.notASessionEntity(String(entity?.name ?? entity)));
  }
  if (!getMetadataArgsStorage().tables.some((table) => table.target === entity)) {
    throw new TypeError(messages.notDecorated(entity.name));
  }
  return entity;
}

/** Not `instanceof` alone: an application may have a second copy of TypeORM installed. */
function isDataSource(value: unknown): value is DataSource {
  return (
    value instanceof DataSource || typeof (value as DataSource | undefined)?.createQueryRunner === 'function'
  );
}
