import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { DynamicModule } from '@nestjs/common';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { jsonSerializer, memoryStore, SessionModule } from 'nest-sessions';
import type ts from 'typescript';
import { resolveCsrfOptions } from '../../lib/csrf/resolve-csrf-options.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { adapters } from '../support/adapters.js';
import { describeIf, redisIsThere, redisUrl } from '../support/redis-servers.js';
import { expressRuns } from './express.runs.js';
import { featureRuns } from './feature.runs.js';
import { handoffRuns } from './handoff.runs.js';
import { liveRuns } from './live.runs.js';
import { oidcRuns } from './oidc.runs.js';
import { complaints, exportsOf, membersOf, programOf } from './program.js';
import { httpRuns, plainRuns } from './snippet.runs.js';
import { blocks, readme, root, writeSnippets } from './snippets.js';
import { redisRuns, storeRuns } from './store.runs.js';

const ENTRY_POINTS = [
  'lib/index.ts',
  'lib/typeorm.ts',
  'lib/redis.ts',
  'lib/cache-manager.ts',
  'lib/express-session.ts',
  'lib/csrf.ts',
  'lib/handoff.ts',
  'lib/oidc.ts',
  'lib/testing.ts',
];
/** Defines tests of its own, which run below. */
const CONFORMANCE = 'store.conformance';

const snippets = writeSnippets();
const load = async (name: string) => import(snippets.find((one) => one.name === name)!.file);
const packageJson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The rows of all tables, each a list of its cells. */
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Everything that README.md sets as code, without the comments for this test. */
const code = [...readme.matchAll(/```[^]*?```|`[^`\n]+`/g)].map(([text]) => text).join('\n');
const isMentioned = (name: string) => new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(code);

describe('The snippets of README.md', () => {
  it('each have a name of their own and a run that proves them', () => {
    const found = blocks().filter(({ language }) => language === 'ts');
    expect(found.filter(({ name }) => name === undefined).map(({ line }) => `README.md:${line}`)).toEqual([]);
    const runs = [
      httpRuns,
      featureRuns,
      expressRuns,
      liveRuns,
      handoffRuns,
      oidcRuns,
      plainRuns,
      storeRuns,
      redisRuns,
    ].flatMap((some) => Object.keys(some));
    expect(found.map(({ name }) => name).toSorted()).toEqual([...runs, CONFORMANCE].toSorted());
  });

  it('are all ts or sh', () => {
    expect(new Set(blocks().map(({ language }) => language))).toEqual(new Set(['ts', 'sh']));
  });

  it('name only npm scripts that there are, and packages that we build with', () => {
    const shell = blocks().filter(({ language }) => language === 'sh');
    for (const { code: text } of shell) {
      const scripts = [...text.matchAll(/npm (?:run )?([\w:-]+)/g)]
        .map(([, name]) => name!)
        .filter((name) => name !== 'ci' && name !== 'install');
      expect(Object.keys(packageJson.scripts)).toEqual(expect.arrayContaining(scripts));
      const [, packages = ''] = /npm install (.*)/.exec(text) ?? [];
      for (const name of packages.split(' ').filter((one) => one && one !== packageJson.name)) {
        expect(packageJson.devDependencies).toHaveProperty([name]);
      }
    }
  });
});

describe('The type checker', () => {
  let program: ts.Program;

  beforeAll(() => {
    const entries = ENTRY_POINTS.map((file) => join(root, file));
    program = programOf([...snippets.map(({ file }) => file), ...entries]);
  });

  it('accepts every snippet', () => {
    expect(complaints(program, snippets)).toEqual([]);
  });

  it('accepts every snippet also where the session data is not typed', () => {
    const others = snippets.filter(({ name }) => name !== 'session-data');
    const untyped = programOf(
      others.map(({ file }) => file),
      program,
    );
    expect(complaints(untyped, others)).toEqual([]);
  });

  it.each(ENTRY_POINTS)('knows no export of %s that README.md does not mention', (file) => {
    expect(exportsOf(program, file).filter((name) => !isMentioned(name))).toEqual([]);
  });

  it.each([
    { name: 'Session', file: 'lib/core/session.interface.ts', one: 'regenerate' },
    { name: 'SessionService', file: 'lib/index.ts', one: 'current' },
  ])('knows no member of $name that a table does not explain', ({ name, file, one }) => {
    const explained = rows.map(([first]) => first).join('\n');
    const members = membersOf(program, file, name);
    expect(members).toContain(one);
    expect(members.filter((member) => !new RegExp(`\`${member}[\`(]`).test(explained))).toEqual([]);
  });

  it('knows no option that the table does not explain', () => {
    const options = membersOf(program, 'lib/index.ts', 'SessionModuleOptions').filter(
      (name) => name !== 'cookie',
    );
    const cookie = membersOf(program, 'lib/index.ts', 'SessionCookieOptions').map((name) => `cookie.${name}`);
    const explained = defaults().map(({ option }) => option);
    expect(explained.toSorted()).toEqual([...options, ...cookie].toSorted());
  });

  it('knows no option of CsrfModule that the table does not explain', () => {
    const explained = csrfDefaults().map(({ option }) => option);
    expect(explained.toSorted()).toEqual(membersOf(program, 'lib/csrf.ts', 'CsrfModuleOptions').toSorted());
  });

  it('knows no event that the table does not explain', () => {
    const source = readFileSync(join(root, 'lib/core/session-events.ts'), 'utf8');
    const types = [...source.matchAll(/readonly type: '([\w-]+)'/g)].map(([, type]) => `\`${type}\``);
    expect(types.length).toBeGreaterThan(5);
    expect(rows.map(([first]) => first)).toEqual(expect.arrayContaining(types));
  });
});

