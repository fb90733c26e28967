import { tracingChannel } from 'node:diagnostics_channel';

/**
 * Counts what a server asks of its store: SQL statements, Redis commands, or verbs of a store that lives in the process.
 */
export class Operations {
  #count = 0;
  #isCounting = false;
  #redis = tracingChannel('node-redis:command');
  // Every handler has to be there for `unsubscribe`.
  #onCommand = { start: () => this.add(), end() {}, asyncStart() {}, asyncEnd() {}, error() {} };

  add() {
    this.#count++;
  }

  /** Commands of Redis are traced only meanwhile, since tracing takes time. */
  begin() {
    this.#count = 0;
    if (!this.#isCounting) {
      this.#isCounting = true;
      this.#redis.subscribe(this.#onCommand);
    }
  }

  end() {
    this.#isCounting = false;
    this.#redis.unsubscribe(this.#onCommand);
    return this.#count;
  }

  /** Counts the calls of these methods from now on. */
  watch(target, names) {
    const operations = this;
    for (const name of names) {
      const original = target[name];
      if (typeof original === 'function') {
        target[name] = function watched(...args) {
          operations.add();
          return original.apply(this, args);
        };
      }
    }
  }
}
