import type { Reading } from './reading.js';

/** What has come of a burst of requests: how long their answers took, in milliseconds, and what was read after them. */
export interface Round {
  readonly latencies: readonly number[];
  readonly reading: Reading;
}

/** What has come of the soak of one store. */
export class Tally {
  requests = 0;
  wrong = 0;
  readonly complaints: string[] = [];
  readonly rounds: Round[] = [];
  /** Of the present round. */
  latencies: number[] = [];

  complain(what: string): void {
    this.wrong += 1;
    // The first ones tell what is wrong, the thousandth tells nothing more.
    if (this.complaints.length < 20) this.complaints.push(what);
  }

  endRound(reading: Reading): void {
    this.rounds.push({ latencies: this.latencies, reading });
    this.latencies = [];
  }
}
