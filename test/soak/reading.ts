import type { EventEmitter } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** What a process holds while nobody asks anything of it. Sizes are in bytes, after the garbage has been collected. */
export interface Reading {
  readonly heap: number;
  /** What JavaScript holds outside of its heap: buffers, most of all. */
  readonly external: number;
  readonly rss: number;
  /** How many sessions there are, where that costs nothing. */
  readonly sessions?: number;
  /** How many there are of what has to be closed, cleared or taken off: resources by type, open files, listeners. */
  readonly held: Readonly<Record<string, number>>;
}

/** The process that is read. */
export interface Subject {
  readonly server: Server;
  /** How many have subscribed to the events of sessions. */
  readonly subscribers: () => number;
  readonly sessions?: () => number;
}

/** Types of resources that stay. All others are something that is being done, such as reading a file. */
const LASTING = new Set(['TCPServerWrap', 'TCPSocketWrap', 'PipeWrap', 'TTYWrap']);

/** How long a process may be busy after its last answer, in milliseconds. Then it is read as it is. */
const LONGEST_REST = 2_000;

const OPEN_FILES = '/proc/self/fd';

export async function takeReading({ server, subscribers, sessions }: Subject): Promise<Reading> {
  const deadline = performance.now() + LONGEST_REST;
  while (!(await isAtRest(server)) && performance.now() < deadline) await pause(10);
  const held = {
    ...resources(),
    ...(existsSync(OPEN_FILES) && { 'open files': readdirSync(OPEN_FILES).length }),
    'listeners of the process': listenersOf(process),
    'listeners of the server': listenersOf(server),
    'subscribers to events': subscribers(),
  };
  // What the first finds only to be finalised, the second takes away.
  for (let times = 2; times > 0; times--) {
    globalThis.gc!();
    await nextTurn();
  }
  const { heapUsed: heap, external, rss } = process.memoryUsage();
  return { heap, external, rss, held, ...(sessions && { sessions: sessions() }) };
}

/** Whether everybody has hung up, and all that they have asked for is done. */
async function isAtRest(server: Server): Promise<boolean> {
  const connections = await new Promise<number>((resolve) => {
    server.getConnections((_, count) => resolve(count));
  });
  await nextTurn();
  return connections === 0 && Object.keys(resources()).every((type) => LASTING.has(type));
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().reduce((sum, event) => sum + emitter.listenerCount(event), 0);
}
