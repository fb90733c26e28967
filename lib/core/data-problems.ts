import type { DataFault } from './data-check.js';
import { SessionDataError } from './session-data.error.js';
import { withoutValues } from './without-values.js';

/** A list that is wrong throughout says so with its first members. */
const MOST_PROBLEMS = 20;
const LONGEST_REASON = 200;

/** The faults in words that anybody may read: what the data holds is left out of them. */
export function dataError(faults: readonly DataFault[], data: Record<string, unknown>): SessionDataError {
  const problems = faults.slice(0, MOST_PROBLEMS).map((fault) => {
    const { path, value } = follow(fault.path, data);
    const reason = withoutValues(fault.reason, [value, ...(fault.quoted ?? [])]);
    return { path, reason: reason.slice(0, LONGEST_REASON) };
  });
  return new SessionDataError(problems, faults.length);
}

/** Where the faults are, each place once. */
export function pathsOf(faults: readonly DataFault[], data: Record<string, unknown>): string[] {
  return [...new Set(faults.map((fault) => follow(fault.path, data).path))].slice(0, MOST_PROBLEMS);
}

/** How a path is written, and where it leads. Whether a key is an index, only the data can tell. */
function follow(keys: readonly PropertyKey[], data: unknown): { path: string; value: unknown } {
  let path = '';
  let value = data;
  for (const key of keys) {
    const isIndex = Array.isArray(value) || typeof key === 'number';
    path += isIndex ? `[${String(key)}]` : `${path && '.'}${String(key)}`;
    value = value instanceof Map ? value.get(key) : Object(value)[key];
  }
  return { path, value };
}
