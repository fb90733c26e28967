import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { journal, provider } from './sites.js';

// Two processes that share nothing but the secret of the client, as they would on two machines.

const logger = new Logger('OpenID Connect');
const running = new Set<ChildProcess>();
const env = {
  ...process.env,
  // Plain HTTP to host names like these is for development, and refused elsewhere.
  NODE_ENV: 'development',
  CLIENT_SECRET: randomBytes(32).toString('base64url'),
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, stop);
}
try {
  await Promise.all([provider, journal].map(({ name }) => start(name)));
  logger.log(`The provider is at ${provider.origin}`);
  logger.log(`Open ${journal.origin}`);
} catch (error) {
  logger.error(error);
  process.exitCode = 1;
  stop();
}

/** Done when the site listens. */
async function start(name: string): Promise<void> {
  const child = fork(join(import.meta.dirname, name, 'main.js'), { env });
  running.add(child);
  const end = once(child, 'exit').then(() => {
    running.delete(child);
    return 'stopped';
  });
  if ((await Promise.race([end, once(child, 'message')])) === 'stopped') {
    throw new Error(`The ${name} has not come up.`);
  }
}

/** A site that is hung up on stops, and so it does when this process ends in any other way. */
function stop(): void {
  running.forEach((child) => child.connected && child.disconnect());
}
