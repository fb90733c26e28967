import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, type } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { POSTGRES } from './backends.mjs';
import { canPin } from './processes.mjs';

/** Of the benchmarks, and of the checkout. */
const PLACES = ['../node_modules', '../../../node_modules'].map((place) => join(import.meta.dirname, place));

const PACKAGES = [
  '@nestjs/core',
  'express',
  'fastify',
  'express-session',
  '@fastify/session',
  'cookie-session',
  'iron-session',
  'connect-redis',
  'connect-pg-simple',
  'connect-typeorm',
  'session-file-store',
  'typeorm',
  'pg',
  'redis',
  'better-sqlite3',
];

function versionOf(name) {
  const file = PLACES.map((place) => join(place, name, 'package.json')).find(existsSync);
  return file && `${name} ${JSON.parse(readFileSync(file, 'utf8')).version}`;
}

async function postgresVersion() {
  const client = new pg.Client({ ...POSTGRES, connectionTimeoutMillis: 3000 });
  try {
    await client.connect();
    return (await client.query('SHOW server_version')).rows[0].server_version.split(' ')[0];
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The heading of a page of results, which says when, where and what was measured, and the major version of Node.js. */
export async function conditions({ title, node, rounds, window, connections }) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  const postgres = await postgresVersion();
  const commit = readFileSync(join(PLACES[0], 'nest-sessions/commit.txt'), 'utf8').trim();
  const lines = [
    `${new Date().toISOString().slice(0, 10)}, Node.js ${version}, nest-sessions at commit ${commit}`,
    `${cpus().length} × ${cpus()[0].model.trim()}, ${type()} ${release()}${postgres ? `, PostgreSQL ${postgres}` : ''}, ` +
      `${canPin ? 'one core for the server and one for all else' : 'no process pinned to a core'}, ` +
      `load before: ${loadavg()[0].toFixed(1)}`,
    [
      rounds && `medians of ${rounds} interleaved rounds`,
      window && `of ${window / 1000} s`,
      connections && `over ${connections} connections`,
    ]
      .filter(Boolean)
      .join(' '),
    PACKAGES.map(versionOf).filter(Boolean).join(', '),
  ];
  const list = lines.filter(Boolean).map((line) => `- ${line}`);
  return { heading: `# ${title}\n\n${list.join('\n')}`, major: version.match(/\d+/)[0] };
}
