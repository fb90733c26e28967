import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DEADLINE } from './tally.js';
import type { Place } from './place.js';

const program = fileURLToPath(new URL('./torture.app.ts', import.meta.url));
const loader = fileURLToPath(new URL('../support/typescript.mjs', import.meta.url));

/** A process of the application, which is started again whenever it has ended. */
export class AppProcess {
  #child: ChildProcess | undefined;
  /** Where it can be asked; `undefined` while it cannot. */
  origin: string | undefined;
  /** When it was last told to end, or has ended: who was asking it then may have been cut off. */
  shakenAt = -Infinity;
  readonly #lingering = new Map<string, () => void>();

  constructor(
    private readonly place: Place,
    readonly number: number,
  ) {}

  get isAlive(): boolean {
    return this.origin !== undefined;
  }

  async start(skew: number): Promise<void> {
    const child = fork(program, [JSON.stringify(this.place), String(this.number), String(skew)], {
      execArgv: ['--import', loader],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', ({ lingers }: { lingers?: string }) => {
      if (lingers !== undefined) this.#lingering.get(lingers)?.();
    });
    const failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`A process of the application has ended at its start with ${code ?? signal}.`);
    });
    failed.catch(() => undefined);
    const [{ origin }] = (await Promise.race([once(child, 'message'), failed])) as [{ origin: string }];
    this.origin = origin;
  }

  skew(skew: number): void {
    if (this.origin !== undefined) this.#child?.send({ skew });
  }

  /** Settles when the request that was sent to linger has come to its handler. */
  lingers(at: string): Promise<void> {
    return new Promise((resolve) => void this.#lingering.set(at, resolve));
  }

  /** Lets the handler of that request go on. */
  go(at: string): void {
    this.#lingering.delete(at);
    this.#child?.send({ go: at });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end. Whether it did so by itself in time. */
  async terminate(whenAsked: () => void = () => undefined): Promise<boolean> {
    const child = this.#child;
    const late = setTimeout(() => child?.kill('SIGKILL'), DEADLINE);
    await this.#end('SIGTERM', whenAsked);
    clearTimeout(late);
    return child?.signalCode !== 'SIGKILL';
  }

  async #end(signal: NodeJS.Signals, whenAsked: () => void = () => undefined): Promise<void> {
    const child = this.#child;
    this.origin = undefined;
    this.shakenAt = Infinity;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill(signal);
      whenAsked();
      await exited;
    }
    this.#child = undefined;
    this.shakenAt = performance.now();
  }
}
