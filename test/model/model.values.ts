import { isDeepStrictEqual } from 'node:util';
import type { Data, LocalAct } from './model.acts.js';
import { EXPIRY, FLASH, type ModelVisit } from './model.state.js';

type Operation =
  | { kind: 'set'; key: string; value: unknown }
  | { kind: 'delete'; key: string }
  | { kind: 'count'; key: string; times: number };

/** What a visit did to the data since it looked. */
export interface Changes {
  cleared: ModelVisit['cleared'];
  operations: Operation[];
}

export const NO_CHANGES: Changes = { cleared: 'nothing', operations: [] };

/** Does to the visit's own data what needs no store. What the act gives. */
export function applyLocally(visit: ModelVisit, act: LocalAct): unknown {
  const { view } = visit;
  switch (act.do) {
    case 'set':
      view[act.key] = act.value;
      return undefined;
    case 'rewrite':
    case 'regenerate':
      return undefined;
    case 'delete':
      delete view[act.key];
      return undefined;
    case 'patch':
      Object.assign(view, act.values);
      return undefined;
    case 'count':
      return count(visit, act.key);
    case 'push':
      view[act.key] = [...(Array.isArray(view[act.key]) ? (view[act.key] as unknown[]) : []), act.value];
      return undefined;
    case 'clear':
      visit.view = withoutCleared(view, 'data');
      visit.updates = {};
      visit.cleared = visit.cleared === 'everything' ? 'everything' : 'data';
      return undefined;
    case 'leave':
      view[FLASH + act.key] = act.value;
      return undefined;
    case 'take': {
      const left = view[FLASH + act.key];
      delete view[FLASH + act.key];
      return left;
    }
    case 'expire':
      return expire(view, act.after);
  }
}

function expire(view: Data, after: (LocalAct & { do: 'expire' })['after']): void {
  if (after === null) delete view[EXPIRY];
  else view[EXPIRY] = typeof after === 'number' ? { idle: after * 1000 } : after;
}

/** What both the model and the handlers do with a value that is to be counted up. */
export function plusOne(value: unknown): number {
  return (typeof value === 'number' ? value : 0) + 1;
}

/** An update is run again on what others have left, unless this visit has set the key by itself. */
function count(visit: ModelVisit, key: string): number {
  const before = visit.view[key];
  const counted = visit.updates[key];
  const there = withoutCleared(visit.base, visit.cleared)[key];
  const isOwn = !isDeepStrictEqual(before, counted ? counted.value : there);
  const value = plusOne(before);
  visit.view[key] = value;
  if (isOwn) delete visit.updates[key];
  else visit.updates[key] = { times: (counted?.times ?? 0) + 1, value };
  return value;
}

/**
 * What a commit would write; `undefined`: nothing. Whether a clear() after which all was put back is a change depends
 * on the order of the keys, and is left open.
 */
export function changesOf(visit: ModelVisit): (Changes | undefined)[] {
  const { base, view, cleared, updates } = visit;
  const from = withoutCleared(base, cleared);
  const operations: Operation[] = [];
  for (const key of new Set([...Object.keys(from), ...Object.keys(view)])) {
    const value = view[key];
    if (isDeepStrictEqual(value, from[key])) continue;
    const counted = updates[key];
    if (counted && isDeepStrictEqual(counted.value, value)) {
      operations.push({ kind: 'count', key, times: counted.times });
    } else {
      operations.push(value === undefined ? { kind: 'delete', key } : { kind: 'set', key, value });
    }
  }
  const changes = { cleared, operations };
  if (cleared === 'everything') return [changes];
  const isSame = isDeepStrictEqual(view, base);
  return cleared === 'nothing' ? [isSame ? undefined : changes] : isSame ? [undefined, changes] : [changes];
}

/** Whether the changes begin a session. */
export function isWorthASession(changes: Changes | undefined): changes is Changes {
  return changes?.operations.some(({ key }) => key !== EXPIRY) ?? false;
}

/** Puts the changes on top of what is stored. */
export function rebase({ cleared, operations }: Changes, stored: Data): Data {
  const data = withoutCleared(stored, cleared);
  for (const operation of operations) {
    if (operation.kind === 'set') data[operation.key] = operation.value;
    else if (operation.kind === 'delete') delete data[operation.key];
    else
      for (let time = 0; time < operation.times; time++) data[operation.key] = plusOne(data[operation.key]);
  }
  return data;
}

function withoutCleared(data: Data, cleared: ModelVisit['cleared']): Data {
  if (cleared === 'everything') return {};
  return Object.fromEntries(Object.entries(data).filter(([key]) => cleared === 'nothing' || key === EXPIRY));
}
