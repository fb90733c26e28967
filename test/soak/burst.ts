import { setTimeout as pause } from 'node:timers/promises';
import { interruption } from '../support/interruption.js';

/** So many requests, and when each of them is sent: at a fixed rate, and later where the answers take longer. */
export class Burst {
  #next = 0;

  /** @param rate In requests a second. */
  constructor(
    private left: number,
    private readonly rate: number,
  ) {}

  /** Waits for the turn of so many requests that are sent at once. Whether there is one. */
  async turn(requests: number): Promise<boolean> {
    if (this.left <= 0 || interruption.aborted) return false;
    this.left -= requests;
    const now = performance.now();
    // What was late does not make the next ones hurry.
    const turn = Math.max(this.#next, now);
    this.#next = turn + (requests * 1_000) / this.rate;
    await pause(turn - now);
    return true;
  }
}
