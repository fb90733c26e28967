/** So many requests of one address may fail within the time. */
const MOST_FAILURES = 30;
/** In milliseconds. */
const TIME = 60_000;
/** So many addresses are watched at once; beyond that, those are let off whose last failure is longest ago. */
const MOST_CLIENTS = 10_000;

/** Who has lately sent so much nonsense that more of it is not worth a word for a while. In this process only. */
export class FailedAttempts {
  /** When the requests of an address have failed, in the order in which the last one of each did. */
  readonly #failures = new Map<string, number[]>();

  constructor(private readonly now: () => number) {}

  /** For how much longer that holds for an address, in milliseconds; 0: it does not. */
  lockout(client: string): number {
    const recent = this.#recent(client);
    return recent.length < MOST_FAILURES ? 0 : recent[0]! + TIME - this.now();
  }

  add(client: string): void {
    const failures = [...this.#recent(client), this.now()].slice(-MOST_FAILURES);
    this.#failures.delete(client);
    this.#failures.set(client, failures);
    if (this.#failures.size > MOST_CLIENTS) {
      this.#failures.delete(this.#failures.keys().next().value!);
    }
  }

  #recent(client: string): number[] {
    return (this.#failures.get(client) ?? []).filter((at) => at + TIME > this.now());
  }
}
