import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const SUITE = join(import.meta.dirname, 'suite');
const REPORTER = join(import.meta.dirname, 'reporter.mjs');
const COMPILER = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const TSCONFIG = {
  compilerOptions: {
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    esModuleInterop: true,
    outDir: 'built',
    rootDir: 'suite',
  },
  include: ['suite'],
};

/** How long a run may take before it counts as hanging. Milliseconds. */
const LONGEST_RUN = 15 * 60_000;

/** A project elsewhere that has installed a set of packages, and tries the package with them. */
export class Project {
  constructor(directory) {
    this.directory = directory;
    mkdirSync(directory);
    this.#write('package.json', { private: true, type: 'module' });
  }

  /** @param packages `{ name: version }`, where a version is whatever npm takes. */
  async install(packages, { isForced = false, hasScripts = false } = {}) {
    const wanted = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
    const options = ['--no-audit', '--no-fund', '--prefer-offline'];
    if (!hasScripts) options.push('--ignore-scripts');
    if (isForced) options.push('--legacy-peer-deps');
    const { code, text } = await run('npm', ['install', ...options, ...wanted], { cwd: this.directory });
    if (code !== 0) throw new Error(`npm install ended with ${code}\n${text}`);
  }

  /** Compiles the suite against what is installed. What the type checker has against that, if anything. */
  async compile() {
    cpSync(SUITE, join(this.directory, 'suite'), { recursive: true });
    cpSync(REPORTER, join(this.directory, 'reporter.mjs'));
    this.#write('tsconfig.json', TSCONFIG);
    const args = [COMPILER, '--project', '.', '--pretty', 'false'];
    const { code, text } = await run(process.execPath, args, { cwd: this.directory });
    return code === 0 ? undefined : text;
  }

  /** Runs the compiled suite: `{ results, failure }`, where a failure is that of the run as a whole. */
  async test(node, file) {
    const args = [
      '--test-reporter=./reporter.mjs',
      `--test-reporter-destination=${file}`,
      join('built', 'main.js'),
    ];
    const { code, text } = await run(node, args, { cwd: this.directory, timeout: LONGEST_RUN });
    const lines = this.#read(file).split('\n').filter(Boolean);
    const results = lines.map((line) => JSON.parse(line));
    const hasFailed = results.some(({ status }) => status === 'failed');
    if (code === null) return { results, failure: `it did not end by itself\n${text}` };
    return { results, failure: code !== 0 && !hasFailed ? `it ended with ${code}\n${text}` : undefined };
  }

  /** The version of an installed package; `undefined` where there is none. */
  version(name) {
    try {
      return JSON.parse(readFileSync(join(this.directory, 'node_modules', name, 'package.json'))).version;
    } catch {
      return undefined;
    }
  }

  #read(file) {
    try {
      return readFileSync(join(this.directory, file), 'utf8');
    } catch {
      return '';
    }
  }

  #write(file, value) {
    writeFileSync(join(this.directory, file), JSON.stringify(value));
  }
}

/** What is still running. npm has children of its own, so that each is the head of a group. */
const running = new Set();
process.once('exit', () => {
  for (const child of running) end(child);
});

/** Runs a command to its end: its exit code, `null` when it was killed, and all that it has said. */
export function run(command, args, { cwd, timeout }) {
  const shell = command === 'npm' && process.platform === 'win32';
  const detached = process.platform !== 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, shell, detached });
    const timer = timeout && setTimeout(() => end(child), timeout);
    running.add(child);
    let text = '';
    const keep = (chunk) => (text += chunk);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, text });
    });
  });
}

function end(child) {
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself at this very moment.
  }
}
