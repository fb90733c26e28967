import type { DataSource } from 'typeorm';
import { PooledExecutor } from './pooled.executor.js';
import { PostgresExecutor } from './postgres.executor.js';
import { SharedExecutor } from './shared.executor.js';
import { SqliteExecutor } from './sqlite.executor.js';
import type { StatementExecutor } from './statement.executor.js';

const SINGLE_CONNECTION: ReadonlySet<string> = new Set([
  'better-sqlite3',
  'sqlite',
  'sqljs',
  'expo',
  'cordova',
  'react-native',
  'nativescript',
  'capacitor',
]);

/** The executor that keeps the store's statements out of the application's transactions with this driver. */
export function createExecutor(dataSource: DataSource): StatementExecutor {
  const { type } = dataSource.options;
  if (type === 'postgres') return new PostgresExecutor(dataSource);
  if (type === 'better-sqlite3') return new SqliteExecutor(dataSource);
  return SINGLE_CONNECTION.has(type) ? new SharedExecutor(dataSource) : new PooledExecutor(dataSource);
}
