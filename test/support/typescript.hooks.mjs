import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';
import jest from '../../jest.config.js';

const [, options] = Object.values(jest.transform)[0];
const lib = new URL('../../lib/', import.meta.url);
const cache = new URL('../../node_modules/.cache/nest-sessions/', import.meta.url);

/** An entry point by its name in the package, and `x.js` beside a TypeScript file as the `x.ts` that it is. */
export function resolve(specifier, context, next) {
  const [, entry] = /^nest-sessions(?:\/(.+))?$/.exec(specifier) ?? [];
  if (specifier.startsWith('nest-sessions')) {
    return next(new URL(`${entry ?? 'index'}.ts`, lib).href, context);
  }
  if (/^\.{1,2}\/.*\.js$/.test(specifier) && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    return next(existsSync(source) ? source.href : specifier, context);
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) {
    return next(url, context);
  }
  return { format: 'module', source: await compiled(fileURLToPath(url)), shortCircuit: true };
}

/** Processes come and go: what one has compiled, the next need not. */
async function compiled(filename) {
  const source = await readFile(filename, 'utf8');
  const hash = createHash('sha256')
    .update(JSON.stringify([options, filename, source]))
    .digest('hex');
  const known = fileURLToPath(new URL(`${hash}.mjs`, cache));
  if (existsSync(known)) {
    return readFile(known, 'utf8');
  }
  const { code } = await transform(source, { ...options, filename });
  await mkdir(cache, { recursive: true });
  const draft = `${known}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, known);
  return code;
}
