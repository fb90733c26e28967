import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SessionEntity, TypeOrmStore } from 'nest-sessions/typeorm';
import { Column, DataSource, Entity } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import type { SessionSource } from '../../lib/stores/session-store.js';
import { describeEachDatabase } from '../support/databases.js';
import type { ScratchDatabase } from '../support/databases.js';
import { sessionRecord } from '../support/session-table.js';

@Entity('app_sessions')
class AppSession extends SessionEntity {
  @Column({ name: 'account_number', type: 'int', nullable: true })
  accountId!: number | null;

  @Column({ type: 'boolean', default: false })
  isAdmin!: boolean;

  @Column({ type: 'simple-json', nullable: true })
  roles!: string[] | null;

  @Column({ type: 'varchar', length: 20, nullable: true, transformer: { to: upper, from: (text) => text } })
  tenant!: string | null;
}

function upper(text: string | null | undefined) {
  return text?.toUpperCase();
}

const CHANGE = { data: '{}', lastSeenAt: 2, expiresAt: 2_000_000 };

function source(data: Record<string, unknown>, userId: string | null = null): SessionSource {
  return { id: 'a', userId, data };
}

describeEachDatabase('An entity with columns of its own', (database) => {
  let scratch: ScratchDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    scratch = await database.create();
    const options = { ...scratch.options, entities: [AppSession], synchronize: true } as DataSourceOptions;
    dataSource = await new DataSource(options).initialize();
  });

  afterEach(async () => {
    await dataSource?.destroy();
    await scratch?.drop();
  });

  async function open(columns?: (session: SessionSource) => object) {
    const store = new TypeOrmStore(dataSource, AppSession, columns as never);
    await store.open({ now: () => 1, maxDataSize: 65_535 });
    return store;
  }

  const row = (id: string) => dataSource.getRepository(AppSession).findOneByOrFail({ id });

  const fill = ({ data }: SessionSource) => ({
    accountId: data['account'],
    isAdmin: data['admin'] === true,
    roles: data['roles'],
    tenant: data['tenant'],
  });

  it('is filled at create, commit, exclusive commit and replace, as the columns are declared', async () => {
    const store = await open(fill);
    const data = { account: 7, admin: true, roles: ['a', 'b'], tenant: 'acme' };
    await store.create(sessionRecord('a'), source(data));
    expect(await row('a')).toMatchObject({ accountId: 7, isAdmin: true, roles: ['a', 'b'], tenant: 'ACME' });

    await store.commit('a', 1, CHANGE, source({ account: 8, roles: [] }));
    expect(await row('a')).toMatchObject({ accountId: 8, isAdmin: false, roles: [], version: 2 });

    const rebase = () => ({ change: CHANGE, source: source({ account: 9, admin: true }) });
    expect(await store.commitExclusively('a', rebase)).toEqual({ outcome: 'committed' });
    expect(await row('a')).toMatchObject({ accountId: 9, isAdmin: true, version: 3 });

    await store.replace('a', 3, sessionRecord('b'), source({ account: null, tenant: 'x' }));
    expect(await row('b')).toMatchObject({ accountId: null, isAdmin: false, tenant: 'X', version: 1 });
  });

  it('keeps the value of a column that is left out', async () => {
    const store = await open(({ data }) => data);
    await store.create(sessionRecord('a'), source({ accountId: 7 }));
    await store.commit('a', 1, CHANGE, source({ accountId: undefined, isAdmin: true }));
    await store.touch('a', 2, CHANGE);
    expect(await row('a')).toMatchObject({ accountId: 7, isAdmin: true });
  });

  it('is not written by a commit that loses', async () => {
    const store = await open(fill);
    await store.create(sessionRecord('a'), source({ account: 7 }));
    const result = await store.commit('a', 5, CHANGE, source({ account: 8 }));
    expect(result).toMatchObject({ outcome: 'conflict', fresh: { id: 'a', version: 1 } });
    expect(await row('a')).toMatchObject({ accountId: 7 });
  });

  it('works without columns too, and gives out no property of its own', async () => {
    const store = await open();
    await store.create(sessionRecord('a'), source({ account: 7 }));
    expect(await store.load('a')).toEqual(sessionRecord('a'));
    expect(await row('a')).toMatchObject({ accountId: null, isAdmin: false });
  });

  it('refuses a property that is no column, by name', async () => {
    const store = await open(() => ({ acountId: 7 }));
    await expect(store.create(sessionRecord('a'), source({}))).rejects.toThrow(
      'typeOrmStore: `columns` gave "acountId", but AppSession has no such column.',
    );
    expect(await store.load('a')).toBeUndefined();
  });

  it.each(['version', 'data', 'userId', 'id', 'expiresAt'])(
    'refuses the column %s of the store',
    async (name) => {
      const store = await open(({ data }) => (data['bad'] ? { [name]: '5' } : {}));
      await store.create(sessionRecord('a'), source({}));
      await expect(store.commit('a', 1, CHANGE, source({ bad: true }))).rejects.toThrow(
        `typeOrmStore: \`columns\` gave "${name}", which the session store writes itself`,
      );
      expect(await store.load('a')).toEqual(sessionRecord('a'));
    },
  );
});
