import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '..', '..');

/** A sample in a process of its own. */
export class SampleProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly host: string,
  ) {}

  /** @param name The folder of the sample, such as `03-accounts`. */
  static async build(name: string): Promise<void> {
    await promisify(execFile)('npm', ['run', 'build', '-w', `sample/${name}`], { cwd: root });
  }

  /**
   * Starts a sample that was built. Started from elsewhere, so that views and styles are found wherever one is.
   * @param host The name that browsers call it by, one that leads to 127.0.0.1.
   * @param env What its environment says besides; `PORT` where it has to be a certain one.
   * @param program Where it is made of several, the one of them.
   */
  static async start(
    name: string,
    host: string,
    env: Record<string, string> = {},
    program = 'main.js',
  ): Promise<SampleProcess> {
    const child = spawn(process.execPath, [join(root, 'sample', name, 'dist', program)], {
      cwd: tmpdir(),
      env: { ...process.env, NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0', NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    for await (const line of createInterface(child.stdout)) {
      const port = /Open http:\/\/\S+:(\d+)/.exec(line)?.[1];
      if (port) {
        // Nobody reads on, and a full pipe would stop the child.
        child.stdout.resume();
        return new SampleProcess(child, Number(port), host);
      }
    }
    throw new Error(`The sample ended before it listened. ${errors}`);
  }

  origin(host = this.host): string {
    return `http://${host}:${this.port}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exit;
    }
  }
}
