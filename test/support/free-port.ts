import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below all that systems give to connections and to servers that do not ask for a port. */
const [FIRST, LAST] = [10_000, 32_767];

/**
 * A port of this machine that nobody listens on. By chance, so that the tests of another process hardly get the same
 * one, and from where the system gives none away, so that it is still free after a server has been away from it.
 */
export function freePort(): Promise<number> {
  return freePorts(1);
}

/** The first of as many such ports in a row. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    const areFree = await Promise.all(ports.map(isFree));
    if (areFree.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const listens = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (listens) {
    server.close();
    await once(server, 'close');
  }
  return listens;
}
