import { it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from 'nest-sessions';
import { describeOutage } from '../support/outage-claims.js';
import type { Defer, Outage } from '../support/outage-scenario.js';
import type { Errand, OutageTraffic } from '../support/outage-traffic.js';
import { SmallDisk } from '../support/small-disk.js';

interface Case {
  readonly title: string;
  /** Why it cannot be done here. */
  readonly whyNot: string | false;
  readonly stillServes: readonly Errand[];
  readonly open: (directory: string, defer: Defer) => Promise<Omit<Outage, 'store'>>;
}

const cannotMount = !SmallDisk.isAllowed && 'mounting is not permitted here';
const rightsMeanNothing =
  process.platform === 'win32'
    ? 'Windows has other rights'
    : process.getuid!() === 0 && 'root may do everything';

const cases: readonly Case[] = [
  {
    title: 'A directory on a disk that becomes read-only',
    whyNot: cannotMount,
    stillServes: ['read'],
    open: async (directory, defer) => {
      const disk = await mounted(directory, defer);
      return { begin: () => disk.becomeReadOnly(), end: async () => disk.setReadOnly(false) };
    },
  },
  {
    title: 'A directory on a disk that becomes full',
    whyNot: cannotMount,
    stillServes: ['read', 'leave'],
    open: async (directory, defer) => {
      const disk = await mounted(directory, defer);
      return { begin: (traffic) => fillUp(disk, traffic), end: () => disk.empty() };
    },
  },
  {
    title: 'A directory that may not be written any more',
    whyNot: rightsMeanNothing,
    stillServes: ['read'],
    open: async (directory, defer) => {
      const permit = async (right: string) => void execFileSync('chmod', ['-R', right, directory]);
      defer(() => permit('u+w'));
      return { begin: () => permit('u-w'), end: () => permit('u+w') };
    },
  },
];

for (const { title, whyNot, stillServes, open } of cases) {
  if (whyNot) it.skip(`${title} (${whyNot})`, () => undefined);
  else describeOutage(`${title}, under fileStore`, (defer) => underFiles(open, defer), stillServes);
}

async function underFiles(open: Case['open'], defer: Defer): Promise<Outage> {
  const parent = await mkdtemp(join(tmpdir(), 'nest-sessions-'));
  defer(() => rm(parent, { recursive: true }));
  const directory = join(parent, 'sessions');
  await mkdir(directory, { mode: 0o700 });
  return { ...(await open(directory, defer)), store: fileStore({ directory }) };
}

async function mounted(directory: string, defer: Defer): Promise<SmallDisk> {
  const disk = await SmallDisk.mount(directory);
  defer(() => disk.unmount());
  return disk;
}

/** A write that already has its room gives that of the record before back, and another one may get through. */
async function fillUp(disk: SmallDisk, traffic: OutageTraffic): Promise<void> {
  for (let before = -1; traffic.acknowledged > before;) {
    before = traffic.acknowledged;
    disk.fill();
    await traffic.answeredAgain();
  }
}
