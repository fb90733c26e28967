import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const pathOfWorker = (name: string) => fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url));

/** A process that runs a script of test/workers. */
export class FileWorker {
  readonly #messages: any[] = [];
  readonly #process: ChildProcess;
  #wake = () => {};
  #error = '';

  constructor(name: string, ...args: readonly (string | number)[]) {
    this.#process = fork(pathOfWorker(name), args.map(String), {
      execArgv: [],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#process.stderr!.on('data', (text) => (this.#error += text));
    this.#process.on('message', (message) => {
      this.#messages.push(message);
      this.#wake();
    });
    this.#process.on('exit', () => this.#wake());
  }

  /** What it has reported so far. */
  get messages(): readonly any[] {
    return this.#messages;
  }

  /** Its first `count` reports. Throws when it ends before. */
  async reports(count: number): Promise<readonly any[]> {
    while (this.#messages.length < count) {
      if (this.#isOver)
        throw new Error(`The worker has ended after ${this.#messages.length} reports. ${this.#error}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#messages.slice(0, count);
  }

  begin(): void {
    this.#process.send('begin');
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Kills it, whatever it is doing, and waits until it is dead and all it has reported has come. */
  async kill(): Promise<void> {
    if (this.#isOver) return;
    const ends = ['close', ...(this.#process.connected ? ['disconnect'] : [])];
    const ended = Promise.all(ends.map((end) => once(this.#process, end)));
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** What it has said to its last breath, when it should not have ended by itself. */
  get complaint(): string {
    return this.#error;
  }

  get #isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
