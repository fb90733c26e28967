/** Lets nobody pass before all have come. */
export class Meeting {
  #missing: number;
  #begin!: () => void;
  readonly #begun = new Promise<void>((resolve) => (this.#begin = resolve));

  constructor(size: number) {
    this.#missing = size;
  }

  join(): Promise<void> {
    this.#missing -= 1;
    if (this.#missing === 0) {
      this.#begin();
    }
    return this.#begun;
  }
}
