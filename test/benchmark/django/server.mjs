import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { POSTGRES } from '../support/backends.mjs';
import { basketOf } from '../support/payload.mjs';
import { pinned, SERVER_CORE } from '../support/processes.mjs';

const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';

/** The version of Django, or why there is none. */
export function djangoVersion() {
  const check = 'import django, gunicorn, psycopg2; print(django.get_version())';
  const { status, stdout, stderr, error } = spawnSync(PYTHON, ['-c', check], { encoding: 'utf8' });
  return status === 0
    ? { version: stdout.trim() }
    : { missing: error?.message ?? stderr.trim().split('\n').at(-1) };
}

/** Django under gunicorn with one worker, whose threads wait for the database side by side. */
export async function startDjango({ scratch, pin }) {
  const gunicorn =
    '-m gunicorn --workers 1 --worker-class gthread --threads 8 --keep-alive 3600 --bind 127.0.0.1:0';
  const [command, ...args] = pinned(
    pin ? SERVER_CORE : undefined,
    PYTHON,
    ...gunicorn.split(' '),
    '--chdir',
    import.meta.dirname,
    'application:application',
  );
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      BENCH_HOST: POSTGRES.host,
      BENCH_PORT: String(POSTGRES.port),
      BENCH_USER: POSTGRES.user,
      BENCH_PASSWORD: POSTGRES.password,
      BENCH_DATABASE: scratch.database,
    },
  });
  const exited = once(child, 'exit');
  const origin = await originOf(child);
  const ask = async (path, options) => {
    const response = await fetch(`${origin}/${path}`, options);
    if (!response.ok) {
      throw new Error(`Django has answered ${path} with ${response.status}.`);
    }
    return response;
  };
  const cpu = async () => (await (await ask('cpu')).json()).cpu;
  let before;
  return {
    origin,
    async ask(verb) {
      if (verb === 'begin') {
        before = await cpu();
        return undefined;
      }
      return (await cpu()) - before;
    },
    async operations() {
      const [cookie] = await this.browsers(1, 200);
      return (await ask('operations', { headers: { cookie } })).json();
    },
    browsers: (count, bytes) =>
      Promise.all(
        Array.from({ length: count }, async () => {
          const body = JSON.stringify(basketOf(bytes));
          const response = await ask('fill', { method: 'POST', body });
          return response.headers.getSetCookie()[0].split(';')[0];
        }),
      ),
    async stop() {
      child.kill();
      await exited;
    },
  };
}

async function originOf(child) {
  const lines = [];
  for await (const line of createInterface({ input: child.stderr })) {
    lines.push(line);
    const [, origin] = /Listening at: (http:\S+)/.exec(line) ?? [];
    if (origin) {
      child.stderr.resume();
      return origin;
    }
  }
  throw new Error(`Django does not start:\n${lines.join('\n')}`);
}
