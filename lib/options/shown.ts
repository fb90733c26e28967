import { inspect } from 'node:util';

const LONGEST = 80;

/** What an option was given, for the message that refuses it: short, and of any value, also one that JSON cannot write. */
export function shown(value: unknown): string {
  return textOf(value).slice(0, LONGEST);
}

function textOf(value: unknown): string {
  if (typeof value === 'function') {
    return 'a function';
  }
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) {
      return text;
    }
  } catch {
    // A bigint, a cycle, or a member that throws.
  }
  return inspect(value, { depth: 0, customInspect: false, breakLength: Infinity });
}
