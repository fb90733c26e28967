import { isStoreName, stores, type StoreName } from './stores/index.js';

const DEFAULT: StoreName = 'typeorm';

export type Command =
  { kind: 'help' } | { kind: 'mistake'; problem: string } | { kind: 'start'; name: StoreName };

export function readCommandLine(words: readonly string[]): Command {
  if (words.some((word) => word === '--help' || word === '-h')) {
    return { kind: 'help' };
  }
  if (words.length > 1) {
    return { kind: 'mistake', problem: `One store at a time, not ${words.length}.` };
  }
  const [name = DEFAULT] = words;
  return isStoreName(name)
    ? { kind: 'start', name }
    : { kind: 'mistake', problem: `There is no store ${JSON.stringify(name)}.` };
}

export function usage(): string {
  const width = Math.max(...Object.keys(stores).map((name) => name.length));
  const lines = Object.entries(stores).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `Usage: npm start -w sample/02-stores -- [store]    (without one: ${DEFAULT})`,
    '',
    ...lines,
    '',
    'Environment: PORT (3000), HOST (127.0.0.1), REDIS_URL (redis://127.0.0.1:6379), DATA_DIR (data in this folder)',
  ].join('\n');
}
