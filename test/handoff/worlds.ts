import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals';
import { HANDOFF_CHANNEL, type HandoffEvent } from 'nest-sessions/handoff';
import { adapters } from '../support/adapters.js';
import {
  handoffWorld,
  type HandoffMode,
  type HandoffWorld,
  type Site,
  type Walker,
  type WorldOptions,
} from '../support/handoff-world.js';

/** What tests of a world are given. The world is there once they run. */
export interface Stage {
  readonly mode: HandoffMode;
  readonly world: HandoffWorld;
  /** What happened to handoffs since the test began. */
  readonly events: HandoffEvent[];
}

const bothModes: readonly HandoffMode[] = ['store', 'http'];

/** Defines tests for one world on each adapter, in each mode. They share it, so each walks with browsers of its own. */
export function describeInWorlds(
  define: (stage: Stage) => void,
  options: Omit<WorldOptions, 'make' | 'mode'> = {},
  modes = bothModes,
): void {
  const rows = adapters.flatMap((adapter) => modes.map((mode) => ({ ...adapter, mode })));
  describe.each(rows)('on $adapter, redeemed by $mode', ({ make, mode }) => {
    let world: HandoffWorld;
    const events: HandoffEvent[] = [];
    const note = (event: unknown) => void events.push(event as HandoffEvent);
    beforeAll(async () => void (world = await handoffWorld({ ...options, make, mode })));
    afterAll(() => world.close());
    beforeEach(() => {
      events.length = 0;
      subscribe(HANDOFF_CHANNEL, note);
    });
    afterEach(() => void unsubscribe(HANDOFF_CHANNEL, note));
    define({
      mode,
      events,
      get world() {
        return world;
      },
    });
  });
}

/** Begins a login at a consumer, and does not go on to the issuer. What the issuer would have been asked with. */
export async function begin(walker: Walker, site: Pick<Site, 'origin'>, returnTo = '/me') {
  const visit = await walker.step(`${site.origin}/session/start?returnTo=${encodeURIComponent(returnTo)}`);
  const { searchParams } = new URL(visit.headers.get('location')!);
  return { state: searchParams.get('state')!, challenge: searchParams.get('challenge')! };
}

/** The address that a browser comes back to a consumer with; what is `undefined` is left out. */
export function callbackOf(
  site: Pick<Site, 'origin'>,
  parameters: Readonly<Record<'ticket' | 'state' | 'iss', string | undefined>>,
): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `${site.origin}/session/callback?${new URLSearchParams(given)}`;
}

/** The address with some of its parameters changed. */
export function changed(url: string, parameters: Readonly<Record<string, string>>): string {
  const next = new URL(url);
  Object.entries(parameters).forEach(([name, value]) => next.searchParams.set(name, value));
  return next.href;
}

export function ticketIn(url: string): string {
  return new URL(url).searchParams.get('ticket')!;
}
