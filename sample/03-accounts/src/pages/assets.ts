import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', 'public');

/** The address of a file of `public/`. It changes with the content, so that browsers may keep the file for good. */
function asset(file: string): string {
  const version = createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
  return `/assets/${file}?v=${version.slice(0, 12)}`;
}

export const assets = { style: asset('style.css'), icon: asset('icon.svg') };
