/** Lets a test hold something at a point, know that it has come there, and let it go. */
export class Barrier {
  #arrive!: () => void;
  #open!: () => void;
  /** Settles when somebody has come. */
  readonly reached = new Promise<void>((resolve) => (this.#arrive = resolve));
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  async wait(): Promise<void> {
    this.#arrive();
    await this.#opened;
  }

  open(): void {
    this.#open();
  }
}
