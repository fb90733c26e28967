import { median, percentile } from './statistics.js';
import type { Round } from './tally.js';

/** The middle of what was measured in some rounds. */
export interface Span {
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  readonly latency: { readonly median: number; readonly p99: number };
  readonly held: Readonly<Record<string, number>>;
}

export interface Verdict {
  readonly first: Span;
  readonly last: Span;
  /** All that was not level. */
  readonly reasons: readonly string[];
}

const MEGABYTE = 2 ** 20;

/** How much more memory is no growth yet: a share, or bytes where these are more. */
const MARGIN = { share: 0.05, bytes: 2 * MEGABYTE };

/** How many times as long answers may take at the end. */
const SLOWER = 1.5;

/** Compares the first third of the rounds with the last, after a quarter of them was left for warming up. */
export function judge(rounds: readonly Round[], options: { readonly judgesLatency: boolean }): Verdict {
  const warm = rounds.slice(Math.ceil(rounds.length / 4));
  const third = Math.ceil(warm.length / 3);
  const first = spanOf(warm.slice(0, third));
  const last = spanOf(warm.slice(-third));
  const reasons = [
    ...memoryGrowth('heap', first.heap, last.heap),
    ...memoryGrowth('memory outside of the heap', first.external, last.external),
    ...heldGrowth(first.held, last.held),
    ...(options.judgesLatency ? latencyGrowth(first.latency.median, last.latency.median) : []),
  ];
  return { first, last, reasons };
}

function spanOf(rounds: readonly Round[]): Span {
  const readings = rounds.map(({ reading }) => reading);
  const latencies = rounds.flatMap((round) => round.latencies);
  const names = new Set(readings.flatMap(({ held }) => Object.keys(held)));
  return {
    heap: median(readings.map(({ heap }) => heap)),
    external: median(readings.map(({ external }) => external)),
    rss: median(readings.map(({ rss }) => rss)),
    latency: { median: median(latencies), p99: percentile(latencies, 0.99) },
    held: Object.fromEntries(
      [...names].map((name) => [name, median(readings.map(({ held }) => held[name] ?? 0))]),
    ),
  };
}

function memoryGrowth(what: string, before: number, after: number): string[] {
  const isGrowth = after - before > Math.max(before * MARGIN.share, MARGIN.bytes);
  return isGrowth ? [`${what}: ${inMegabytes(before)}, then ${inMegabytes(after)}`] : [];
}

function heldGrowth(before: Span['held'], after: Span['held']): string[] {
  return Object.entries(after)
    .filter(([name, count]) => count > (before[name] ?? 0))
    .map(([name, count]) => `${name}: ${before[name] ?? 0}, then ${count}`);
}

function latencyGrowth(before: number, after: number): string[] {
  const isGrowth = after > before * SLOWER;
  return isGrowth ? [`latency: ${inMilliseconds(before)}, then ${inMilliseconds(after)}`] : [];
}

export function inMegabytes(bytes: number): string {
  return Number.isNaN(bytes) ? '' : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

export function inMilliseconds(milliseconds: number): string {
  return Number.isNaN(milliseconds) ? '' : `${milliseconds.toFixed(1)} ms`;
}
