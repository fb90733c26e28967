import { cachedStore, type SessionStoreDefinition } from 'nest-sessions';
import { typeOrmStore } from 'nest-sessions/typeorm';
import type { DataSource } from 'typeorm';
import { describeEachDatabase, type TestDatabase } from '../support/databases.js';
import { describeOutage } from '../support/outage-claims.js';
import type { Defer, Outage } from '../support/outage-scenario.js';
import { openSessionTable } from '../support/session-table.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const stores: { name: string; open: (dataSource: DataSource) => SessionStoreDefinition }[] = [
  { name: 'typeOrmStore', open: (dataSource) => typeOrmStore({ dataSource }) },
  { name: 'cachedStore', open: (dataSource) => cachedStore({ database: typeOrmStore({ dataSource }) }) },
];

describeEachDatabase(
  'A database server that goes away',
  (database) => {
    for (const { name, open } of stores) {
      describeOutage(`under ${name}`, (defer) => behindProxy(database, open, defer));
    }
  },
  ({ type }) => type !== 'better-sqlite3',
);

async function behindProxy(
  database: TestDatabase,
  open: (typeof stores)[number]['open'],
  defer: Defer,
): Promise<Outage> {
  const { options, drop } = await database.create();
  defer(drop);
  const proxy = new TcpProxy(options as { host: string; port: number });
  await proxy.open();
  defer(() => proxy.shut());
  const address = { host: '127.0.0.1', port: proxy.port };
  const dataSource = await openSessionTable(options, address as object);
  defer(() => dataSource.destroy());
  return { store: open(dataSource), begin: () => proxy.shut(), end: () => proxy.open() };
}
