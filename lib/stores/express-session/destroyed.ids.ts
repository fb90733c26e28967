/** How long a destroyed session is remembered, in milliseconds: longer than any request takes. */
const MEMORY = 600_000;

/** At most so many are remembered, whatever the traffic. */
const MAX = 100_000;

/** Remembers which sessions were destroyed lately, so that what a store brings back stays dead in this process. */
export class DestroyedIds {
  /** When each may be forgotten, in the order of their destruction. */
  private readonly until = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  add(id: string): void {
    this.until.delete(id);
    this.until.set(id, this.now() + MEMORY);
    for (const [oldest, until] of this.until) {
      if (until > this.now() && this.until.size <= MAX) return;
      this.until.delete(oldest);
    }
  }

  /** Takes it back, when the destruction has failed. */
  remove(id: string): void {
    this.until.delete(id);
  }

  has(id: string): boolean {
    return (this.until.get(id) ?? -Infinity) > this.now();
  }
}
