import ms, { type StringValue } from 'ms';

/**
 * A span of time: a number of **seconds**, or a string with a unit such as `'30m'`, `'2h'` or `'14d'`.
 *
 * @publicApi
 */
export type Duration = number | string;

const WITH_UNIT = /^\d+(\.\d+)?\s*[a-z]+$/i;

/** The seconds of a duration, or `undefined` when it is none. A string without a unit is ambiguous, so it is none. */
export function durationInSeconds(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  }
  if (typeof value !== 'string' || value.length > 100 || !WITH_UNIT.test(value)) {
    return undefined;
  }
  const milliseconds = ms(value as StringValue) as number | undefined;
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}
