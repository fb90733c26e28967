import type { DataSource, EntityMetadata } from 'typeorm';
import type { StatementExecutor } from './statement.executor.js';
import { bind } from './statement.builder.js';
import { messages } from './typeorm.messages.js';
import type { TypeOrmStatements } from './typeorm.statements.js';

/** The metadata of the entity. Throws when the DataSource is not ready, speaks no SQL or lacks the entity. */
export function checkDataSource(dataSource: DataSource, entity: Function): EntityMetadata {
  if (!dataSource.isInitialized) throw new Error(messages.notInitialized());
  const { type } = dataSource.options;
  if (type === 'mongodb') throw new Error(messages.unsupported(type));
  if (!dataSource.hasMetadata(entity)) throw new Error(messages.notRegistered(entity.name));
  return dataSource.getMetadata(entity);
}

/** Throws when the table or a column of it is missing, or when the driver does not count changed rows. */
export async function checkTable(
  dataSource: DataSource,
  metadata: EntityMetadata,
  executor: StatementExecutor,
  statements: TypeOrmStatements,
): Promise<void> {
  try {
    await executor.read(bind(statements.probe(), {}));
  } catch (error) {
    throw (await whatIsMissing(dataSource, metadata)) ?? error;
  }
  // No session has an empty id: this changes nothing and tells whether changes are counted.
  await executor.write(bind(statements.destroy(), { '@id': '', '@now': 0 }));
}

async function whatIsMissing(dataSource: DataSource, metadata: EntityMetadata): Promise<Error | undefined> {
  const runner = dataSource.createQueryRunner('master');
  try {
    const table = await runner.getTable(metadata.tablePath);
    if (!table) return new Error(messages.noTable(metadata.tablePath));
    const missing = metadata.columns
      .filter((column) => !column.isVirtualProperty && !table.findColumnByName(column.databaseName))
      .map((column) => column.databaseName);
    return missing.length > 0 ? new Error(messages.noColumns(metadata.tablePath, missing)) : undefined;
  } finally {
    await runner.release();
  }
}
