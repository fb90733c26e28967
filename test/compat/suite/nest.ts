import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };

/** Why something cannot work on the NestJS that is installed, where that is older than this; else `false`. */
export function untilNest(wanted: string, reason: string): string | false {
  const [ours, theirs] = [version, wanted].map((text) => text.split('.').map(Number));
  const place = theirs!.findIndex((number, index) => number !== ours![index]);
  return place >= 0 && ours![place]! < theirs![place]! && `${reason} before NestJS ${wanted}`;
}
