import { oneOf } from '../support/chance.js';
import { tokenInCookies } from '../support/token-in-cookies.js';
import { DEADLINE } from './limits.js';
import type { Tally } from './tally.js';
import type { TorturedApp } from './tortured.app.js';

/** What a client was told. */
export interface Answer {
  readonly status: number;
  /** The token of a cookie that was set, `''` when it was taken away, `undefined` when nothing was said of it. */
  readonly token: string | undefined;
  readonly body: any;
}

/** How an attempt ended: with the right thing done, or without anybody knowing whether it was. */
export type Attempt = { readonly kind: 'done'; readonly answer: Answer } | { readonly kind: 'unknown' };

/** For so long after a fault an application may still say that its store is away, in milliseconds. */
const AFTERMATH = 15_000;

/** Several processes of one application, the faults that they suffer, and what they answer. */
export class Arena {
  /** When the last fault of the store ended; while there is one, `Infinity`. */
  #troubledUntil = -Infinity;
  #isPaused: Promise<void> | undefined;
  #resume: () => void = () => undefined;
  #inFlight = 0;
  #idle: () => void = () => undefined;
  isOver = false;

  constructor(
    readonly apps: readonly TorturedApp[],
    readonly tally: Tally,
  ) {}

  /** Whether the store fails, or may still do so. */
  get isTroubled(): boolean {
    return this.#troubledUntil > performance.now();
  }

  /** Runs something that may make the store fail. */
  async trouble(run: () => Promise<void>): Promise<void> {
    this.#troubledUntil = Infinity;
    try {
      await run();
    } finally {
      this.#troubledUntil = performance.now() + AFTERMATH;
    }
  }

  /** Runs something while nobody asks anything. */
  async inPeace(run: () => Promise<void>): Promise<void> {
    this.#isPaused = new Promise((resolve) => (this.#resume = resolve));
    while (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    try {
      await run();
    } finally {
      this.#isPaused = undefined;
      this.#resume();
    }
  }

  /** Asks a process, any one if none is named, and judges the answer as far as it is the same for all. */
  async ask(path: string, token?: string, app?: TorturedApp): Promise<Attempt> {
    while (this.#isPaused) await this.#isPaused;
    this.#inFlight += 1;
    try {
      return await this.#ask(path, token, app ?? (await this.#anyApp()));
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idle();
    }
  }

  async #anyApp(): Promise<TorturedApp> {
    for (;;) {
      const alive = this.apps.filter(({ isAlive }) => isAlive);
      if (alive.length > 0) return oneOf(alive);
      // None is started again, and to ask one that is not there fails.
      if (this.isOver) return oneOf(this.apps);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #ask(path: string, token: string | undefined, app: TorturedApp): Promise<Attempt> {
    const { tally } = this;
    const begun = performance.now();
    tally.requests += 1;
    try {
      const response = await fetch(`${app.origin}${path}`, {
        method: 'POST',
        headers: token ? { cookie: `sessionid=${token}` } : {},
        signal: AbortSignal.timeout(DEADLINE),
      });
      const text = await response.text();
      const answer = {
        status: response.status,
        token: tokenInCookies(response.headers.getSetCookie()),
        body: parse(text),
      };
      if (answer.status === 200) {
        tally.answers.right += 1;
        return { kind: 'done', answer };
      }
      this.#judgeRefusal(path, answer, app, begun, text);
    } catch (error) {
      this.#judgeFailure(path, error, app, begun);
    }
    return { kind: 'unknown' };
  }

  #judgeRefusal(path: string, answer: Answer, app: TorturedApp, begun: number, text: string): void {
    const isExcused = this.#troubledUntil > begun || app.shakenAt > begun;
    // It may tell the token of what was committed before the store went away; it must take none away.
    if (answer.status === 503 && answer.token !== '' && isExcused) {
      this.tally.answers.unavailable += 1;
    } else {
      this.tally.complain(
        'wrong',
        `${path}: ${answer.status} ${text.slice(0, 200)}${isExcused ? '' : ' out of the blue'}`,
      );
    }
  }

  #judgeFailure(path: string, error: unknown, app: TorturedApp, begun: number): void {
    const { name, cause } = error as Error;
    if (name === 'TimeoutError') {
      this.tally.complain('hung', `${path}: no answer within ${DEADLINE / 1000} s`);
    } else if (app.shakenAt > begun || app.origin === undefined) {
      this.tally.answers.cut += 1;
    } else {
      this.tally.complain(
        'wrong',
        `${path}: cut off by a process that nobody has shaken: ${String(cause ?? error)}`,
      );
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
