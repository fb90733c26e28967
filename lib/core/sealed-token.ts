import type { ClientToken } from './token-outcome.js';

/** A record that travels with the client. */
export class SealedToken implements ClientToken {
  readonly #text: string;

  constructor(
    readonly id: string,
    text: string,
  ) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }
}
