import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A place for what has to survive a restart. */
export function dataPath(name: string): string {
  const directory = resolve(process.env.DATA_DIR ?? join(import.meta.dirname, '..', '..', 'data'));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, name);
}
