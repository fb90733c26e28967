import { createRequire } from 'node:module';
import session from 'express-session';
import { expressSessionStore, type ExpressSessionStoreLike } from 'nest-sessions/express-session';
import { typeOrmStore } from 'nest-sessions/typeorm';
import type { TestDatabase } from './databases.js';
import { inExpress, type RawStore } from './raw-store.js';
import { openSessionTable } from './session-table.js';

// These packages come without types.
const require = createRequire(import.meta.url);
const { Pool } = require('pg');
const PgStore: new (options: object) => ExpressSessionStoreLike = require('connect-pg-simple')(session);

/** A database that checks what it is given refuses some damage: SQLSTATE 22 and MariaDB's 01 are about the data. */
const accepted = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    (error: { code?: string; sqlState?: string; driverError?: { sqlState?: string } }) => {
      if (/^(22|01)/.test(error.driverError?.sqlState ?? error.code ?? '')) return false;
      throw error;
    },
  );

export async function postgresJson(database: TestDatabase): Promise<RawStore> {
  const scratch = await database.create();
  const pool = new Pool({ ...scratch.options, user: (scratch.options as { username?: string }).username });
  const options = { pool, createTableIfMissing: true, pruneSessionInterval: false };
  const upsert = `INSERT INTO session VALUES ($1, $2, now() + interval '1 day') ON CONFLICT (sid) DO UPDATE SET sess = $2`;
  return {
    ...inExpress,
    definition: expressSessionStore(new PgStore(options)),
    take: async (id) => {
      const { rows } = await pool.query('SELECT sess::text FROM session WHERE sid = $1', [id]);
      return { session: Buffer.from(rows[0].sess) };
    },
    put: (id, { session: text }) => accepted(pool.query(upsert, [id, text!.toString('latin1')])),
    close: async () => {
      await pool.end();
      await scratch.drop();
    },
  };
}

export async function sessionRow(database: TestDatabase): Promise<RawStore> {
  const scratch = await database.create();
  const dataSource = await openSessionTable(scratch.options);
  const place = (index: number) => (database.type === 'postgres' ? `$${index + 1}` : '?');
  return {
    definition: typeOrmStore({ dataSource }),
    read: (row) => ({ secretHash: row['secret_hash']!.toString(), data: row['data']!.toString() }),
    take: async (id) => {
      const [row] = await dataSource.query(`SELECT * FROM sessions WHERE id = ${place(0)}`, [id]);
      const kept = Object.entries(row as object).filter(([, value]) => value !== null);
      return Object.fromEntries(kept.map(([column, value]) => [column, Buffer.from(String(value))]));
    },
    put: async (_, row) => {
      const columns = Object.keys(row);
      // In one byte per letter, so that a flipped bit is another letter, and not one that the database refuses.
      const values = columns.map((column) => row[column]!.toString('latin1'));
      const into = `INSERT INTO sessions (${columns.join(', ')}) VALUES (${columns.map((_name, index) => place(index)).join(', ')})`;
      // Together, for each would wait for the disk.
      const exchange = dataSource.transaction(async (manager) => {
        await manager.query('DELETE FROM sessions');
        await manager.query(into, values);
      });
      return accepted(exchange);
    },
    close: async () => {
      await dataSource.destroy();
      await scratch.drop();
    },
  };
}
