import { createRequire } from 'node:module';
import { sqliteInMemory } from '../support/backends.mjs';
import { newRecord } from './records.mjs';

const require = createRequire(import.meta.url);

/** A version that no other parameter can be mistaken for. */
const VERSION = 987_654;

/**
 * The SQL that the store sends to its driver for each verb, and `bind(record)`, which gives the parameters for another
 * record.
 */
export async function recordStatements(store) {
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
    const [statement] = await sentDuring(run);
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
async function sentDuring(run) {
  const sent = [];
  const { prototype: client } = require('pg').Client;
  const memory = sqliteInMemory();
  const statement = Object.getPrototypeOf(memory.prepare('SELECT 1'));
  memory.close();
  const originals = { query: client.query, run: statement.run, get: statement.get, all: statement.all };
  client.query = function query(text, values, ...rest) {
    sent.push(
      typeof text === 'string'
        ? { sql: text, parameters: values }
        : { sql: text.text, parameters: text.values },
    );
    return originals.query.call(this, text, values, ...rest);
  };
  for (const name of ['run', 'get', 'all']) {
    statement[name] = function watched(...parameters) {
      sent.push({ sql: this.source, parameters });
      return originals[name].apply(this, parameters);
    };
  }
  try {
    await run();
  } finally {
    client.query = originals.query;
    Object.assign(statement, { run: originals.run, get: originals.get, all: originals.all });
  }
  return sent;
}
