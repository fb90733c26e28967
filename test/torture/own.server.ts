import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** How a server is started. */
export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** What it says when it can be used. */
  readonly ready: RegExp;
  /** Asks it to end without waiting for its clients. */
  readonly stopSignal: NodeJS.Signals;
  /** Who runs it, where that is not us. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A server that we have started, with all its processes, and may therefore do anything to. */
export class OwnServer {
  #process: ChildProcess | undefined;
  #said = '';

  constructor(private readonly command: ServerCommand) {}

  /** Resolves when it can be used. What a server killed before has left behind may need some tries. */
  async start(): Promise<void> {
    for (let tries = 1; !(await this.#try()); tries++) {
      if (tries === 20) throw new Error(`${this.command.file} does not start:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  /** Takes the power away from it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to end. */
  async stop(): Promise<void> {
    await this.#end(this.command.stopSignal);
  }

  /** Makes it hang, with its connections open. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async #try(): Promise<boolean> {
    const { file, args, ready, user } = this.command;
    const child = spawn(file, args, { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#said = '';
    const lines = [child.stdout, child.stderr].map((input) => createInterface({ input }));
    const isReady = new Promise<boolean>((resolve) => {
      for (const each of lines) {
        each.on('line', (line) => {
          this.#said = `${this.#said}${line}\n`.slice(-2000);
          if (ready.test(line)) resolve(true);
        });
      }
    });
    return Promise.race([isReady, once(child, 'exit').then(() => false)]);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    const helpers = childrenOf(child.pid!);
    child.kill(signal);
    if (signal === 'SIGKILL') helpers.forEach((pid) => trySignal(pid, signal));
    await exited;
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid !== undefined) [pid, ...childrenOf(pid)].forEach((each) => trySignal(each, signal));
  }
}

/** The processes that a server has started, such as those of PostgreSQL for its connections. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(ppid) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
