import type { SessionStore } from 'nest-sessions';
import type { PeekableStore } from '../../lib/stores/cached/peekable.store.js';

/** The store with `peek`, also where it has none of its own. */
export function peeking(store: SessionStore): PeekableStore {
  if ('peek' in store) return store as PeekableStore;
  return Object.assign(store, {
    peek: async (id: string) => {
      const record = await store.load(id);
      if (!record) return undefined;
      const { data: _, ...head } = record;
      return head;
    },
  });
}

/** A store that notes the verbs called from outside, and can be held between the database's answer and its caller. */
export function observed(store: SessionStore) {
  const calls: string[] = [];
  const observation = {
    calls: () => calls.splice(0),
    before: async (_verb: string): Promise<void> => undefined,
    after: async (_verb: string): Promise<void> => undefined,
    store: new Proxy(peeking(store), {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || name === 'constructor') return member;
        return async (...args: unknown[]) => {
          calls.push(String(name));
          await observation.before(String(name));
          const answer: unknown = await member.apply(target, args);
          await observation.after(String(name));
          return answer;
        };
      },
    }),
  };
  return observation;
}
