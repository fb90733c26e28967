import type { DataSource } from 'typeorm';
import type { SessionHead, SessionRecord } from '../session-record.js';
import { SessionStore } from '../session-store.js';
import type {
  ClearExpiredOptions,
  CommitResult,
  SessionActivity,
  SessionChange,
  SessionRotation,
  SessionSource,
  SessionStoreCapabilities,
  SessionStoreContext,
} from '../session-store.js';
import { isDuplicate } from './duplicate.key.js';
import { createExecutor } from './executor.factory.js';
import { sweepExpired } from './expired.sweep.js';
import { checkMysqlDataColumn } from './mysql.check.js';
import { OwnColumns } from './own.columns.js';
import type { SessionEntity } from './session.entity.js';
import { SessionRowMapper } from './session-row.mapper.js';
import { bind } from './statement.builder.js';
import type { Statement } from './statement.builder.js';
import type { StatementExecutor } from './statement.executor.js';
import { checkDataSource, checkTable } from './typeorm.check.js';
import { TypeOrmStatements } from './typeorm.statements.js';
import type { TypeOrmStoreOptions } from './typeorm.store.options.js';

/** How often an id is tried that is taken and then free again. */
const INSERTS = 20;

const COMMITTED = { outcome: 'committed' } as const;

/** Databases that live and die with the process. */
const IN_MEMORY: ReadonlySet<unknown> = new Set([':memory:', '']);

/**
 * Keeps sessions in a table, one SQL statement per verb, always on a connection or in a turn of its own: a session
 * write is never part of a transaction that a handler has open, and is not undone with it.
 *
 * Made by `typeOrmStore()`. `open` throws when the DataSource is not initialized, does not know the entity, or the
 * table is missing or too small, and says what to do.
 *
 * @publicApi
 */
export class TypeOrmStore<Entity extends SessionEntity = SessionEntity> extends SessionStore {
  override readonly name: string;
  override readonly capabilities: SessionStoreCapabilities;

  private now: () => number = Date.now;
  private statements!: TypeOrmStatements;
  private rows!: SessionRowMapper;
  private own!: OwnColumns;
  private readonly executor: StatementExecutor;

