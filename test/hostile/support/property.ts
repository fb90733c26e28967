import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { refuseChanges, refusePollution } from './pollution.js';

const { env } = process;
/** How many cases there are in every day's run, all properties together. */
const SHORT = 5_000;
const total = Number(env['HOSTILE_CASES'] ?? SHORT);
const isLong = total > SHORT;
/** A property is hung when it takes longer than this. Milliseconds. */
const LONGEST = isLong ? 60 * 60_000 : 120_000;
const PROGRESS_LINES = 5;
const LONGEST_LINE = 1_000;

/** What a case replays by. */
const replayed = env['HOSTILE_SEED'] ? { seed: Number(env['HOSTILE_SEED']), path: env['HOSTILE_PATH'] } : {};

/**
 * Defines a test of something that holds for every value. A value that it does not hold for is made as small as possible
 * and printed, with the command that tries it again.
 *
 * @param share Which part of all cases it gets, such as 0.05. HOSTILE_CASES says how many cases there are in all.
 */
export function holds<T>(
  title: string,
  share: number,
  values: fc.Arbitrary<T>,
  check: (value: T) => void | Promise<void>,
): void {
  it(
    title,
    async () => {
      const cases = Math.ceil(total * share);
      const progress = progressOf(title, cases);
      const property = fc.asyncProperty(values, async (value) => {
        await check(value);
        refusePollution();
        progress();
      });
      const details = await fc.check(property, { numRuns: cases, ...replayed });
      refuseChanges();
      if (env['HOSTILE_REPORT']) {
        appendFileSync(env['HOSTILE_REPORT'], `${JSON.stringify({ title, cases: details.numRuns })}\n`);
      }
      if (details.failed) {
        const report = (fc.defaultReportMessage(details) ?? '').split('\n').map(shortened).join('\n');
        throw new Error(`${report}\n\nAgain: ${replay(details)}\n`, { cause: details.errorInstance });
      }
    },
    LONGEST,
  );
}

function progressOf(title: string, cases: number): () => void {
  const step = Math.ceil(cases / PROGRESS_LINES);
  let done = 0;
  return () => {
    done++;
    if (isLong && done % step === 0) process.stderr.write(`${done} of ${cases} cases: ${title}\n`);
  };
}

/** The command that tries a failing case again, alone. */
function replay({ seed, counterexamplePath }: { seed: number; counterexamplePath: string | null }): string {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const file = relative(process.cwd(), testPath);
  const name = currentTestName.replaceAll(/[^\w\s]/g, '.');
  return `HOSTILE_SEED=${seed} HOSTILE_PATH=${counterexamplePath} npm run test:hostile -- ${file} -t "^${name}$"`;
}

/** A value may be as long as a request. */
function shortened(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}… (${line.length} letters)` : line;
}
