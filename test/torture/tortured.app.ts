import type { ChildProcess } from 'node:child_process';
import { AppProcess } from '../support/app.process.js';
import type { Place } from '../support/place.js';
import { DEADLINE } from './limits.js';

/** A process of the application under torture, steered by messages. */
export class TorturedApp extends AppProcess {
  /** When it was last told to end, or has ended: who was asking it then may have been cut off. */
  shakenAt = -Infinity;
  readonly #lingering = new Map<string, () => void>();
  #skewed: (() => void) | undefined;

  constructor(
    private readonly place: Place,
    readonly number: number,
  ) {
    super(new URL('./torture.app.ts', import.meta.url));
  }

  /** @param skew By how much its clock is off, in milliseconds. */
  override async start(skew: number): Promise<void> {
    await super.start(this.place, this.number, skew);
  }

  /** Settles when its clock is off by so many milliseconds. */
  async skew(skew: number): Promise<void> {
    if (!this.isAlive) return;
    const skewed = new Promise<void>((resolve) => (this.#skewed = resolve));
    this.tell({ skew });
    await this.unlessItEnds(skewed);
  }

  /** Settles when the request that was sent to linger has come to its handler. */
  lingers(at: string): Promise<void> {
    return new Promise((resolve) => void this.#lingering.set(at, resolve));
  }

  /** Lets the handler of that request go on. */
  go(at: string): void {
    this.#lingering.delete(at);
    this.tell({ go: at });
  }

  /** Asks it to end. Whether it did so by itself in time. */
  async terminate(whenAsked: () => void = () => undefined): Promise<boolean> {
    const how = await this.end((child) => {
      child.kill('SIGTERM');
      whenAsked();
    }, DEADLINE);
    return how !== 'SIGKILL';
  }

  protected override hear({ lingers, skewed }: { lingers?: string; skewed?: true }): void {
    if (lingers !== undefined) this.#lingering.get(lingers)?.();
    if (skewed) this.#skewed?.();
  }

  protected override async end(ask: (child: ChildProcess) => unknown, deadline?: number) {
    this.shakenAt = Infinity;
    const how = await super.end(ask, deadline);
    this.shakenAt = performance.now();
    return how;
  }
}
