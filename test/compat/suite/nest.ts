import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// NestJS 12.0 does not export its package.json.
const core = dirname(createRequire(import.meta.url).resolve('@nestjs/core'));
const { version } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8')) as { version: string };

/** Why something cannot work on the NestJS that is installed, where that is older than this; else `false`. */
export function untilNest(wanted: string, reason: string): string | false {
  const [ours, theirs] = [version, wanted].map((text) => text.split('.').map(Number));
  const place = theirs!.findIndex((number, index) => number !== ours![index]);
  return place >= 0 && ours![place]! < theirs![place]! && `${reason} before NestJS ${wanted}`;
}
