import { Logger } from '@nestjs/common';
import { announce } from './handoff-events.js';

/** When somebody who could not be told is told again, in milliseconds; after that they find out by asking. */
const PAUSES = [1_000, 5_000, 30_000, 120_000, 600_000, 1_800_000];

/** Tells other servers what they need to hear, and those that are away once more. */
export class Deliveries {
  readonly #logger = new Logger('HandoffModule');
  readonly #waiting = new Set<NodeJS.Timeout>();
  #isClosed = false;

  /** Done when it was tried once: a logout does not wait for one that is away. `deliver` says whether it was heard. */
  async send(recipient: string, deliver: () => Promise<boolean>, attempt = 1): Promise<void> {
    if (await this.#try(recipient, deliver)) {
      return;
    }
    announce({ type: 'undelivered', recipient, attempt });
    const pause = PAUSES[attempt - 1];
    if (pause === undefined || this.#isClosed) {
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      void this.send(recipient, deliver, attempt + 1);
    }, pause).unref();
    this.#waiting.add(timer);
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.forEach(clearTimeout);
    this.#waiting.clear();
  }

  async #try(recipient: string, deliver: () => Promise<boolean>): Promise<boolean> {
    try {
      return await deliver();
    } catch (error) {
      this.#logger.debug(`${recipient}: ${error}`);
      return false;
    }
  }
}
