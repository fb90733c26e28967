import { Logger } from '@nestjs/common';
import { createClient } from 'redis';
import { MissingServerError } from './missing-server.error.js';

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';

/** A connected client. Without a server the sample does not start; one that goes away later may come back. */
export async function connectRedis() {
  let wasConnected = false;
  const client = createClient({
    url: redisUrl,
    socket: { reconnectStrategy: (retries) => wasConnected && Math.min(retries * 50, 1000) },
  });
  client.on('error', (error: Error) => {
    if (wasConnected) Logger.error(error.message || String(error), 'Redis');
  });
  try {
    await client.connect();
  } catch (error) {
    throw noRedis(error);
  }
  wasConnected = true;
  return client;
}

function noRedis(error: unknown): MissingServerError {
  // Without the password that the URL may hold.
  const { host } = new URL(redisUrl);
  const why = error instanceof Error ? error.message || error.name : String(error);
  return new MissingServerError(
    `There is no Redis at ${host} (${why}): start one, for example with \`redis-server\` or ` +
      '`docker run --rm -p 6379:6379 redis`, or name another one in REDIS_URL.',
    { cause: error },
  );
}
