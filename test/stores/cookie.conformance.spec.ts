import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cookieStore, MemoryStore, type CookieStore } from 'nest-sessions';
import { describeSessionStore } from 'nest-sessions/testing';
import { adapters } from '../support/adapters.js';
import { BrowserJarStore } from '../support/browser-jar.store.js';
import { playground, type Playground } from '../support/playground.js';
import { withGlobals } from '../support/tiny.runner.js';

/**
 * The tests that renew a secret, which no sealed record has. Those by which a renewal must change nothing are run.
 * `describeSessionStore` has no `skip` for them, so they are skipped by their titles; one that is renamed fails here.
 */
const RENEWALS: ReadonlySet<string> = new Set([
  'does not bring back the secret before a renewal',
  'rotate swaps the secret, keeps the one before, and leaves data, version and expiry',
  'rotate lets exactly one of two rotations of the same secret through',
  'a commit and a rotation at once both hold',
  'rotate writes until the millisecond before expiresAt, and not from then on',
]);

const withoutRenewals = Object.assign(
  (title: string, ...rest: [() => Promise<void>, number]) =>
    RENEWALS.has(title)
      ? it.skip(`${title} (skipped, no renewal: a sealed record has no secret)`, ...rest)
      : it(title, ...rest),
  { skip: it.skip },
);

/** What a cookie of 4096 bytes holds, as the store says itself. */
const maxDataSize = 2_659;

// By itself a cookie can neither compare and swap nor be taken back (`atomicCommit: 'nowhere'`), which is most of the
// contract. With a store that knows which sessions are alive it keeps all of it, but for the renewal.
const revocable = (mode?: 'encrypted' | 'signed') =>
  cookieStore({
    keys: [randomBytes(32).toString('base64url')],
    mode,
    revocation: new MemoryStore(10_000),
  });

describe.each(['encrypted', 'signed'] as const)('Sessions in %s cookies', (mode) => {
  const make = () => (revocable(mode) as unknown as { useFactory: () => Promise<CookieStore> }).useFactory();

  withGlobals({ it: withoutRenewals }, () =>
    describeSessionStore('a cookie', async () => new BrowserJarStore(await make()), { maxDataSize }),
  );
});

describe('A session in a revocable cookie', () => {
  let ground: Playground;
  afterEach(() => ground.close());

  it('lives as long as it is used, however often it is written', async () => {
    ground = await playground({
      adapter: adapters[0]!.make(),
      store: revocable(),
      session: { idleTimeout: '5m', touchInterval: '1m' },
    });
    const browser = await ground.visitor();
    for (let second = 0; second < 900; second += 50) {
      ground.clock.advance(50);
      await browser.post(`/set?second=${second}`);
    }
    expect((await browser.post('/read')).json()).toEqual({ name: 'Ada', second: '850' });
  });
});
