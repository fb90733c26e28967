import type { SessionEvent } from 'nest-sessions';
import { AppProcess } from '../support/app.process.js';
import type { Place } from '../support/place.js';
import type { Reading } from './reading.js';

/** What has happened to sessions, and how often. */
export type Happenings = Partial<Record<SessionEvent['type'], number>>;

interface Message {
  readonly reading?: Reading;
  readonly happened?: Happenings;
  readonly left?: readonly string[];
}

/** A process of the application that is soaked. */
export class SoakedApp extends AppProcess {
  happened: Happenings = {};
  #left: readonly string[] | undefined;
  #read: (reading: Reading) => void = () => undefined;

  constructor(
    private readonly place: Place,
    private readonly number: number,
  ) {
    super(new URL('./soak.app.ts', import.meta.url), ['--expose-gc']);
  }

  /** @param lifetime Of its sessions without use, in seconds. */
  override async start(lifetime: number): Promise<void> {
    await super.start(this.place, this.number, lifetime);
  }

  async read(): Promise<Reading> {
    const reading = new Promise<Reading>((resolve) => (this.#read = resolve));
    this.tell({ read: true });
    return this.unlessItEnds(reading);
  }

  /** Has it close its application. Why it has not ended by itself then; `undefined` when it has. */
  async close(): Promise<string | undefined> {
    const how = await this.end(() => this.tell({ close: true }));
    if (how === 0) return undefined;
    return this.#left
      ? `is kept alive by ${this.#left.join(', ') || 'nothing that has a name'}`
      : `has ended with ${how} when it was closed`;
  }

  protected override hear({ reading, happened, left }: Message): void {
    if (left) this.#left = left;
    if (happened) this.happened = happened;
    if (reading) this.#read(reading);
  }
}
