import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The Node.js for the servers: `20`, `24` (the one that the set-up installs), or a path. Default: the running one. */
export function nodeBinary(wanted) {
  const [major] = process.versions.node.split('.');
  if (wanted === undefined || wanted === major) {
    return process.execPath;
  }
  const file = wanted === '24' ? join(import.meta.dirname, '../node_modules/node24/bin/node') : wanted;
  if (!existsSync(file)) {
    throw new Error(`There is no Node.js ${wanted} at ${file}; npm run bench:setup installs Node.js 24.`);
  }
  return file;
}
