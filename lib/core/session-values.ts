import {
  applyUpdates,
  isCleared,
  ownValue,
  rebase,
  withoutCleared,
  type Cleared,
  type SessionChanges,
  type SessionOperation,
  type UpdateFn,
} from './session-changes.js';
import { KeyedData, textOf } from './keyed-data.js';
import { PendingUpdates } from './pending-updates.js';
import { refuseLostValue, refuseStrayKeys } from './session-keys.js';
import type { SessionSerializer } from './session-serializer.interface.js';

/**
 * The data of one session in one request. It does no I/O; it knows what was loaded, and finds out what has changed by
 * comparing texts, so that the data can be a plain object and nested mutation counts. While nobody holds an object of
 * what was loaded, nothing but the keys that were written is compared.
 */
export class SessionValues {
  readonly #data = new KeyedData();
  readonly #updates = new PendingUpdates();
  #cleared: Cleared = 'nothing';
  /** The keys that were written, each with the text of what was loaded or committed last. */
  readonly #written = new Map<string, string | undefined>();
  /** Whether anybody holds an object of what was loaded, and could have changed it anywhere. */
  #isExposed = false;
  /** The text that was loaded or committed last; `undefined`: nothing was, and the data began empty. */
  #baseline: string | undefined;

  /** @throws when the text cannot be read: the record is corrupt. */
  constructor(
    private readonly serializer: SessionSerializer,
    text?: string,
  ) {
    this.#baseline = text;
    if (text !== undefined) {
      this.#data.fill(serializer.deserialize(text));
    }
  }

  /** The text that was loaded or committed last, or the one of no data. */
  get baseline(): string {
    return (this.#baseline ??= this.serializer.serialize({}));
  }

  /** What users see. */
  get data(): Record<string, unknown> {
    return this.#data.ofUser;
  }

  /** The data with the reserved keys, for the serializer. */
  get all(): Record<string, unknown> {
    return this.#data.all;
  }

  /** Says that an object of the data is in somebody's hands. */
  expose(value: unknown): void {
    if (typeof value === 'object' && value !== null) {
      this.#isExposed = true;
    }
  }

  get(key: string): unknown {
    return this.#data.get(key);
  }

  set(key: string, value: unknown): void {
    if (value !== undefined) {
      this.serializer.check?.(value, key);
      refuseLostValue(key, value);
    }
    this.#expectChange(key);
    this.#data.put(key, value);
  }

  update(key: string, fn: UpdateFn): void {
    // The function may change the value in place.
    this.#expectChange(key);
    const text = this.#presentText(key);
    // A key that this request has set by itself stays set: there is nothing of others to compute from.
    const isOwn = this.#updates.has(key) ? !this.#updates.behind(key, text) : text !== this.#baseText(key);
    this.set(key, applyUpdates([fn], this.get(key)));
    if (isOwn) {
      this.#updates.forget(key);
    } else {
      this.#updates.add(key, fn, this.#presentText(key));
    }
  }

  /** Drops what the user put there. */
  clear(): void {
    this.#drop(isCleared, this.#cleared === 'everything' ? 'everything' : 'data');
  }

  /** Drops everything, the framework's own keys too: the session changes hands. */
  wipe(): void {
    this.#drop(() => true, 'everything');
  }

  /** The names of the keys that have changed. */
  changedKeys(): string[] {
    return this.changes()?.operations.map(({ key }) => key) ?? [];
  }

  /**
   * What has changed since the data was loaded or last committed.
   * @throws SessionSerializationError naming a value that cannot be kept.
   */
  changes(): SessionChanges | undefined {
    return this.#isExact ? this.#changesOfWritten() : this.#changesOfAll();
  }

  /** Starts again from nothing but these changes. */
  keepOnly(changes: SessionChanges): void {
    const data = rebase({ ...changes, cleared: 'everything' }, {}, this.serializer);
    this.reset(this.serializer.serialize(data));
  }

  /** A commit that changes no data. */
  noChanges(): SessionChanges {
    return { cleared: 'nothing', operations: [], text: this.baseline };
  }

  /**
   * Takes note of a commit: `text` is what the store holds now. Where others' changes came with it, they show in the
   * data, but for the keys that this request has changed again meanwhile.
   */
  committed(changes: SessionChanges, text: string): void {
    this.#baseline = text;
    this.#cleared = 'nothing';
    for (const operation of changes.operations) {
      if (operation.kind === 'update') {
        this.#updates.forget(operation.key, operation.fns.length);
      }
      this.#written.set(operation.key, operation.kind === 'delete' ? undefined : operation.text);
    }
    if (text !== changes.text) {
      this.#adopt(this.serializer.deserialize(text), this.serializer.deserialize(changes.text));
    }
    // What was written before a key was dropped, or beside what others have written, is not known key by key.
    this.#isExposed ||= text !== changes.text || changes.cleared !== 'nothing';
  }

  /** Starts again from another text, in place: who holds `data` sees the new state. */
  reset(text?: string): void {
    const values = text === undefined ? {} : this.serializer.deserialize(text);
    this.#data.remove(() => true);
    this.#updates.clear();
    this.#written.clear();
    this.#data.fill(values);
    this.#baseline = text;
    this.#cleared = 'nothing';
  }

  /** Whether `#written` tells all that can have changed. */
  get #isExact(): boolean {
    return !this.#isExposed && this.#cleared === 'nothing';
  }

