import type { OpenKeyv } from './cache-manager.cache.js';
import { messages } from './cache-manager.messages.js';

/**
 * A Keyv that tells when its storage fails, over the application's own, which stays as it is.
 *
 * Keyv and some of its adapters turn failures into "not there": Keyv 5 unless `throwOnErrors` is set, and not for
 * every method even then, Keyv 6 always, `@keyv/redis` unless its own `throwOnErrors` is set. So each call goes
 * through a view of that Keyv whose adapter throws and is watched.
 */
export class HonestKeyv {
  /** The application's adapter, or a view of it that throws. */
  private readonly adapter: object;

  constructor(private readonly keyv: OpenKeyv) {
    this.adapter = outspoken(keyv.store);
  }

  get adapterName(): string {
    return (innerOf(this.keyv.store) ?? this.keyv.store).constructor.name;
  }

  /** The entries that are strings; all others, also those that cannot be read, are `undefined`. */
  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    const values = await this.ask((view) => view.getMany(keys).catch(() => []));
    return keys.map((_, index) => {
      const value = values[index];
      return typeof value === 'string' ? value : undefined;
    });
  }

  async set(key: string, value: string, ttl: number): Promise<void> {
    const stored = await this.ask((view) => view.set(key, value, ttl));
    if (stored === false) throw new Error(messages.refused(key));
  }

  /** Whether there was something to delete. */
  async delete(key: string): Promise<boolean> {
    return (await this.ask((view) => view.delete(key))) === true;
  }

  private async ask<T>(question: (view: OpenKeyv) => Promise<T>): Promise<T> {
    const failures: unknown[] = [];
    const adapter = watched(this.adapter, failures);
    const view = Object.create(this.keyv, {
      _store: { value: adapter },
      opts: { value: { ...this.keyv.opts, store: adapter } },
    }) as OpenKeyv;
    try {
      const answer = await question(view);
      if (failures.length === 0) return answer;
    } catch (error) {
      if (failures.length === 0) throw error;
    }
    throw failures[0];
  }
}

/** The same adapter, except that it throws where it can be told to. */
function outspoken(adapter: object): object {
  if (adapter instanceof Map) return adapter;
  if ('throwOnErrors' in adapter) return Object.assign(Object.create(adapter), { throwOnErrors: true });
  const inner = innerOf(adapter);
  return inner ? Object.assign(Object.create(adapter), { store: outspoken(inner) }) : adapter;
}

/** Keyv 6 has adapters that were made for Keyv 5 inside one of its own. */
function innerOf(adapter: object): object | undefined {
  const inner: unknown = 'store' in adapter ? adapter.store : undefined;
  return typeof inner === 'object' && inner !== null && 'throwOnErrors' in inner ? inner : undefined;
}

/** The same adapter, except that every failure is noted. */
function watched(adapter: object, failures: unknown[]): object {
  const note = (error: unknown): never => {
    failures.push(error);
    throw error;
  };
  return new Proxy(adapter, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        try {
          const answer: unknown = Reflect.apply(value, target, args);
          return answer instanceof Promise ? answer.catch(note) : answer;
        } catch (error) {
          return note(error);
        }
      };
    },
  });
}
