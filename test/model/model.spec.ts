import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModelBench } from './model.bench.js';
import { modelStores, type ModelStore } from './model.stores.js';

/** Programs per store, the same every time. `npm run test:model` tries many more, and does so in several processes too. */
const PROGRAMS = 40;
const SEED = 1;
/** Finding the shortest program that fails takes longer than that all succeed, in milliseconds. */
const SHRINKING = 180_000;

for (const store of modelStores) {
  if (store.unavailable === undefined || process.env['REQUIRE_SERVERS'] === '1') {
    describe(`Random programs on ${store.name}`, () => programsOn(store));
  } else {
    describe.skip(`Random programs on ${store.name} (skipped: ${store.unavailable})`, () =>
      programsOn(store));
  }
}

function programsOn(store: ModelStore): void {
  let bench: ModelBench;
  beforeAll(async () => {
    bench = await ModelBench.open(store);
  });
  afterAll(() => bench?.close());

  it(
    'do with sessions what the model of them says',
    async () => {
      const { complaint } = await bench.try({ runs: PROGRAMS, seed: SEED, limit: SHRINKING - 30_000 });
      expect(complaint).toBeUndefined();
    },
    SHRINKING,
  );
}
