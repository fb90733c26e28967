import { measureAll, ratio } from '../support/measure.mjs';
import { table, times, whole } from '../support/results.mjs';
import { SCENARIOS } from '../support/scenarios.mjs';
import { startServer } from '../support/server.mjs';
import { djangoVersion, startDjango } from './server.mjs';

const BYTES = 200;

/** The same requests to Django and to us, on the same PostgreSQL; or a line that says why there is no Django here. */
export async function compareDjango({ load, scratch, connections, ...settings }) {
  const { version, missing } = djangoVersion();
  const reason = missing ?? scratch.missing.postgres;
  if (reason) {
    return `## Django\n\nLeft out: ${reason}. Debian: \`apt-get install python3-django python3-psycopg2 gunicorn\`.`;
  }
  const ours = (adapter) =>
    startServer({ library: 'nest-sessions', adapter, store: 'postgres' }, { scratch, ...settings });
  const servers = [await startDjango({ scratch, ...settings }), await ours('express'), await ours('fastify')];
  try {
    return await compare(version, servers, { load, connections, ...settings });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function compare(version, servers, { load, connections, ...settings }) {
  const statements = await servers[0].operations();
  const rows = [];
  for (const name of ['unused', 'read', 'write']) {
    const { title, method, path } = SCENARIOS[name];
    const entries = [];
    for (const server of servers) {
      const cookies = await server.browsers(connections, BYTES);
      const target = { url: `${server.origin}/${path}`, method, cookies, connections };
      // Django counts by itself; it has no session operation where none is used.
      entries.push({ server, target, ...(server === servers[0] && { operations: statements[name] ?? 0 }) });
    }
    const [django, express, fastify] = await measureAll(load, entries, settings);
    rows.push([
      `${title}, ${BYTES / 1000} KB`,
      ...[django, express, fastify].map(cell),
      times(ratio(express, django)),
      times(ratio(fastify, django)),
    ]);
  }
  const head = [
    'Request',
    `Django ${version}`,
    'Express',
    'Fastify',
    'Express to Django',
    'Fastify to Django',
  ];
  return (
    `## Django\n\nPostgreSQL, one worker each: gunicorn with threads, persistent connections, and only the session ` +
    `middleware. Each cell: requests per second, CPU time per request, SQL statements per request.\n\n${table(head, rows)}`
  );
}

function cell({ rate, cpu, operations }) {
  return `${whole(rate)}/s, ${whole(cpu)} µs, ${operations.toFixed(1)}`;
}
