import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Stage } from './stage.js';
import type { StorePlace } from './model.stores.js';
import type { News } from './station.js';

const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

/** A station in a process of its own. */
export async function forkedStage(
  place: StorePlace,
  number: number,
): Promise<Stage & { close(): Promise<void> }> {
  const program = fileURLToPath(new URL('./station.process.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(place), String(number)], {
    execArgv: ['--import', support('typescript.mjs')],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`A process of the model ended at its start with ${code}.`);
  });
  failed.catch(() => undefined);
  const [{ origin }] = (await Promise.race([once(child, 'message'), failed])) as [{ origin: string }];
  let listener: (news: News) => void = () => undefined;
  child.on('message', (news: News) => listener(news));
  return {
    origin,
    send: (order) => void child.send(order),
    listen: (next) => void (listener = next),
    close: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
