import { createRequire } from 'node:module';
import { sqliteInMemory } from '../support/backends.mjs';
import { newRecord } from './records.mjs';

const require = createRequire(import.meta.url);

/** A version that no other parameter can be mistaken for. */
const VERSION = 987_654;

/**
 * The SQL that the store sends to its driver, the one of PostgreSQL or SQLite, for each verb, and `bind(record)`, which
 * gives the parameters for another record.
 */
export async function recordStatements(store, kind) {
  const record = newRecord({ version: VERSION });
  const activity = { lastSeenAt: record.lastSeenAt, expiresAt: record.expiresAt };
  const verbs = {
    create: () => store.create(record),
    load: () => store.load(record.id),
    touch: () => store.touch(record.id, VERSION, activity),
    commit: () => store.commit(record.id, VERSION, { ...activity, data: record.data }),
  };
  const statements = {};
  for (const [verb, run] of Object.entries(verbs)) {
    const [statement] = await sentDuring(kind, run);
    statements[verb] = { sql: statement.sql, bind: binder(statement.parameters, record) };
  }
  await store.destroy(record.id);
  return statements;
}

function binder(parameters, { id, version }) {
  const [ids, versions] = [id, version].map((value) =>
    parameters.flatMap((one, at) => (one === value ? [at] : [])),
  );
  return (record) => {
    const bound = [...parameters];
    for (const at of ids) bound[at] = record.id;
    for (const at of versions) bound[at] = record.version;
    return bound;
  };
}

/** The statements that reach a driver while something runs. */
async function sentDuring(kind, run) {
  const sent = [];
  const { prototype, verbs, statementOf } = DRIVERS[kind]();
  const originals = verbs.map((name) => [name, prototype[name]]);
  for (const [name, original] of originals) {
    prototype[name] = function watched(...args) {
      sent.push(statementOf(this, args));
      return original.apply(this, args);
    };
  }
  try {
    await run();
  } finally {
    Object.assign(prototype, Object.fromEntries(originals));
  }
  return sent;
}

/** Whose methods a statement passes through, and how it is read there. */
const DRIVERS = {
  postgres: () => ({
    prototype: require('pg').Client.prototype,
    verbs: ['query'],
    statementOf: (_client, [query, values]) =>
      typeof query === 'string'
        ? { sql: query, parameters: values }
        : { sql: query.text, parameters: query.values },
  }),
  sqlite() {
    const memory = sqliteInMemory();
    const prototype = Object.getPrototypeOf(memory.prepare('SELECT 1'));
    memory.close();
    return {
      prototype,
      verbs: ['run', 'get', 'all'],
      statementOf: (statement, parameters) => ({ sql: statement.source, parameters }),
    };
  },
};
