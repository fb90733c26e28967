import { constants } from 'node:os';

const controller = new AbortController();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Each time: a terminal and npm may both pass it on, and the second must not end us before all the others have ended.
  process.on(signal, () => controller.abort(128 + constants.signals[signal]));
}

/**
 * Aborted when this process is told to end, which is to end all that it has started first. The reason is its exit code.
 * Only for programs: a process that imports this does not end by a signal any more, unless it sees to it.
 */
export const interruption: AbortSignal = controller.signal;