  /** @param dataSource Stays the caller's: the store neither initializes nor destroys it. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly entity: new () => Entity,
    private readonly columns?: TypeOrmStoreOptions<Entity>['columns'],
  ) {
    super();
    const { type, database } = dataSource.options;
    const isLocal = type === 'sqljs' || (type === 'better-sqlite3' && IN_MEMORY.has(database));
    this.name = `typeorm (${type})`;
    this.capabilities = {
      atomicCommit: isLocal ? 'this-process' : 'everywhere',
      userIndex: true,
      revocable: true,
    };
    this.executor = createExecutor(dataSource);
  }

  override async open(context: SessionStoreContext): Promise<void> {
    const { dataSource, executor } = this;
    const metadata = checkDataSource(dataSource, this.entity);
    this.now = context.now;
    this.statements = new TypeOrmStatements(dataSource, metadata);
    this.rows = new SessionRowMapper(metadata);
    this.own = new OwnColumns(dataSource, metadata, this.columns);
    await checkTable(dataSource, metadata, executor, this.statements);
    await checkMysqlDataColumn(dataSource, metadata, executor, context.maxDataSize);
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    const [row] = await this.executor.read(bind(this.statements.load(), { '@id': id, '@now': this.now() }));
    return row && this.rows.toRecord(row);
  }

  override async peek(id: string): Promise<SessionHead | undefined> {
    const [row] = await this.executor.read(bind(this.statements.peek(), { '@id': id, '@now': this.now() }));
    return row && this.rows.toHead(row);
  }

  override async create(record: SessionRecord, source?: SessionSource): Promise<boolean> {
    const { properties, values } = this.own.of(source);
    const insert = bind(this.statements.create(properties), { ...record, ...values });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.executor.write(insert);
        return true;
      } catch (error) {
        // The key of which column is taken, drivers word differently; whether the row is there is the same everywhere.
        const present = await this.peek(record.id);
        // Where only the answer was lost, it is this record itself.
        if (present) return !isDuplicate(error) && isSame(present, record);
        const expired = this.statements.deleteExpired([record.id], this.now());
        const madeWay = (await this.executor.write(expired)) > 0;
        // One that was in the way may have been destroyed since.
        if (attempt >= INSERTS || !(madeWay || isDuplicate(error))) throw error;
      }
    }
  }

  override async commit(
    id: string,
    expectedVersion: number,
    change: SessionChange,
    source?: SessionSource,
  ): Promise<CommitResult> {
    const { properties, values } = this.own.of(source);
    const written = await this.change(this.statements.commit(properties), {
      ...change,
      ...values,
      '@id': id,
      '@version': expectedVersion,
    });
    return written ? COMMITTED : this.whyNot(id);
  }

  override async commitExclusively(
    id: string,
    rebase: (fresh: SessionRecord) => { change: SessionChange; source?: SessionSource },
  ): Promise<CommitResult> {
    const now = this.now();
    const affected = await this.executor.exclusively(this.statements.loadLocked(id, now), (row) => {
      const fresh = this.rows.toRecord(row);
      if (!fresh) return undefined;
      const { change, source } = rebase({ ...fresh });
      const { properties, values } = this.own.of(source);
      const where = { '@id': id, '@version': fresh.version, '@now': now };
      return bind(this.statements.commit(properties), { ...change, ...values, ...where });
    });
    if (affected === undefined) return { outcome: 'gone' };
    return affected > 0 ? COMMITTED : this.whyNot(id);
  }

  override async replace(
    id: string,
    expectedVersion: number,
    record: SessionRecord,
    source?: SessionSource,
  ): Promise<CommitResult> {
    const { properties, values } = this.own.of(source);
    const written = await this.change(this.statements.replace(properties), {
      ...record,
      ...values,
      '@id': id,
      '@version': expectedVersion,
    });
    return written ? COMMITTED : this.whyNot(id);
  }

  override touch(id: string, expectedVersion: number, activity: SessionActivity): Promise<boolean> {
    return this.change(this.statements.touch(), { ...activity, '@id': id, '@version': expectedVersion });
  }

  override rotate(id: string, expectedHash: string, rotation: SessionRotation): Promise<boolean> {
    const values = { ...rotation, previousHash: expectedHash };
    return this.change(this.statements.rotate(), { ...values, '@id': id, '@hash': expectedHash });
  }

  override destroy(id: string): Promise<boolean> {
    return this.change(this.statements.destroy(), { '@id': id });
  }

  override clearExpired(options: ClearExpiredOptions = {}): Promise<number> {
    return sweepExpired(this.executor, this.statements, this.now(), options);
  }

  override async findByUser(userId: string): Promise<SessionRecord[]> {
    const values = { '@user': userId, '@now': this.now() };
    const rows = await this.executor.read(bind(this.statements.findByUser(), values));
    return rows.map((row) => this.rows.toRecord(row)).filter((record) => record !== undefined);
  }

  override destroyByUser(userId: string, { except }: { readonly except?: string } = {}): Promise<number> {
    const statement = this.statements.destroyByUser(except !== undefined);
    return this.executor.write(bind(statement, { '@user': userId, '@now': this.now(), '@id': except }));
  }

  private async change(statement: Statement, values: Readonly<Record<string, unknown>>): Promise<boolean> {
    return (await this.executor.write(bind(statement, { ...values, '@now': this.now() }))) > 0;
  }

  private async whyNot(id: string): Promise<CommitResult> {
    const fresh = await this.load(id);
    return fresh ? { outcome: 'conflict', fresh } : { outcome: 'gone' };
  }
}

/** What has no secret begins with a random version. */
function isSame(present: SessionHead, { secretHash, version }: SessionRecord): boolean {
  return present.secretHash === secretHash && present.version === version;
}
