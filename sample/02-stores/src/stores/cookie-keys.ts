import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dataPath } from './data-path.js';

/**
 * The keys that seal the cookies, the current one first. In production they come from your secrets; so that the sample
 * starts at once, it makes one and keeps it.
 */
export function sessionKeys(): string[] {
  if (process.env.SESSION_KEYS) {
    return process.env.SESSION_KEYS.split(',');
  }
  const path = dataPath('cookie.key');
  if (!existsSync(path)) {
    writeFileSync(path, randomBytes(32).toString('base64url'), { mode: 0o600 });
  }
  return [readFileSync(path, 'utf8')];
}
