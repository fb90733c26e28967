import { expect, it } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedStore } from 'nest-sessions';
import { typeOrmStore } from 'nest-sessions/typeorm';
import { itLosesNothing, statuses } from '../support/outage-claims.js';
import { durableRedis } from '../support/outage-redis.js';
import { describeOrdeal, type Defer, type Outage } from '../support/outage-scenario.js';
import { canStartRedis, describeIf } from '../support/redis-servers.js';
import { openSessionTable } from '../support/session-table.js';

describeIf(canStartRedis, 'A cache server that is killed', 'there is no redis-server to start', () => {
  describeOrdeal('under cachedStore', beforeDatabase, (result) => {
    it('is noticed by no request', () => {
      const { traffic, ground } = result();
      expect(traffic.answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(statuses(traffic.answers, 'away')).toEqual({ begin: [200], count: [200], read: [200] });
      expect(ground.count('store-error')).toBe(0);
    });

    // What it kept of the sessions has grown old meanwhile.
    itLosesNothing(result);
  });
});

async function beforeDatabase(defer: Defer): Promise<Outage> {
  const directory = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  defer(() => rm(directory, { recursive: true }));
  const dataSource = await openSessionTable({
    type: 'better-sqlite3',
    database: join(directory, 'test.sqlite'),
    enableWAL: true,
  });
  defer(() => dataSource.destroy());
  const server = await durableRedis(defer);
  const cache = new Keyv(new KeyvRedis({ url: server.url, socket: { reconnectStrategy: 20 } }));
  cache.on('error', () => undefined);
  defer(() => cache.disconnect());
  return {
    store: cachedStore({ database: typeOrmStore({ dataSource }), cache }),
    begin: server.kill,
    end: async (traffic) => {
      await server.restart();
      await traffic.until(() => traffic.ground.log.some((line) => line.includes('cache answers again')));
    },
  };
}
