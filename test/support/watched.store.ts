import type { SessionStore } from 'nest-sessions';

const VERBS = [
  'load',
  'create',
  'commit',
  'replace',
  'touch',
  'rotate',
  'destroy',
  'commitExclusively',
  'findByUser',
  'destroyByUser',
] as const;
type Verb = (typeof VERBS)[number];

/** Runs before a verb reaches the store: to wait at a barrier, or to fail as no real store does on demand. */
export type Hook = (verb: Verb, args: readonly unknown[]) => void | Promise<void>;

/** A real store with a counter in front, and a place to stop or to fail. */
export interface WatchedStore {
  readonly store: SessionStore;
  /** The verbs called since the last `take()`. */
  take(): Verb[];
  before: Hook;
  /** Runs after a verb is done, before its caller hears of it. */
  after: Hook;
}

export function watch(real: SessionStore): WatchedStore {
  const calls: Verb[] = [];
  const watched: WatchedStore = {
    store: new Proxy(real, {
      get(target, name) {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== 'function') {
          return member;
        }
        if (!VERBS.includes(name as Verb)) {
          return member.bind(target);
        }
        return async (...args: unknown[]) => {
          calls.push(name as Verb);
          await watched.before(name as Verb, args);
          const result = await member.apply(target, args);
          await watched.after(name as Verb, args);
          return result;
        };
      },
    }),
    take: () => calls.splice(0),
    before: () => undefined,
    after: () => undefined,
  };
  return watched;
}
