import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { CookieJar } from 'tough-cookie';
import type { DataSourceOptions } from 'typeorm';
import { Browser } from './browser.js';

interface Ship {
  readonly process: ChildProcess;
  readonly origin: string;
}

type Message = { origin: string } | { at: string };

/** Where the processes keep their sessions together; `{}`: each by itself, in its memory. */
export interface SharedStore {
  readonly database?: DataSourceOptions;
  readonly directory?: string;
  readonly redis?: { readonly url: string; readonly prefix: string };
}

/** Several real processes, each of which serves the same sessions on a port of its own. */
export class Fleet {
  readonly #arrived = new Map<string, number>();
  #tell: () => void = () => undefined;

  private constructor(private readonly ships: readonly Ship[]) {
    for (const { process } of ships) {
      process.on('message', (message: Message) => {
        if ('at' in message) {
          this.#arrived.set(message.at, (this.#arrived.get(message.at) ?? 0) + 1);
          this.#tell();
        }
      });
    }
  }

  static async launch(size: number, store: SharedStore = {}): Promise<Fleet> {
    if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
      throw new Error('The processes use the built package: run "npm run build" first.');
    }
    const program = new URL('../workers/http-sessions.mjs', import.meta.url);
    const launched = await Promise.all(
      Array.from({ length: size }, async () => {
        const child = fork(program, [JSON.stringify(store)], { execArgv: [] });
        const failed = once(child, 'exit').then(([code]) => {
          throw new Error(`A process of the fleet ended at its start with ${code}.`);
        });
        const [message] = (await Promise.race([once(child, 'message'), failed])) as [{ origin: string }];
        failed.catch(() => undefined);
        return { process: child, origin: message.origin };
      }),
    );
    return new Fleet(launched);
  }

  get size(): number {
    return this.ships.length;
  }

  /** A browser at one of the processes, with the cookies of another. */
  browser(ship: number, jar?: CookieJar): Browser {
    return new Browser(this.ships[ship % this.size]!.origin, jar?.cloneSync());
  }

  /** Settles when so many requests, of all processes together, have come to the place. */
  async gathered(place: string, count: number): Promise<void> {
    while ((this.#arrived.get(place) ?? 0) < count) {
      await new Promise<void>((resolve) => (this.#tell = resolve));
    }
  }

  /** Lets everybody go on from the place. */
  go(place: string): void {
    this.#arrived.delete(place);
    for (const { process } of this.ships) {
      process.send({ go: place });
    }
  }

  /** Closes the applications. How the processes ended: all by themselves, once their application was closed. */
  async stop(): Promise<(number | null)[]> {
    return Promise.all(
      this.ships.map(async ({ process }) => {
        if (process.exitCode !== null || process.signalCode !== null) {
          return process.exitCode;
        }
        const ended = once(process, 'exit');
        process.send({ stop: true });
        const [code] = await ended;
        return code as number | null;
      }),
    );
  }

  /** For a fleet that does not stop. */
  sink(): void {
    for (const { process } of this.ships) {
      process.kill('SIGKILL');
    }
  }
}
