import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';

const { REDIS_URL = 'redis://127.0.0.1:6379' } = process.env;

/** The server that all tests share. */
export const redisUrl = REDIS_URL;

async function whyNot(): Promise<string | undefined> {
  const client = createClient({
    url: redisUrl,
    socket: { connectTimeout: 2_000, reconnectStrategy: false },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    client.destroy();
    return undefined;
  } catch (error) {
    return `no Redis at ${redisUrl}: ${error instanceof Error ? error.message || error.name : String(error)}`;
  }
}

/** Why it cannot be used; `undefined` when it answers. It is asked once. */
export const redisUnavailable = await whyNot();

/** A connected client; the tests expect the failures that they cause, so that nothing is said of them. */
export async function redisClient(url = redisUrl) {
  const client = createClient({ url, socket: { reconnectStrategy: 20 } });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export type Client = Awaited<ReturnType<typeof redisClient>>;

/** A prefix that no other test has. */
export function ownPrefix(): string {
  return `test-${randomBytes(8).toString('hex')}:`;
}

export async function keysOf(client: Client, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of client.scanIterator({ MATCH: `*${prefix}*`, COUNT: 1000 })) keys.push(...page);
  return keys;
}

export async function removeKeys(client: Client, prefix: string): Promise<void> {
  const keys = await keysOf(client, prefix);
  if (keys.length > 0) await client.unlink(keys);
}
