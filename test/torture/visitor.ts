import { between, oneOf, random, randomInt } from '../support/chance.js';
import type { Arena, Answer, Attempt } from './arena.js';

/** A token that must open nothing any more. */
export interface DeadToken {
  readonly token: string;
  readonly because: string;
}

/** What is known of a session: what was acknowledged must be there, what was only tried may be. */
interface Ledger {
  readonly user: string;
  /** How often the clock had leapt when it began. */
  readonly epoch: number;
  token: string;
  acknowledged: number;
  tried: number;
  readonly noted: Set<string>;
  readonly triedNotes: Set<string>;
  /** Whether somebody may have given it another token, which got lost. */
  isUnsure: boolean;
}

const ACTIONS = [
  ...Array<'count'>(8).fill('count'),
  ...Array<'note'>(4).fill('note'),
  ...Array<'read'>(4).fill('read'),
  'renew',
  'together',
  'together',
  'haunt',
] as const;

/** Somebody who comes with one session after the other, and remembers what the application has said of each. */
export class Visitor {
  /** Sessions that were left as they are, to be looked at in the end. */
  readonly abandoned: Ledger[] = [];
  #rounds = 0;
  #epoch = 0;

  constructor(
    private readonly name: string,
    private readonly arena: Arena,
    /** Of all visitors. */
    private readonly dead: DeadToken[],
    /** Whether sessions can be found by their users. */
    private readonly canList: boolean,
  ) {}

  async visit(): Promise<void> {
    while (!this.arena.isOver) {
      const ledger = await this.#enter();
      if (!ledger) continue;
      const most = 10 + randomInt(50);
      for (let done = 0; done < most && this.#goesOn(ledger); done++) {
        await this.#act(ledger, oneOf(ACTIONS));
        await new Promise((resolve) => setTimeout(resolve, between(0, 20)));
      }
      await this.#part(ledger);
    }
  }

