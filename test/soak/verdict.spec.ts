import { describe, expect, it } from '@jest/globals';
import type { Reading } from './reading.js';
import type { Round } from './tally.js';
import { judge } from './verdict.js';

const MEGABYTE = 2 ** 20;

/** What of a round is not as usual. */
interface Difference extends Partial<Reading> {
  readonly latency?: number;
}

/** Of 40 rounds 10 are for warming up; the first third that is judged are the next 10, the last one the last 10. */
function soaked(differenceOf: (round: number) => Difference, judgesLatency = true): readonly string[] {
  const rounds = Array.from({ length: 40 }, (_, number): Round => {
    const { latency = 2, ...difference } = differenceOf(number);
    const usual = {
      heap: 20 * MEGABYTE,
      external: 4 * MEGABYTE,
      rss: 100 * MEGABYTE,
      held: { TCPSocketWrap: 4 },
    };
    return { latencies: [1, latency, latency, 5], reading: { ...usual, ...difference } };
  });
  return judge(rounds, { judgesLatency }).reasons;
}

describe('The verdict of a soak', () => {
  it('is level when nothing grows', () => {
    expect(soaked(() => ({}))).toEqual([]);
  });

  it('takes no notice of what grows while the process warms up', () => {
    expect(soaked((round) => (round < 10 ? { heap: 0, held: {} } : {}))).toEqual([]);
  });

  it('takes no notice of single rounds', () => {
    const unusual = { heap: 100 * MEGABYTE, held: { TCPSocketWrap: 9, Timeout: 1 }, latency: 50 };
    expect(soaked((round) => (round % 4 === 3 ? unusual : {}))).toEqual([]);
  });

  it('lets a heap grow by 2 MB and no more', () => {
    const heap = (megabytes: number) => (round: number) =>
      round >= 30 ? { heap: (20 + megabytes) * MEGABYTE } : {};
    expect(soaked(heap(2))).toEqual([]);
    expect(soaked(heap(2.1))).toEqual(['heap: 20.0 MB, then 22.1 MB']);
  });

  it('lets a large heap grow by 5 % and no more', () => {
    const heap = (share: number) => (round: number) => ({
      heap: (round >= 30 ? 1 + share : 1) * 200 * MEGABYTE,
    });
    expect(soaked(heap(0.05))).toEqual([]);
    expect(soaked(heap(0.06))).toEqual(['heap: 200.0 MB, then 212.0 MB']);
  });

  it('finds memory that is held outside of the heap', () => {
    const reasons = soaked((round) => ({ external: round * MEGABYTE }));
    expect(reasons).toEqual([expect.stringContaining('memory outside of the heap')]);
  });

  it('finds a single thing more that is held, also of a kind that was not there before', () => {
    expect(soaked((round) => (round >= 30 ? { held: { TCPSocketWrap: 5, Timeout: 1 } } : {}))).toEqual([
      'TCPSocketWrap: 4, then 5',
      'Timeout: 0, then 1',
    ]);
    expect(soaked((round) => (round >= 30 ? { held: {} } : {}))).toEqual([]);
  });

  it('finds answers that take half as long again, where that is judged', () => {
    const slower = (round: number) => (round >= 30 ? { latency: 3.1 } : {});
    expect(soaked(slower)).toEqual(['latency: 2.0 ms, then 3.1 ms']);
    expect(soaked(slower, false)).toEqual([]);
  });
});