interface Default {
  readonly option: string;
  readonly literal: string;
}

const defaults = () => defaultsBelow('option', 'default');
const csrfDefaults = () => defaultsBelow('option of `CsrfModule`', 'by default');

/** The options of the table with this head, with what it says they are by default. */
function defaultsBelow(...head: readonly [string, string]): Default[] {
  const first = rows.findIndex(([one, two]) => one === head[0] && two === head[1]);
  const table = rows.slice(first + 2);
  const end = table.findIndex(([cell]) => !/^`[\w.]+`$/.test(cell!));
  return table.slice(0, end).map(([option, literal]) => ({
    option: option!.replaceAll('`', ''),
    literal: literal!.replaceAll('`', ''),
  }));
}

describe('The table of options', () => {
  const ofTheModule = ['store', 'isGlobal'];

  it.each(defaults().filter(({ option }) => !ofTheModule.includes(option)))(
    'tells the truth about $option',
    ({ option, literal }) => {
      const value: unknown = runInNewContext(`(${literal})`, { Date, jsonSerializer });
      const [name, inner] = option.split('.');
      const given = { [name!]: inner ? { [inner]: value } : value };
      expect(resolveOptions(given, 'development')).toEqual(resolveOptions({}, 'development'));
    },
  );

  it('tells the truth about the cookie in production', () => {
    const { cookie } = resolveOptions({}, 'production');
    expect([cookie.secure, cookie.name]).toEqual([true, '__Host-sessionid']);
    expect(resolveOptions({ cookie: { path: '/a' } }, 'production').cookie.name).toBe('__Secure-sessionid');
    expect(isMentioned('__Host-sessionid') && isMentioned('__Secure-sessionid')).toBe(true);
  });

  it('tells the truth about isGlobal', () => {
    const module = SessionModule.forRoot({ store: memoryStore() }) as DynamicModule;
    expect(defaults()).toContainEqual({ option: 'isGlobal', literal: String(module.global) });
  });
});

describe('The table of options of CsrfModule', () => {
  it.each(csrfDefaults())('tells the truth about $option', ({ option, literal }) => {
    const value: unknown = runInNewContext(`(${literal})`);
    // What comes out of another context has other prototypes.
    const given = structuredClone({ [option]: value });
    expect(resolveCsrfOptions(given, 'development')).toEqual(resolveCsrfOptions({}, 'development'));
  });
});

describe('The compatibility table', () => {
  it('says what package.json says', () => {
    const text = rows.map((cells) => cells.join(' ').replaceAll('\\|', '|')).join('\n');
    const { engines, peerDependencies: peers } = packageJson;
    expect(text).toContain(`Node.js \`${engines.node}\``);
    expect(text).toContain(`NestJS \`${peers['@nestjs/common']}\``);
    expect(text).toContain(`TypeORM \`${peers.typeorm}\``);
    expect(text).toContain(`\`@nestjs/typeorm\` \`${peers['@nestjs/typeorm']}\``);
    expect(text).toContain(`\`redis\` (node-redis) \`${peers.redis}\``);
    for (const name of ['cache-manager', 'keyv', 'class-transformer'])
      expect(text).toContain(`\`${name}\` \`${peers[name]}\``);
  });
});

describe('The links of README.md', () => {
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);

  it.each([...new Set(targets.filter((target) => !/^(https?:|#)/.test(target)))])('lead to %s', (path) => {
    expect(existsSync(join(root, path))).toBe(true);
  });

  it('lead to headings that there are', () => {
    const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(
      ([, heading]) =>
        `#${heading!
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .replaceAll(' ', '-')}`,
    );
    expect(anchors).toEqual(expect.arrayContaining(targets.filter((target) => target.startsWith('#'))));
  });
});

describe.each(adapters)('A snippet of README.md on $adapter', ({ make }) => {
  it.each(
    Object.entries({ ...httpRuns, ...featureRuns, ...expressRuns, ...liveRuns, ...handoffRuns, ...oidcRuns }),
  )('does what it says: %s', async (name, run) => {
    await run({ adapter: make(), load: () => load(name) });
  });
});

describe('A snippet of README.md', () => {
  it.each(Object.entries({ ...plainRuns, ...storeRuns }))('does what it says: %s', async (name, run) => {
    await run(() => load(name), load);
  });
});

for (const [name, run] of Object.entries(redisRuns)) {
  describeIf(redisIsThere, `The snippet ${name} of README.md`, `${redisUrl} does not answer`, () => {
    it('does what it says', async () => {
      await run(() => load(name), load);
    });
  });
}

await load(CONFORMANCE);
