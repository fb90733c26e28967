import { EventEmitter, once } from 'node:events';
import type { Browser } from './browser.js';
import type { Playground } from './playground.js';

/** What a visit is for. */
export type Errand = 'count' | 'read' | 'leave' | 'begin';

/** How far an outage has come. During the second and the fourth both answers are right. */
export type Phase = 'before' | 'failing' | 'away' | 'returning' | 'after';

/** What a visitor has been told. */
export interface Answer {
  readonly who: Visitor;
  readonly errand: Errand;
  /** `undefined` when it was sent in one phase and answered in another. */
  readonly phase: Phase | undefined;
  readonly status: number;
  readonly setCookies: readonly string[];
  /** Whether it shows the visitor's own session with all that was acknowledged when it was asked for. */
  readonly isOwn: boolean;
}

const PATHS: Record<Errand, string> = {
  count: '/count',
  read: '/read',
  leave: '/flush',
  begin: '/set?name=stranger',
};

/** A visit that takes longer counts as one that hangs, in milliseconds. */
const PATIENCE = 60_000;

/** What each visitor is busy with at any time: two tabs that write the same session, and one that reads it. */
const TABS: readonly Errand[] = ['count', 'count', 'read'];

/** A tab that comes to so many visits waits for something that does not happen. */
const MOST_VISITS = 5_000;

/** A browser with the session that it began with. */
export class Visitor {
  readonly token: string | undefined;
  /** How often it has asked for its number to be increased, and how often that was said to be done. */
  sent = 0;
  acknowledged = 0;

  constructor(
    readonly name: string,
    readonly browser: Browser,
  ) {
    this.token = browser.cookie();
  }
}

/** Visitors who count and read in parallel all the time, and what they have been answered. */
export class OutageTraffic {
  phase: Phase = 'before';
  readonly answers: Answer[] = [];
  readonly #bell = new EventEmitter();
  readonly #tabs: readonly Promise<void>[];
  readonly #allDone: Promise<true>;
  /** How often each tab has been answered. */
  readonly #visits: number[] = [];
  #isOver = false;

  constructor(
    readonly ground: Playground,
    readonly visitors: readonly Visitor[],
  ) {
    ground.on('count', (session) => {
      session.update('number', (number: number = 0) => number + 1);
      return session.toJSON();
    });
    this.#tabs = visitors.flatMap((visitor) => TABS.map((errand) => this.#keepVisiting(visitor, errand)));
    this.#allDone = Promise.all(this.#tabs).then(() => true);
    // Looked at by whoever waits, and at the end.
    this.#allDone.catch(() => undefined);
  }

  get acknowledged(): number {
    return this.visitors.reduce((sum, visitor) => sum + visitor.acknowledged, 0);
  }

  async visit(who: Visitor, errand: Errand): Promise<Answer> {
    const { phase } = this;
    const { acknowledged } = who;
    if (errand === 'count') who.sent += 1;
    const signal = AbortSignal.timeout(PATIENCE);
    const { status, setCookies, text } = await who.browser.post(PATHS[errand], { signal });
    if (errand === 'count' && status === 200) who.acknowledged += 1;
    const { name, number = 0 } = text && status === 200 ? JSON.parse(text) : {};
    const answer: Answer = {
      who,
      errand,
      phase: phase === this.phase ? phase : undefined,
      status,
      setCookies,
      isOwn: name === who.name && number >= acknowledged && number <= who.sent,
    };
    this.answers.push(answer);
    this.#bell.emit('answer');
    return answer;
  }

  /** Settles when it is so, by what has been answered. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      const isOver = await Promise.race([once(this.#bell, 'answer').then(() => false), this.#allDone]);
      if (isOver) throw new Error(`It has not become so while there was traffic: ${isSo}`);
    }
  }

  /** Settles when every visitor has been told again, so many times, that a number is increased. */
  async acknowledgedAgain(times: number): Promise<void> {
    const before = new Map(this.visitors.map((visitor) => [visitor, visitor.acknowledged]));
    await this.until(() => this.visitors.every((who) => who.acknowledged >= before.get(who)! + times));
  }

  /** Settles when every tab has been answered what it asked after this. */
  async answeredAgain(): Promise<void> {
    // The first answer may be to what was under way.
    const enough = this.#visits.map((visits) => visits + 2);
    await this.until(() => this.#visits.every((visits, tab) => visits >= enough[tab]!));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.allSettled(this.#tabs);
    await this.#allDone;
  }

  async #keepVisiting(visitor: Visitor, errand: Errand): Promise<void> {
    const tab = this.#visits.push(0) - 1;
    while (!this.#isOver && this.#visits[tab]! < MOST_VISITS) {
      await this.visit(visitor, errand);
      this.#visits[tab]! += 1;
    }
  }
}