  #goesOn({ isUnsure, epoch }: Ledger): boolean {
    return !isUnsure && epoch === this.#epoch && !this.arena.isOver;
  }

  /** A leap of the clock has made everything expire. */
  forgetAll(): void {
    this.#epoch += 1;
    for (const { token } of this.abandoned.splice(0)) this.dead.push({ token, because: 'expired' });
  }

  /** Looks at what was left. */
  async review(): Promise<void> {
    for (const ledger of this.abandoned) await this.#verify(ledger);
  }

  async #enter(): Promise<Ledger | undefined> {
    const user = `${this.name}-${++this.#rounds}`;
    const epoch = this.#epoch;
    const attempt = await this.arena.ask(`/enter?user=${user}`);
    if (attempt.kind === 'unknown' || epoch !== this.#epoch) return undefined;
    const { token } = attempt.answer;
    if (!token) {
      this.arena.tally.complain('wrong', `/enter has given no token to ${user}`);
      return undefined;
    }
    return {
      user,
      epoch: this.#epoch,
      token,
      acknowledged: 0,
      tried: 0,
      noted: new Set(),
      triedNotes: new Set(),
      isUnsure: false,
    };
  }

  async #act(ledger: Ledger, action: (typeof ACTIONS)[number]): Promise<void> {
    switch (action) {
      case 'count':
        return this.#count(ledger);
      case 'note':
        return this.#note(ledger);
      case 'read':
        return this.#read(ledger);
      case 'renew':
        return this.#renew(ledger);
      case 'together':
        await Promise.all([this.#count(ledger), this.#count(ledger), this.#note(ledger), this.#read(ledger)]);
        return;
      case 'haunt':
        return this.haunt();
    }
  }

  async #count(ledger: Ledger): Promise<void> {
    ledger.tried += 1;
    await this.#expect(ledger, this.arena.ask('/count', ledger.token), () => (ledger.acknowledged += 1));
  }

  async #note(ledger: Ledger): Promise<void> {
    const key = `note${ledger.triedNotes.size}`;
    ledger.triedNotes.add(key);
    await this.#expect(ledger, this.arena.ask(`/note?key=${key}`, ledger.token), () => ledger.noted.add(key));
  }

  async #read(ledger: Ledger): Promise<void> {
    await this.#expect(ledger, this.arena.ask('/read', ledger.token), () => undefined);
  }

  async #renew(ledger: Ledger): Promise<void> {
    const attempt = await this.arena.ask('/renew', ledger.token);
    if (ledger.epoch !== this.#epoch) return;
    if (attempt.kind === 'unknown') {
      ledger.isUnsure = true;
    } else if (!attempt.answer.token) {
      this.arena.tally.complain('wrong', `/renew has given no token to ${ledger.user}`);
      ledger.isUnsure = true;
    } else {
      this.dead.push({ token: ledger.token, because: 'renewed' });
      ledger.token = attempt.answer.token;
    }
  }

  /** Takes note of an acknowledgement, and compares what is shown with all that was acknowledged before. */
  async #expect(ledger: Ledger, asked: Promise<Attempt>, acknowledge: () => unknown): Promise<void> {
    const { acknowledged } = ledger;
    const noted = [...ledger.noted];
    const attempt = await asked;
    if (attempt.kind === 'unknown' || ledger.epoch !== this.#epoch) return;
    this.#compare(ledger, attempt.answer, acknowledged, noted);
    acknowledge();
  }

  #compare(ledger: Ledger, { body }: Answer, acknowledged: number, noted: readonly string[]): void {
    const { tally } = this.arena;
    const data = body?.data ?? {};
    if (body?.user !== ledger.user || data.name !== ledger.user) {
      if (body?.user || data.name)
        tally.complain('wrong', `${ledger.user} was shown the session of ${body.user}`);
      else tally.complain('writesLost', `the session of ${ledger.user}`, 1 + acknowledged + noted.length);
      ledger.isUnsure = true;
      return;
    }
    this.#compareData(ledger, data, acknowledged, noted);
  }

  #compareData(ledger: Ledger, data: any, acknowledged: number, noted: readonly string[]): void {
    const { tally } = this.arena;
    const { n = 0 } = data;
    if (n < acknowledged) {
      tally.complain(
        'writesLost',
        `${ledger.user} has counted to ${acknowledged}, not ${n}`,
        acknowledged - n,
      );
    }
    if (n > ledger.tried)
      tally.complain('wrong', `${ledger.user} has counted ${ledger.tried} times, to ${n}`);
    const lost = noted.filter((key) => data[key] !== true);
    if (lost.length > 0) tally.complain('writesLost', `${lost.join(', ')} of ${ledger.user}`, lost.length);
  }

  async #part(ledger: Ledger): Promise<void> {
    if (ledger.epoch !== this.#epoch) {
      if (!ledger.isUnsure) this.dead.push({ token: ledger.token, because: 'expired' });
      return;
    }
    if (ledger.isUnsure) return this.#verify(ledger);
    const way = random();
    if (way < 0.25 || this.arena.isOver) {
      this.abandoned.push(ledger);
      return;
    }
    await this.#verify(ledger);
    const isRevoked = this.canList && way > 0.85;
    const path = isRevoked ? `/revoke?user=${ledger.user}` : '/leave';
    await this.#untilDone(path, isRevoked ? undefined : ledger.token);
    this.dead.push({ token: ledger.token, because: isRevoked ? 'revoked' : 'left' });
  }

  /** Looks for all that was acknowledged of a session, whatever token it has now. */
  async #verify(ledger: Ledger): Promise<void> {
    const { tally } = this.arena;
    const count = 1 + ledger.acknowledged + ledger.noted.size;
    // Where sessions cannot be found by their users, one whose token got lost is lost to everybody.
    if (!this.canList && ledger.isUnsure) return;
    const { body } = this.canList
      ? await this.#untilDone(`/sessions?user=${ledger.user}`, undefined)
      : await this.#untilDone('/read', ledger.token);
    if (ledger.epoch !== this.#epoch) return;
    const [data, ...others] = this.canList ? (body as any[]) : [body.data];
    tally.writesChecked += count;
    if (data?.name !== ledger.user) tally.complain('writesLost', `the session of ${ledger.user}`, count);
    else this.#compareData(ledger, data, ledger.acknowledged, [...ledger.noted]);
    if (others.length > 0) tally.complain('wrong', `${ledger.user} has ${others.length + 1} sessions`);
  }

  /** Comes with a token that is dead. */
  async haunt({ token, because } = oneOf(this.dead) ?? { token: '', because: '' }): Promise<void> {
    if (token === '') return;
    const attempt = await this.arena.ask('/read', token);
    if (attempt.kind === 'unknown') return;
    const { user, data } = attempt.answer.body ?? {};
    if (user || data?.name) {
      this.arena.tally.complain('sessionsResurrected', `the one of ${user ?? data.name} (${because})`);
    }
  }

  async #untilDone(path: string, token: string | undefined): Promise<Answer> {
    for (;;) {
      const attempt = await this.arena.ask(path, token);
      if (attempt.kind === 'done') return attempt.answer;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
