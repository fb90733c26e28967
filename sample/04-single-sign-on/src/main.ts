import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { accounts, books, garden, sites, type Site } from './sites.js';

// Three processes that share nothing but what they are given here, as they would on three machines.

const logger = new Logger('Single sign-on');
const running = new Set<ChildProcess>();

const newKey = () => randomBytes(32).toString('base64url');
const [BOOKS_KEY, GARDEN_KEY] = [newKey(), newKey()];

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, stop);
}
try {
  // First, and alone, as it makes the table that Books uses, too.
  await start(accounts, { GARDEN_KEY });
  await Promise.all([start(books, { BOOKS_KEY }), start(garden, { GARDEN_KEY })]);
  for (const { origin } of sites) {
    logger.log(`Open ${origin}`);
  }
} catch (error) {
  logger.error(error);
  process.exitCode = 1;
  stop();
}

/** Done when the site listens. */
async function start({ name, title }: Site, keys: Record<string, string>): Promise<void> {
  // Plain HTTP to host names like these is for development, and refused elsewhere.
  const env = { ...process.env, NODE_ENV: 'development', ...keys };
  const child = fork(join(import.meta.dirname, name, 'main.js'), { env });
  running.add(child);
  const end = once(child, 'exit').then(() => {
    running.delete(child);
    logger.log(`${title} has stopped`);
    return 'stopped';
  });
  if ((await Promise.race([end, once(child, 'message')])) === 'stopped') {
    throw new Error(`${title} has not come up.`);
  }
}

/** A site that is hung up on stops, and so it does when this process ends in any other way. */
function stop(): void {
  running.forEach((child) => child.connected && child.disconnect());
}
