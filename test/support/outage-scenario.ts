import { afterAll, beforeAll, describe } from '@jest/globals';
import type { SessionStoreDefinition } from 'nest-sessions';
import { adapters } from './adapters.js';
import { Barrier } from './barrier.js';
import { OutageTraffic, Visitor, type Answer } from './outage-traffic.js';
import { idOf, playground, type Playground } from './playground.js';

/** A store that can be taken away and given back. */
export interface Outage {
  readonly store: SessionStoreDefinition;
  /** Settles when nothing that is sent from now on can reach the store. */
  begin(traffic: OutageTraffic): Promise<unknown>;
  /** Settles when the store is ready again. */
  end(traffic: OutageTraffic): Promise<unknown>;
}

/** Has something undone behind the tests, the last first. */
export type Defer = (undo: () => unknown) => void;

export type Open = (defer: Defer) => Promise<Outage>;

/** What has come of it. */
export interface Ordeal {
  readonly ground: Playground;
  readonly traffic: OutageTraffic;
  /** What the visitors were told who were leaving when the outage began. */
  readonly leaving: readonly Answer[];
  /** What one of them sees who comes back with the old cookie during the outage. */
  readonly haunting: Answer;
  /** What the one was told whose session was loaded before the outage and was to be written during it. */
  readonly lateCounting: Answer;
  /** And those who wanted to leave: one whose session was loaded before, and one who came during the outage. */
  readonly lateLeaving: readonly Answer[];
  /** What is in the session that somebody began with, for a browser that has kept its first cookie. */
  readonly dataOf: (who: Visitor) => Promise<{ name?: string; number?: number }>;
}

const COUNTERS = ['Ada', 'Ben', 'Cleo', 'Dan'];
const LEAVERS = ['Eve', 'Fay', 'Gus', 'Hal', 'Ida', 'Jan'];
const LATECOMERS = ['Kim', 'Lea', 'Max'];
/** The outage begins after so many increments. */
const ENOUGH = 40;

/** Lets visitors be at work before, during and after an outage. */
async function endure(ground: Playground, outage: Outage): Promise<Ordeal> {
  const leavers = await enter(ground, LEAVERS);
  const [counter, leaver, latest] = (await enter(ground, LATECOMERS)) as [Visitor, Visitor, Visitor];
  const traffic = new OutageTraffic(ground, await enter(ground, COUNTERS));
  const stranger = new Visitor('stranger', ground.browser());
  const held = holdWrites(ground, [counter, leaver]);
  try {
    await traffic.until(() => traffic.acknowledged >= ENOUGH);
    traffic.phase = 'failing';
    const late = { counting: traffic.visit(counter, 'count'), leaving: traffic.visit(leaver, 'leave') };
    await Promise.all(held.map(({ reached }) => reached));
    const leaving = leavers.map((who) => traffic.visit(who, 'leave'));
    const gone = await Promise.any(leaving);
    await outage.begin(traffic);
    traffic.phase = 'away';
    const ghost = new Visitor(gone.who.name, withCookie(ground, gone.who));
    const others = [traffic.visit(stranger, 'begin'), traffic.visit(ghost, 'read')] as const;
    const [, haunting] = await Promise.all([...others, traffic.answeredAgain()]);
    traffic.phase = 'returning';
    held[0]!.open();
    const lateCounting = await late.counting;
    held[1]!.open();
    const lateLeaving = await Promise.all([late.leaving, traffic.visit(latest, 'leave')]);
    await outage.end(traffic);
    await traffic.acknowledgedAgain(3);
    traffic.phase = 'after';
    await traffic.acknowledgedAgain(3);
    return {
      ground,
      traffic,
      leaving: await Promise.all(leaving),
      haunting,
      lateCounting,
      lateLeaving,
      dataOf: async (who) => (await withCookie(ground, who).post('/read')).json(),
    };
  } finally {
    held.forEach((barrier) => barrier.open());
    await traffic.stop();
  }
}

/** Has what they write wait before it reaches the store. */
function holdWrites(ground: Playground, visitors: readonly Visitor[]): Barrier[] {
  const barriers = new Map(visitors.map(({ browser }) => [idOf(browser), new Barrier()]));
  ground.watched.before = (verb, [id]) => (verb === 'load' ? undefined : barriers.get(id as string)?.wait());
  return [...barriers.values()];
}

async function enter(ground: Playground, names: readonly string[]): Promise<Visitor[]> {
  const visitors: Visitor[] = [];
  for (const name of names) visitors.push(new Visitor(name, await ground.visitor({ name })));
  return visitors;
}

/** A browser that has kept the cookie that the visitor began with. */
function withCookie(ground: Playground, { token }: Visitor) {
  const browser = ground.browser();
  browser.jar.setCookieSync(`sessionid=${token}`, ground.origin);
  return browser;
}

/** Lets visitors endure the outage, on both adapters, and defines tests of what has come of it. */
export function describeOrdeal(title: string, open: Open, define: (result: () => Ordeal) => void): void {
  describe.each(adapters)(`${title} ($adapter)`, ({ make }) => {
    const undo: (() => unknown)[] = [];
    let ordeal: Ordeal;

    beforeAll(async () => {
      const outage = await open((step) => void undo.push(step));
      const ground = await playground({
        adapter: make(),
        store: outage.store,
        session: { now: Date.now },
      });
      undo.push(() => ground.close());
      ordeal = await endure(ground, outage);
    });
    afterAll(() => unwind(undo));
    define(() => ordeal);
  });
}

/** Undoes the last step first, and all of them even when one fails. */
async function unwind(steps: (() => unknown)[]): Promise<void> {
  const step = steps.pop();
  if (!step) return;
  try {
    await step();
  } finally {
    await unwind(steps);
  }
}