  /** Notes what a key holds before it is written for the first time. */
  #expectChange(key: string): void {
    if (this.#isExact && !this.#written.has(key)) {
      this.#written.set(key, this.#presentText(key));
    }
  }

  #changesOfWritten(): SessionChanges | undefined {
    const operations = this.#operations(this.#written.keys(), (key) => this.#written.get(key));
    return operations.length > 0
      ? { cleared: 'nothing', operations, text: this.serializer.serialize(this.all) }
      : undefined;
  }

  #changesOfAll(): SessionChanges | undefined {
    refuseStrayKeys(this.data);
    const all = this.all;
    const text = this.serializer.serialize(all);
    if (text === this.baseline && this.#cleared !== 'everything') {
      return undefined;
    }
    const base = this.#base();
    const operations = this.#operations(keysOf(base, all), (key) => this.#textIn(base, key));
    // Another order of keys, or another serializer's way to write the same, is no change.
    return operations.length > 0 || this.#cleared !== 'nothing'
      ? { cleared: this.#cleared, operations, text }
      : undefined;
  }

  /** Takes over what others have written beside what was `written` here. */
  #adopt(fresh: Record<string, unknown>, written: Record<string, unknown>): void {
    for (const key of keysOf(written, fresh, this.all)) {
      const present = this.#presentText(key);
      const fns = this.#updates.behind(key, present);
      if (fns) {
        // Updated again meanwhile: that is computed from what others have left.
        this.#data.put(key, applyUpdates(fns, ownValue(fresh, key)));
        this.#updates.cameTo(key, this.#presentText(key));
      } else if (present === this.#textIn(written, key) && present !== this.#textIn(fresh, key)) {
        this.#data.put(key, ownValue(fresh, key));
      }
    }
  }

  #drop(isDropped: (key: string) => boolean, cleared: Cleared): void {
    this.#data.remove(isDropped);
    this.#updates.clear();
    this.#cleared = cleared;
    // A commit that has begun before forgets that there was anything to drop.
    this.#isExposed = true;
  }

  /** What was loaded or committed last, without what was dropped since. */
  #base(): Record<string, unknown> {
    const base = this.#baseline === undefined ? {} : this.serializer.deserialize(this.#baseline);
    return withoutCleared(base, this.#cleared);
  }

  /** The text of a key, which is being written, in that. */
  #baseText(key: string): string | undefined {
    return this.#isExact ? this.#written.get(key) : this.#textIn(this.#base(), key);
  }

  #operations(keys: Iterable<string>, baseText: (key: string) => string | undefined): SessionOperation[] {
    const operations: SessionOperation[] = [];
    for (const key of keys) {
      const text = this.#presentText(key);
      if (text === baseText(key)) {
        continue;
      }
      if (text === undefined) {
        operations.push({ kind: 'delete', key });
        continue;
      }
      const fns = this.#updates.behind(key, text);
      if (fns) {
        operations.push({ kind: 'update', key, fns: [...fns], text });
      } else {
        this.serializer.check?.(this.get(key), key);
        operations.push({ kind: 'set', key, text });
      }
    }
    return operations;
  }

  #presentText(key: string): string | undefined {
    return textOf(this.serializer, key, this.get(key));
  }

  #textIn(values: Record<string, unknown>, key: string): string | undefined {
    return textOf(this.serializer, key, ownValue(values, key));
  }
}

function keysOf(...objects: readonly Record<string, unknown>[]): Set<string> {
  return new Set(objects.flatMap((object) => Object.keys(object)));
}
