import { interruption } from '../support/interruption.js';

/** What has come of the torture of one store. */
export class Tally {
  requests = 0;
  readonly answers = { right: 0, unavailable: 0, cut: 0 };
  readonly faults = new Map<string, number>();
  /** Increments, notes and logins that were acknowledged and looked for. */
  writesChecked = 0;
  writesLost = 0;
  /** Sessions that were ended, and looked for with the token they had. */
  sessionsEnded = 0;
  sessionsResurrected = 0;
  hung = 0;
  wrong = 0;
  /** Requests that were being handled when their process was asked to end. */
  finishedAtShutdown = 0;
  readonly complaints: string[] = [];

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  complain(about: 'writesLost' | 'sessionsResurrected' | 'hung' | 'wrong', what: string, count = 1): void {
    // What is cut off at the end is nobody's fault.
    if (interruption.aborted) return;
    this[about] += count;
    // The first ones tell what is wrong, the thousandth tells nothing more.
    if (this.complaints.length < 50) this.complaints.push(`${about}: ${what}`);
  }

  get isClean(): boolean {
    return this.writesLost + this.sessionsResurrected + this.hung + this.wrong === 0;
  }
}
