import type { ValueTransformer } from 'typeorm';

/**
 * Reads a bigint column as a number: PostgreSQL's driver gives 64-bit integers as strings, and milliseconds since
 * the epoch are exact in a number for another 285 000 years.
 */
export const epochTransformer: ValueTransformer = {
  to: (value: unknown) => value,
  from: (value: unknown) => (value === null || value === undefined ? value : Number(value)),
};
