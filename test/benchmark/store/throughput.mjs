import { median } from '../support/statistics.mjs';

/** How many calls it takes until the engine has compiled what is called. */
const WARM_CALLS = 3_000;

/**
 * Runs `work(slot)` in so many slots side by side for some milliseconds, one call after the other in each. Calls per
 * second, and CPU time per call in microseconds. Work that gives no promise runs without waiting. `least`: not fewer calls
 * than that.
 */
async function throughput(work, { slots, window, least = 0 }) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const end = start + window;
  const loop = async (slot) => {
    let calls = 0;
    do {
      const pending = work(slot);
      if (pending) {
        await pending;
      }
      calls++;
    } while (performance.now() < end || calls * slots < least);
    return calls;
  };
  const counts = await Promise.all(Array.from({ length: slots }, (_, slot) => loop(slot)));
  const calls = counts.reduce((sum, count) => sum + count, 0);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (calls * 1000) / (performance.now() - start), cpu: (user + system) / calls };
}

/** Measures several pieces of work in turns, after a round that warms them up and is not counted. By name: the medians, and every rate. */
export async function inRounds(works, { rounds, quick, ...settings }) {
  const results = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of Object.entries(works)) {
      const least = round === 0 && !quick ? WARM_CALLS : 0;
      const result = await throughput(work, { ...settings, least });
      if (round > 0) {
        results[name].push(result);
      }
    }
  }
  return Object.fromEntries(
    Object.entries(results).map(([name, all]) => [
      name,
      {
        rates: all.map(({ rate }) => rate),
        rate: median(all.map(({ rate }) => rate)),
        cpu: median(all.map(({ cpu }) => cpu)),
      },
    ]),
  );
}

/** The median of the rounds' ratios. */
export function rateRatio(one, other) {
  return median(one.rates.map((rate, round) => rate / other.rates[round]));
}
