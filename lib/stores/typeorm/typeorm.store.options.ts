import type { Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { SessionSource } from '../session-store.js';
import type { SessionEntity } from './session.entity.js';

/**
 * Options of `typeOrmStore()`.
 *
 * @publicApi
 */
export interface TypeOrmStoreOptions<Entity extends SessionEntity = SessionEntity> {
  /**
   * The name given to `TypeOrmModule.forRoot({ name })`, or an initialized DataSource, which stays yours to destroy.
   * Default: the application's default DataSource.
   */
  readonly dataSource?: string | DataSource;
  /** A class that extends `SessionEntity`. Default: `SessionEntity`. Not together with `tableName`. */
  readonly entity?: Type<Entity>;
  /**
   * The values of your own columns, by property name, written with every create, commit and regeneration. A property
   * that is left out or `undefined` keeps its value. Only together with `entity`.
   */
  readonly columns?: (session: SessionSource) => Partial<Omit<Entity, keyof SessionEntity>>;
  /** Another name for the table of the plain `SessionEntity`. Default: `sessions`. Not together with `entity`. */
  readonly tableName?: string;
}
