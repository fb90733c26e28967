import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Whether processes can be kept to a core each, so that the load does not take from the server. */
export const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;

/** The core of the process that is measured, and the one of whoever keeps it busy. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

/** The command line that runs a program on one core, or anywhere. */
export function pinned(core, command, ...args) {
  return canPin && core !== undefined
    ? ['taskset', '-c', String(core), command, ...args]
    : [command, ...args];
}

/**
 * A Node.js process of ours, and a way to ask it things, one after the other. `flags` are Node's.
 * @throws when it does not come up, with the reason that it gave.
 */
export async function startProcess(file, task, { core, node = process.execPath, flags = [] } = {}) {
  const [command, ...args] = pinned(
    core,
    node,
    '--no-warnings',
    ...flags,
    join(import.meta.dirname, file),
    JSON.stringify(task),
  );
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const answer = async () => {
    const [reply] = await Promise.race([
      once(child, 'message'),
      exited.then(([code, signal]) => [{ error: `${file} has ended: ${signal ?? code}` }]),
    ]);
    if (reply.error !== undefined) {
      throw new Error(reply.error);
    }
    return reply.result;
  };
  await answer();
  return {
    ask(verb, argument) {
      child.send({ verb, argument });
      return answer();
    },
    async stop() {
      if (child.connected) {
        child.disconnect();
      }
      await exited;
    },
  };
}
