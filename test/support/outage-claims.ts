import { expect, it } from '@jest/globals';
import { describeOrdeal, type Open, type Ordeal } from './outage-scenario.js';
import type { Answer, Errand, Phase } from './outage-traffic.js';

/**
 * Defines what is to hold for a store that is taken away under traffic, on both adapters. `stillServes` is what it can
 * do even then.
 */
export function describeOutage(title: string, open: Open, stillServes: readonly Errand[] = []): void {
  describeOrdeal(title, open, (result) => {
    const statusOf = (errand: Errand) => (stillServes.includes(errand) ? 200 : 503);

    it('is a 503 to every request that needs what is away, for so long and no longer', () => {
      const { traffic, lateCounting, lateLeaving } = result();
      const during = { begin: [503], count: [statusOf('count')], read: [statusOf('read')] };
      expect(statuses(traffic.answers, 'before')).toEqual({ count: [200], read: [200] });
      expect(statuses(traffic.answers, 'away')).toEqual(during);
      expect(lateCounting.status).toBe(statusOf('count'));
      expect(lateLeaving.map(({ status }) => status)).toEqual([statusOf('leave'), statusOf('leave')]);
      expect(statuses(traffic.answers, 'after')).toEqual({ count: [200], read: [200] });
    });

    itLosesNothing(result);

    it('emits store-error', () => {
      expect(result().ground.count('store-error')).toBeGreaterThan(0);
    });
  });
}

/** Defines what is to hold whatever becomes of the store. */
export function itLosesNothing(result: () => Ordeal): void {
  it('answers that the store is away, or as it should', () => {
    const { answers } = result().traffic;
    expect(answers.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  });

  it('leaves every cookie alone, and gives none with a 503', () => {
    const { answers, visitors } = result().traffic;
    const isToKeep = ({ who, status }: Answer) => status !== 200 || visitors.includes(who);
    expect(answers.filter(isToKeep).flatMap(({ setCookies }) => setCookies)).toEqual([]);
    for (const { browser, token } of visitors) expect(browser.cookie()).toBe(token);
  });

  it('never shows a visitor another session than the own one, as it was last acknowledged', () => {
    const { answers, visitors } = result().traffic;
    const served = answers.filter(({ who, status }) => status === 200 && visitors.includes(who));
    expect(served.filter(({ isOwn }) => !isOwn)).toEqual([]);
  });

  it('loses nothing that was acknowledged, and does nothing twice', async () => {
    const { traffic, lateCounting, dataOf } = result();
    for (const visitor of traffic.visitors) {
      const { name, number } = await dataOf(visitor);
      expect(name).toBe(visitor.name);
      expect(number).toBeGreaterThanOrEqual(visitor.acknowledged);
      expect(number).toBeLessThanOrEqual(visitor.sent);
    }
    // Nothing of it can have reached the store.
    const { name, acknowledged } = lateCounting.who;
    expect(await dataOf(lateCounting.who)).toEqual(acknowledged ? { name, number: 1 } : { name });
  });

  it('keeps logged out whoever was told so, and logged in whoever was refused', async () => {
    const { leaving, haunting, lateLeaving, dataOf } = result();
    const left = leaving.filter(({ status }) => status === 200);
    expect(left).not.toEqual([]);
    for (const { who } of left) expect(await dataOf(who)).toEqual({});
    expect(haunting.isOwn).toBe(false);
    for (const { who, status } of lateLeaving) {
      expect(await dataOf(who)).toEqual(status === 200 ? {} : { name: who.name });
    }
  });
}

/** How the visits were answered that began and ended in the phase, by what they were for. */
export function statuses(answers: readonly Answer[], phase: Phase): Partial<Record<Errand, number[]>> {
  const found: Partial<Record<Errand, number[]>> = {};
  for (const { errand, status } of answers.filter((answer) => answer.phase === phase)) {
    found[errand] = [...new Set([...(found[errand] ?? []), status])];
  }
  return found;
}
