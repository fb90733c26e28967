import type { Logger } from 'typeorm';

/** Remembers the SQL of every statement that TypeORM or the store runs. */
export class RecordingLogger implements Logger {
  readonly statements: string[] = [];
  /** Called with every statement just before it runs. */
  onQuery?: (sql: string, parameters?: unknown[]) => void;

  logQuery(sql: string, parameters?: unknown[]): void {
    this.statements.push(sql);
    this.onQuery?.(sql, parameters);
  }

  /** The statements since the last call. */
  take(): string[] {
    return this.statements.splice(0);
  }

  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
