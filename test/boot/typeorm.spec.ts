import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { describe, expect, it } from '@jest/globals';
import { SessionModule, SessionService } from 'nest-sessions';
import { CreateSessions1735689600000, SessionEntity, typeOrmStore } from 'nest-sessions/typeorm';
import type { DataSourceOptions } from 'typeorm';

const lines: string[] = [];
const record = (message: unknown) => void lines.push(String(message));
const logger = { log: record, warn: record, error: record, fatal: record };

type Imports = NonNullable<Parameters<typeof Module>[0]['imports']>;

async function boot(imports: Imports) {
  lines.length = 0;
  @Module({ imports })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger, abortOnError: false });
}

async function refusalOf(imports: Imports): Promise<string> {
  try {
    const app = await boot(imports);
    await app.close();
  } catch (error) {
    return String(error);
  }
  return 'it booted';
}

const sqlite = (options: object = {}) =>
  TypeOrmModule.forRoot({
    type: 'better-sqlite3',
    database: ':memory:',
    retryAttempts: 0,
    ...options,
  } as DataSourceOptions);

describe('SessionModule.forRoot() without a store', () => {
  it.each([
    { how: 'synchronize', options: { autoLoadEntities: true, synchronize: true } },
    { how: 'its entity in the list', options: { entities: [SessionEntity], synchronize: true } },
    {
      how: 'the migration that ships',
      options: { autoLoadEntities: true, migrations: [CreateSessions1735689600000], migrationsRun: true },
    },
  ])('keeps sessions on the DataSource of the application, with $how', async ({ options }) => {
    const app = await boot([sqlite(options), SessionModule.forRoot()]);
    const sessions = app.get(SessionService);
    const { id } = await sessions.create<any>({ name: 'Ada' });
    expect((await sessions.open<any>(id!))!.get('name')).toBe('Ada');
    expect(lines.find((line) => line.startsWith('Sessions are kept by'))).toMatch(
      /typeorm.*better-sqlite3.*: no lost updates within one process only; a logout is final; lists a user's/,
    );
    await app.close();
  });

  it('promises no lost updates at all when the database is a file, which other processes can open', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
    const file = { database: join(directory, 'app.sqlite'), autoLoadEntities: true, synchronize: true };
    const app = await boot([sqlite(file), SessionModule.forRoot()]);
    await app.close();
    await rm(directory, { recursive: true });
    expect(lines.find((line) => line.startsWith('Sessions are kept by'))).toContain(': no lost updates; ');
  });

  it('works whichever of the two modules is imported first', async () => {
    const app = await boot([SessionModule.forRoot(), sqlite({ autoLoadEntities: true, synchronize: true })]);
    expect((await app.get(SessionService).create<any>({ name: 'Ada' })).id).toBeDefined();
    await app.close();
  });

  it('says what to import when there is no DataSource', async () => {
    expect(await refusalOf([SessionModule.forRoot()])).toMatch(/TypeOrmModule\.forRoot/);
  });

  it('says what to do when the DataSource does not know the entity', async () => {
    const refusal = await refusalOf([sqlite({ entities: [], synchronize: true }), SessionModule.forRoot()]);
    expect(refusal).toMatch(/SessionEntity/);
    expect(refusal).toMatch(/entities|autoLoadEntities/);
  });

  it('says what to run when there is no table', async () => {
    const refusal = await refusalOf([sqlite({ autoLoadEntities: true }), SessionModule.forRoot()]);
    expect(refusal).toMatch(/table "sessions"/);
    expect(refusal).toContain('CreateSessions1735689600000');
  });

  it('names the DataSource that it looked for', async () => {
    const refusal = await refusalOf([
      sqlite({ autoLoadEntities: true, synchronize: true }),
      SessionModule.forRoot({ store: typeOrmStore({ dataSource: 'other' }) }),
    ]);
    expect(refusal).toContain('"other"');
  });

  it('leaves the DataSource of the application open until the application is closed', async () => {
    const app = await boot([
      sqlite({ autoLoadEntities: true, synchronize: true }),
      SessionModule.forRootAsync({ useFactory: async () => ({ idleTimeout: '10m', now: () => 1_000_000 }) }),
    ]);
    const session = await app.get(SessionService).create<any>({ name: 'Ada' });
    expect(session.getExpiryAge()).toBe(600);
    await expect(app.close()).resolves.toBeUndefined();
  });
});
