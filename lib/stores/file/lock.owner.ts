import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

const UNKNOWN = '-';
const OWNER = /^(\d+)\.(\d+|-)\.([0-9a-f]{8})\.([0-9a-z]+)\.([0-9a-f]{16})$/;

/** Who holds a lock. */
export interface LockOwner {
  /** The text of the lock: process, when it started, machine, when it took the lock, random token. */
  readonly text: string;
  /** Unlike any other, one for every time that a lock is taken. */
  readonly token: string;
  /** When the lock was taken, in milliseconds by the clock of the machine; 0 when it does not say. */
  readonly since: number;
}

/** Process ids mean something within one boot of a machine and one container. */
const HOST = createHash('sha256')
  .update(kernelSays(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '')
  .update(kernelSays(() => readlinkSync('/proc/self/ns/pid')) ?? '')
  .update(hostname())
  .digest('hex')
  .slice(0, 8);

const STARTED = startOf(process.pid)?.start ?? UNKNOWN;

/** This process, about to take a lock. */
export function newOwner(): LockOwner {
  const token = randomBytes(8).toString('hex');
  const since = Date.now();
  return { text: `${process.pid}.${STARTED}.${HOST}.${since.toString(36)}.${token}`, token, since };
}

/** The owner of a lock with this text, which may be anybody's. */
export function ownerOf(text: string): LockOwner {
  const [, , , , since, token] = OWNER.exec(text) ?? [];
  if (since && token) return { text, token, since: Number.parseInt(since, 36) };
  return { text, token: createHash('sha256').update(text).digest('hex').slice(0, 16), since: 0 };
}

/** Whether the owner certainly runs no more: `false` also when that cannot be told, as of another container. */
export function isDead({ text }: LockOwner): boolean {
  const [, pid, started, host] = OWNER.exec(text) ?? [];
  if (host !== HOST || Number(pid) === 0) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM: it runs under another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const found = started === UNKNOWN ? undefined : startOf(Number(pid));
  // The number of a process is given again; a zombie has a number and does nothing any more.
  return found !== undefined && (found.start !== started || found.state === 'Z' || found.state === 'X');
}

/** When a process began, in ticks since the machine was started; `undefined` where there is no /proc. */
function startOf(pid: number): { state: string; start: string } | undefined {
  const stat = kernelSays(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The name of the program, in parentheses, may hold anything. proc(5): state is field 3, starttime field 22.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields?.[0], fields?.[19]];
  return state && start ? { state, start } : undefined;
}

function kernelSays(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
