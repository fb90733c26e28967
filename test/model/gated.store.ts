import { AsyncLocalStorage } from 'node:async_hooks';
import type { SessionStore, SessionStoreDefinition } from 'nest-sessions';

const VERBS: ReadonlySet<string | symbol> = new Set([
  'load',
  'create',
  'commit',
  'commitExclusively',
  'replace',
  'touch',
  'rotate',
  'destroy',
  'findByUser',
  'destroyByUser',
  'clearExpired',
]);

/** Where somebody waits to be let through. */
export interface Gate {
  readonly when: 'before' | 'after';
  readonly verb: string;
  /** What the store said; after a conflict its caller may have to wait for others who had one. */
  readonly outcome?: string;
}

/** Whoever waits at a gate. What runs for nobody in particular passes. */
export type Wait = (actor: number, gate: Gate) => Promise<void>;

/** On whose behalf the running code runs. */
export const actors = new AsyncLocalStorage<number>();

/** A store that every caller has to be let into, and out of again before it hears what the store said. */
export function gated(definition: SessionStoreDefinition, wait: Wait): SessionStoreDefinition {
  const { useFactory, ...rest } = definition as Extract<SessionStoreDefinition, { useFactory: unknown }>;
  return { ...rest, useFactory: async (...args: unknown[]) => withGates(await useFactory(...args), wait) };
}

function withGates(real: SessionStore, wait: Wait): SessionStore {
  return new Proxy(real, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      const call = member.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (!VERBS.has(name)) return call;
      const verb = String(name);
      return async (...args: unknown[]) => {
        const actor = actors.getStore();
        if (actor === undefined) return call(...args);
        await wait(actor, { when: 'before', verb });
        const result = await call(...args);
        const { outcome } = (result ?? {}) as { outcome?: string };
        await wait(actor, { when: 'after', verb, ...(outcome && { outcome }) });
        return result;
      };
    },
  });
}
