/** How long Redis keeps a key after the store has no more use for it, against clocks that differ, in milliseconds. */
export const GRACE = 60_000;

/** For how long Redis keeps a record that expires at that time, in whole milliseconds. */
export function lifetime(expiresAt: number, now: number): number {
  return Math.max(1, Math.ceil(expiresAt - now + GRACE));
}
