import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Ignored by git; the type checker and Jest read the snippets from here. */
const folder = join(import.meta.dirname, '.generated');

/** A fenced block of README.md. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** The line of README.md that the code begins on. */
  readonly line: number;
  /** What stands in the comment before it: `<!-- snippet: NAME -->` or `<!-- snippet: NAME; with: WRAPPER -->`. */
  readonly name: string | undefined;
  readonly wrapper: string | undefined;
}

/** A ts block as a module in a file of its own. */
export interface Snippet {
  readonly name: string;
  readonly file: string;
  /** What to add to a line of the file to get the line of README.md. */
  readonly offset: number;
}

/** What stands around a block that is not a module by itself. */
const WRAPPERS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  handler: [
    `import { Controller, Post } from '@nestjs/common';
import { Session } from 'nest-sessions';
@Controller()
export class SnippetController {
  @Post()
  async handle(@Session() session: Session) {
`,
    '  }\n}\n',
  ],
};

const FENCE = /(?:<!-- snippet: ([\w.-]+)(?:; with: (\w+))? -->\n\n)?```(\w*)\n([^]*?)```/g;

export function blocks(text = readme): Block[] {
  return [...text.matchAll(FENCE)].map((match) => {
    const [all, name, wrapper, language = '', code = ''] = match;
    const start = match.index + all.indexOf('```');
    return { language, code, name, wrapper, line: text.slice(0, start).split('\n').length + 1 };
  });
}

/** Writes the ts blocks that have a name as modules, from scratch. */
export function writeSnippets(): Snippet[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return blocks().flatMap(({ language, code, line, name, wrapper }) => {
    if (language !== 'ts' || name === undefined) {
      return [];
    }
    const around = wrapper === undefined ? ['', ''] : WRAPPERS[wrapper];
    if (!around) {
      throw new Error(`README.md:${line} wants to stand in "${wrapper}", which there is not.`);
    }
    const [before, after] = around as [string, string];
    const file = join(folder, `${name}.ts`);
    writeFileSync(file, before + code + after);
    return [{ name, file, offset: line - before.split('\n').length }];
  });
}
