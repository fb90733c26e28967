import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const lib = join(import.meta.dirname, '../../lib');

/** Every regular expression that is written down in lib/. */
const expressions = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => literalsIn(path).map((literal) => ({ path, literal })));

function literalsIn(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(lib, path), 'utf8'), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Letters of the short text, and how many times as long the long one is. */
const LENGTH = 250;
const TIMES = 32;
/** Half way between what takes time in proportion to its input and what takes the square of it. */
const TOO_MUCH = TIMES ** 1.5;
/** So short a time, in nanoseconds, says nothing about how it grows. */
const NOTHING = 100_000;

describe('A regular expression of lib/', () => {
  it('is found', () => expect(expressions.length).toBeGreaterThan(20));

  it.each(expressions)('$literal ($path) takes time in proportion to its input', ({ literal }) => {
    expect(slowest(literal)).toBeUndefined();
  });

  it.each(['/^(a+)+$/', '/^bearer(?: +(.*))?$/i', '/[a-z]+\\d/', '/\\s+$/'])(
    'would be caught as %s',
    (literal) => {
      expect(slowest(literal)).toBeDefined();
    },
  );
});

interface Attack {
  readonly front: string;
  readonly unit: string;
  readonly behind: string;
}

/** What an expression takes too long for, if there is anything. */
function slowest(literal: string): Attack | undefined {
  const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(literal)!;
  const expression = new RegExp(source, flags);
  const isSlow = (attack: Attack) => growthOf(expression, attack) > TOO_MUCH;
  // Another process may have been in the way once, but not time and again.
  return attacksOn(source).find((attack) => [1, 2, 3, 4].every(() => isSlow(attack)));
}

/** Repetitions of what the expression can tell apart, behind what it begins with. */
function attacksOn(source: string): Attack[] {
  const plain = source.replaceAll(/\\[a-zA-Z](\{\w+\})?|[[\](){}^$|?+*\\]/g, ' ');
  const letters = [...new Set([...plain, ...'aA0 \t.-/'])];
  const words = plain.split(/\s+/).filter((word) => word.length > 1);
  const fronts = ['', 'a', ...words, ...words.map((word) => `${word} `)];
  const units = [...letters, ...letters.map((letter) => `a${letter}`)];
  return fronts.flatMap((front) =>
    units.flatMap((unit) => ['', '!', '\n'].map((behind) => ({ front, unit, behind }))),
  );
}

/** By how much longer it takes for a text that is so many times as long. */
function growthOf(expression: RegExp, { front, unit, behind }: Attack): number {
  const timeFor = (length: number) => {
    const text = front + unit.repeat(length / unit.length) + behind;
    const began = process.hrtime.bigint();
    text.replace(expression, '');
    return Number(process.hrtime.bigint() - began);
  };
  // What is exponential would not come to its end with the long one.
  const shortest = timeFor(LENGTH / 10);
  if (shortest > NOTHING) return Infinity;
  const short = timeFor(LENGTH);
  const long = timeFor(LENGTH * TIMES);
  return long < NOTHING ? 0 : long / Math.max(short, NOTHING / TIMES);
}
