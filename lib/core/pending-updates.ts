import type { UpdateFn } from './session-changes.js';

/** The functional updates of each key that are still to be committed, and the text of what they came to. */
export class PendingUpdates {
  readonly #pending = new Map<string, { readonly fns: UpdateFn[]; text: string | undefined }>();

  has(key: string): boolean {
    return this.#pending.has(key);
  }

  /** The functions that led to this text; `undefined` where something else did. */
  behind(key: string, text: string | undefined): readonly UpdateFn[] | undefined {
    const pending = this.#pending.get(key);
    return pending?.text === text ? pending?.fns : undefined;
  }

  add(key: string, fn: UpdateFn, text: string | undefined): void {
    this.#pending.set(key, { fns: [...(this.#pending.get(key)?.fns ?? []), fn], text });
  }

  /** The same functions have come to another text. */
  cameTo(key: string, text: string | undefined): void {
    this.#pending.get(key)!.text = text;
  }

  /** Takes the first functions of a key away, or all. */
  forget(key: string, count = Infinity): void {
    const pending = this.#pending.get(key);
    pending?.fns.splice(0, count);
    if (pending?.fns.length === 0) {
      this.#pending.delete(key);
    }
  }

  clear(): void {
    this.#pending.clear();
  }
}
