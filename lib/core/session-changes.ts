import type { SessionSerializer } from './session-serializer.interface.js';

/** Computes a value from the present one, `undefined` when there is none. Run again when another request was first. */
export type UpdateFn = (value: any) => unknown;

/** One operation on one top-level key. */
export type SessionOperation =
  /** `text` is the serialised `{ [key]: value }`, so that what is written later is what it was at that moment. */
  | { readonly kind: 'set'; readonly key: string; readonly text: string }
  | { readonly kind: 'delete'; readonly key: string }
  /** `text`: what the functions came to here, by the data of this request. */
  | {
      readonly kind: 'update';
      readonly key: string;
      readonly fns: readonly UpdateFn[];
      readonly text: string;
    };

/** `data`: what the user put there; `everything`: what the framework keeps beside it as well. */
export type Cleared = 'nothing' | 'data' | 'everything';

/** What a request did to the data since it was loaded, and the whole data as it was then. */
export interface SessionChanges {
  /** What of all that was there is dropped before the operations. */
  readonly cleared: Cleared;
  readonly operations: readonly SessionOperation[];
  /** The serialised data of this request, which is what to write when nobody else has written. */
  readonly text: string;
}

/** Keys with this prefix are the framework's own; they travel in the data, but are not part of what users see. */
export const RESERVED_PREFIX = '$';
/** How the user has proved to be who they are. */
export const METHODS_KEY = '$methods';
export const EXPIRY_KEY = '$expiry';
export const TEST_COOKIE_KEY = '$testcookie';
export const FLASH_PREFIX = '$flash:';

/** Whether `clear()` drops the key: everything the user put there, but not how long the session lives. */
export function isCleared(key: string): boolean {
  return !key.startsWith(RESERVED_PREFIX) || key.startsWith(FLASH_PREFIX) || key === TEST_COOKIE_KEY;
}

/** Whether the changes begin a session: how long one is to live is no reason to have one. */
export function isWorthASession(changes: SessionChanges | undefined): changes is SessionChanges {
  return changes?.operations.some(({ key }) => key !== EXPIRY_KEY) ?? false;
}

/** Puts the changes on top of data that another request has committed meanwhile. */
export function rebase(
  changes: SessionChanges,
  fresh: Record<string, unknown>,
  serializer: SessionSerializer,
) {
  const data = withoutCleared(fresh, changes.cleared);
  for (const operation of changes.operations) {
    switch (operation.kind) {
      case 'set':
        Object.assign(data, serializer.deserialize(operation.text));
        break;
      case 'delete':
        delete data[operation.key];
        break;
      case 'update':
        data[operation.key] = applyUpdates(operation.fns, ownValue(data, operation.key));
    }
  }
  return data;
}

export function withoutCleared(data: Record<string, unknown>, cleared: Cleared): Record<string, unknown> {
  switch (cleared) {
    case 'nothing':
      return data;
    case 'data':
      return Object.fromEntries(Object.entries(data).filter(([key]) => !isCleared(key)));
    case 'everything':
      return {};
  }
}

/** @throws TypeError when a function gives nothing: a forgotten `return` must not delete a value. */
export function applyUpdates(fns: readonly UpdateFn[], value: unknown): unknown {
  return fns.reduce((current, fn) => {
    const next = fn(current);
    if (next === undefined) {
      throw new TypeError(
        'The function given to session.update() must return the new value; it returned undefined.',
      );
    }
    return next;
  }, value);
}

export function assignOrDelete(data: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) {
    delete data[key];
  } else {
    data[key] = value;
  }
}

/** The own value: `constructor` and the like are keys as any other, and absent until somebody sets them. */
export function ownValue(data: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}
