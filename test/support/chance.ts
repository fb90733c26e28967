let state = 1;

/** Begins a sequence of numbers that is the same whenever the seed is. */
export function setSeed(seed: number): void {
  state = seed >>> 0 || 1;
}

/** A number from 0 up to, but without, 1 (mulberry32). */
export function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** A whole number from 0 up to, but without, `end`. */
export function randomInt(end: number): number {
  return Math.floor(random() * end);
}

export function oneOf<T>(choices: readonly T[]): T {
  return choices[randomInt(choices.length)]!;
}

export function between(from: number, to: number): number {
  return from + random() * (to - from);
}
