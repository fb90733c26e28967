import type { Release } from '../core/session-mutex.js';

/** The lock of a session as one request has it, for all of its handlers together. */
export class RequestLock {
  #held: Promise<Release> | undefined;
  #inside = 0;
  #isDecided = false;

  constructor(private readonly acquire: () => Promise<Release>) {}

  /** The answer of the request is decided: the lock is let go as soon as no handler needs it. */
  decided(): void {
    this.#isDecided = true;
    this.#letGo();
  }

  /** Waits for the lock, unless the request has it. What it gives says that the handler is done. */
  async enter(): Promise<() => void> {
    this.#inside++;
    this.#held ??= this.acquire();
    try {
      await this.#held;
    } catch (error) {
      this.#inside--;
      this.#held = undefined;
      throw error;
    }
    return () => {
      this.#inside--;
      this.#letGo();
    };
  }

  #letGo(): void {
    if (this.#inside === 0 && this.#isDecided) {
      void this.#held?.then((release) => release());
      this.#held = undefined;
    }
  }
}
