import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { analyse } from 'scslre';
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

/** How its parts can be at odds over the same letters, which takes the square of the input's length, or worse. */
function ambiguitiesOf(literal: string): string[] {
  const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(literal)!;
  return analyse({ source, flags }).reports.map(({ type }) => type);
}

describe('A regular expression of lib/', () => {
  it('is found', () => expect(expressions.length).toBeGreaterThan(20));

  it.each(expressions)('$literal ($path) takes time in proportion to its input', ({ literal }) => {
    expect(ambiguitiesOf(literal)).toEqual([]);
  });

  it.each(['/^(a+)+$/', '/^bearer(?: +(.*))?$/i', '/[a-z]+\\d/', '/\\s+$/'])(
    'would be caught as %s',
    (literal) => {
      expect(ambiguitiesOf(literal)).not.toEqual([]);
    },
  );
});
