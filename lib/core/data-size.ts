import type { SessionStore } from '../stores/session-store.js';
import type { SessionSettings } from './session-settings.js';
import { SessionDataTooLargeError } from './session.errors.js';

const BIGGEST_KEYS_NAMED = 3;

/** @throws SessionDataTooLargeError when the text of the data has more bytes than the module or the store takes. */
export function refuseOversize(
  text: string,
  data: Record<string, unknown>,
  store: Pick<SessionStore, 'maxDataSize'>,
  { maxDataSize: most, serializer }: SessionSettings,
): void {
  const maxDataSize = Math.min(most, store.maxDataSize ?? most);
  // A UTF-16 unit is at most three bytes: most data needs no counting.
  if (text.length * 3 <= maxDataSize) {
    return;
  }
  const size = Buffer.byteLength(text);
  if (size > maxDataSize) {
    const biggest = Object.keys(data)
      .map((key) => [key, Buffer.byteLength(serializer.serialize({ [key]: data[key] }))] as const)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, BIGGEST_KEYS_NAMED);
    throw new SessionDataTooLargeError(size, maxDataSize, biggest);
  }
}
