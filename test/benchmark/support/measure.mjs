import { setTimeout as delay } from 'node:timers/promises';
import { median } from './statistics.mjs';

/** How long a load runs before a measurement begins, in milliseconds. */
const RAMP = 100;

/** No figure is made of fewer requests. */
const FEWEST_REQUESTS = 10;

/**
 * Has a server under load for a while. What `begin` starts on it, `end` gives for the requests in between, whose number
 * and time come along.
 */
async function underLoad(
  load,
  { server, target },
  { window, atLeast = FEWEST_REQUESTS, begin, end, argument },
) {
  await load.ask('begin', target);
  await delay(Math.min(RAMP, window));
  await load.ask('mark', { atLeast: 1 });
  const [before] = await Promise.all([load.ask('mark', { atLeast: 0 }), server.ask(begin)]);
  await delay(window);
  await load.ask('mark', { atLeast: before.requests + atLeast });
  const [after, result] = await Promise.all([load.ask('mark', { atLeast: 0 }), server.ask(end, argument)]);
  await load.ask('end');
  return {
    result,
    requests: after.requests - before.requests,
    seconds: (after.at - before.at) / 1000,
  };
}

/** Requests per second, CPU time per request in microseconds, and how much of a core the server took. */
async function measure(load, entry, window) {
  const measuring = { window, begin: 'begin', end: 'end' };
  const { result: cpu, requests, seconds } = await underLoad(load, entry, measuring);
  return { rate: requests / seconds, cpu: cpu / requests, share: cpu / 1e6 / seconds };
}

/** How many operations of its store a server needs for a request. */
async function count(load, entry, window, atLeast) {
  const counting = { window, atLeast, begin: 'beginCounting', end: 'endCounting' };
  const { result: operations, requests } = await underLoad(load, entry, counting);
  return operations / requests;
}

/**
 * Measures servers side by side: every round takes each of them once, so that whatever else the machine does meanwhile
 * meets them all. They are warmed up before, and their store operations counted; afterwards a CPU profile is taken of
 * those that have a file for it. Gives the medians, and every round.
 */
export async function measureAll(load, entries, { rounds, window, warmUp, warmRequests }) {
  const results = [];
  for (const entry of entries) {
    const operations = entry.operations ?? (await count(load, entry, warmUp, warmRequests));
    results.push({ ...entry, operations, rounds: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      result.rounds.push(await measure(load, result, window));
    }
  }
  for (const result of results.filter(({ profile }) => profile)) {
    await underLoad(load, result, {
      window,
      begin: 'beginProfile',
      end: 'endProfile',
      argument: result.profile,
    });
  }
  return results.map((result) => ({ ...result, ...mediansOf(result.rounds) }));
}

function mediansOf(rounds) {
  const of = (figure) => median(rounds.map((round) => round[figure]));
  return { rate: of('rate'), cpu: of('cpu'), share: of('share') };
}

/** How many times the throughput of the other: the median of the ratios of rounds, which both have shared. */
export function ratio(one, other) {
  return median(one.rounds.map(({ rate }, index) => rate / other.rounds[index].rate));
}

/** CPU time per request above the other's, in microseconds. */
export function addedMicroseconds(one, other) {
  return median(one.rounds.map(({ cpu }, index) => cpu - other.rounds[index].cpu));
}
