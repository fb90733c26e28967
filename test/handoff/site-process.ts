import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { HandoffConsumerOptions, HandoffIssuerOptions } from 'nest-sessions/handoff';
import type { SharedStore } from '../support/fleet.js';

interface SiteOptions {
  readonly audience: string;
  readonly store: SharedStore;
  readonly issuer?: HandoffIssuerOptions;
  readonly consumer?: HandoffConsumerOptions;
  readonly host: string;
  readonly port: number;
  /** Where it waits to be let go: a verb of the store and a kind of record, such as `load nest-sessions/ticket`. */
  readonly holds?: readonly string[];
}

/** One application of a single sign-on, as a process of its own. */
export class SiteProcess {
  #waiting = 0;
  #tell: () => void = () => undefined;

  private constructor(
    private readonly process: ChildProcess,
    readonly origin: string,
  ) {
    process.on('message', (message: { at?: string }) => {
      if (message.at !== undefined) {
        this.#waiting += 1;
        this.#tell();
      }
    });
  }

  static async start(options: SiteOptions): Promise<SiteProcess> {
    if (!existsSync(new URL('../../dist/index.js', import.meta.url))) {
      throw new Error('The processes use the built package: run "npm run build" first.');
    }
    const program = new URL('../workers/handoff-site.mjs', import.meta.url);
    const child = fork(program, [JSON.stringify(options)], { execArgv: [] });
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`The process of "${options.audience}" ended at its start with ${code}.`);
    });
    const [message] = (await Promise.race([once(child, 'message'), failed])) as [{ origin: string }];
    failed.catch(() => undefined);
    return new SiteProcess(child, message.origin);
  }

  /** Settles when a request waits where the process holds. */
  async held(): Promise<void> {
    while (this.#waiting === 0) {
      await new Promise<void>((resolve) => (this.#tell = resolve));
    }
  }

  go(place: string): void {
    this.#waiting = 0;
    this.process.send({ go: place });
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = once(this.process, 'exit');
      this.process.send({ stop: true });
      await ended;
    }
  }
}
