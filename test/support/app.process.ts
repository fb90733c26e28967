import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PATIENT } from './patience.js';

const loader = fileURLToPath(new URL('./typescript.mjs', import.meta.url));

/** A process of an application, which can be started again whenever it has ended. */
export class AppProcess {
  #child: ChildProcess | undefined;
  #failed: Promise<never> | undefined;
  /** Where it can be asked; `undefined` while it cannot. */
  origin: string | undefined;

  /** @param flags What Node.js itself is told. */
  constructor(
    private readonly program: URL,
    private readonly flags: readonly string[] = [],
  ) {}

  get isAlive(): boolean {
    return this.origin !== undefined;
  }

  /** Starts the program with these arguments. It says its origin as soon as it can be asked. */
  async start(...args: readonly (string | number | object)[]): Promise<void> {
    const words = args.map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each)));
    const child = fork(fileURLToPath(this.program), words, {
      execArgv: [...this.flags, '--import', loader],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message: object) => this.hear(message));
    this.#failed = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`A process of the application has ended with ${code ?? signal}.`);
    });
    this.#failed.catch(() => undefined);
    const [{ origin }] = (await this.unlessItEnds(once(child, 'message'))) as [{ origin: string }];
    this.origin = origin;
  }

  async kill(): Promise<void> {
    await this.end((child) => child.kill('SIGKILL'));
  }

  /** What it says. */
  protected hear(_message: object): void {
    // To be overridden.
  }

  protected tell(message: object): void {
    // Nobody is to be told that one which is gone does not hear it.
    this.#child?.send(message, () => undefined);
  }

  /** Settles as the promise does, and fails when the process ends before. */
  protected async unlessItEnds<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, ...(this.#failed ? [this.#failed] : [])]);
  }

  /** Has it end in some way, if it has not. Its exit code, or the signal that ended it: SIGKILL when it took too long. */
  protected async end(
    ask: (child: ChildProcess) => unknown,
    deadline: number = PATIENT,
  ): Promise<number | NodeJS.Signals | undefined> {
    const child = this.#child;
    this.origin = undefined;
    if (!child) return undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      const late = setTimeout(() => child.kill('SIGKILL'), deadline);
      ask(child);
      await exited;
      clearTimeout(late);
    }
    if (this.#child === child) this.#child = undefined;
    return child.exitCode ?? child.signalCode!;
  }
}
