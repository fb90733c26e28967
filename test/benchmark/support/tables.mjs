import { ADAPTERS, STORES } from './contestants.mjs';
import { addedMicroseconds, ratio } from './measure.mjs';
import { table, times, whole } from './results.mjs';
import { SCENARIOS } from './scenarios.mjs';

/** Below this share of a core the server was not what held up the requests. */
const BUSY = 0.85;

/** The results of one case: of all who took part in it, on one adapter and beside one store. */
export function caseOf(results, { adapter, store, scenario, bytes }) {
  return results.filter(
    (result) =>
      result.adapter === adapter &&
      result.store === store &&
      result.scenario === scenario &&
      result.bytes === bytes,
  );
}

export function ofLibrary(results, library) {
  return results.find(({ contestant }) => contestant.library === library);
}

/** Everybody with sessions but us. */
export function peersOf(results) {
  return results.filter(({ contestant }) => contestant.store && contestant.library !== 'nest-sessions');
}

export function bestOf(peers) {
  return peers.toSorted((a, b) => b.rate - a.rate)[0];
}

const LEGEND =
  'Each cell: requests per second, CPU time above the bare application per request, store operations per request. ' +
  'An asterisk: the server had CPU time left, so that the database or the load, not the server, sets the figure.';

/** A section for every adapter, with a table for every store. */
export function adapterTables(results) {
  return ADAPTERS.flatMap((adapter) => {
    const own = results.filter((result) => result.adapter === adapter);
    const stores = Object.keys(STORES).filter((store) => own.some((result) => result.store === store));
    if (own.length === 0) {
      return [];
    }
    const title = adapter === 'express' ? 'Express' : 'Fastify';
    return [
      `## ${title}\n\n${LEGEND}`,
      ...stores.map((store) => `### ${title}, ${STORES[store]}\n\n${storeTable(own, adapter, store)}`),
    ];
  });
}

function storeTable(results, adapter, store) {
  const own = results.filter((result) => result.store === store);
  const cases = [...new Set(own.map(({ scenario, bytes }) => `${scenario} ${bytes}`))].map((key) => {
    const [scenario, bytes] = key.split(' ');
    return { adapter, store, scenario, bytes: Number(bytes) };
  });
  const takingPart = new Map(
    own
      .filter(({ contestant }) => contestant.store)
      .map(({ contestant }) => [contestant.library, contestant.title]),
  );
  const head = [
    'Request',
    'bare NestJS',
    'floor',
    ...takingPart.values(),
    'ours to the floor',
    'ours to the best peer',
  ];
  const rows = cases.map((one) => {
    const measured = caseOf(own, one);
    const bare = ofLibrary(measured, 'bare');
    const floor = ofLibrary(measured, 'floor');
    const ours = ofLibrary(measured, 'nest-sessions');
    const peer = bestOf(peersOf(measured));
    return [
      SCENARIOS[one.scenario].title + (one.bytes > 0 ? `, ${one.bytes / 1000} KB` : ''),
      cell(bare),
      cell(floor, bare),
      ...[...takingPart.keys()].map((library) => cell(ofLibrary(measured, library), bare)),
      ours ? times(ratio(ours, floor)) : '–',
      ours && peer ? times(ratio(ours, peer)) : '–',
    ];
  });
  return table(head, rows);
}

function cell(result, bare) {
  if (!result) {
    return '–';
  }
  const rate = `${whole(result.rate)}/s${result.share < BUSY ? '*' : ''}`;
  if (!bare) {
    return `${rate}, ${whole(result.cpu)} µs`;
  }
  const parts = [rate, `${signed(addedMicroseconds(result, bare))} µs`];
  return (result.contestant.store ? [...parts, `${operations(result.operations)} ops`] : parts).join(', ');
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${whole(Math.abs(value))}`;
}

/** Counted over a window, at whose edges there are requests that are half done. */
function operations(count) {
  return Math.abs(count - Math.round(count)) < 0.05 ? Math.round(count) : count.toFixed(1);
}
