import { randomBytes } from 'node:crypto';
import { freePorts } from './free-port.js';
import { SampleProcess } from './sample-process.js';

const NAME = '04-single-sign-on';

/** A site of the single sign-on sample, in a process that can be ended and started again by itself. */
export class SsoSite {
  readonly origin: string;
  #process: SampleProcess | undefined;

  constructor(
    readonly name: 'accounts' | 'books' | 'garden',
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {
    this.origin = `http://${this.#host}:${port}`;
  }

  async start(): Promise<void> {
    this.#process = await SampleProcess.start(NAME, this.#host, this.env, `${this.name}/main.js`);
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  get #host(): string {
    return `${this.name}.localhost`;
  }
}

/** The single sign-on sample. Its sites are given what its own main program would give them: ports, keys, a folder. */
export class SsoSample {
  readonly accounts: SsoSite;
  readonly books: SsoSite;
  readonly garden: SsoSite;

  private constructor(firstPort: number, folder: string) {
    const newKey = () => randomBytes(32).toString('base64url');
    const env = { PORT: String(firstPort), DATA: folder, BOOKS_KEY: newKey(), GARDEN_KEY: newKey() };
    this.accounts = new SsoSite('accounts', firstPort, env);
    this.books = new SsoSite('books', firstPort + 1, env);
    this.garden = new SsoSite('garden', firstPort + 2, env);
  }

  static build(): Promise<void> {
    return SampleProcess.build(NAME);
  }

  /** Each site by itself. */
  static async start(folder: string): Promise<SsoSample> {
    const sample = new SsoSample(await freePorts(3), folder);
    await sample.accounts.start();
    await Promise.all([sample.books.start(), sample.garden.start()]);
    return sample;
  }

  /** As its users start it: all three with one command, on ports from `port` on. */
  static startWithOneCommand(port: number, folder: string): Promise<SampleProcess> {
    return SampleProcess.start(NAME, 'accounts.localhost', { PORT: String(port), DATA: folder });
  }

  sites(): SsoSite[] {
    return [this.accounts, this.books, this.garden];
  }

  async stop(): Promise<void> {
    await Promise.all(this.sites().map((site) => site.stop()));
  }
}
