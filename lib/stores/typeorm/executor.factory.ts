import type { DataSource } from 'typeorm';
import { PooledExecutor } from './pooled.executor.js';
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
  if (!SINGLE_CONNECTION.has(type)) return new PooledExecutor(dataSource);
  return type === 'better-sqlite3' ? new SqliteExecutor(dataSource) : new SharedExecutor(dataSource);
}
