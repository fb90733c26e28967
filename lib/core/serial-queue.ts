/** Runs asynchronous work one piece after the other. A piece that fails does not stop those behind it. */
export class SerialQueue {
  #last: Promise<unknown> | undefined;

  get isBusy(): boolean {
    return this.#last !== undefined;
  }

  /** Starts at once when nothing is before it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last ? this.#last.then(work, work) : work();
    this.#last = turn;
    const leave = () => {
      if (this.#last === turn) {
        this.#last = undefined;
      }
    };
    turn.then(leave, leave);
    return turn;
  }
}
