/** A clock that moves when it is told to. */
export class Clock {
  constructor(private time = Date.parse('2026-01-01T12:00:00Z')) {}

  readonly now = (): number => this.time;

  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}
