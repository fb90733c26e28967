import { lstat, readlink, rmdir, symlink, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from './durable.files.js';
import type { FileLayout } from './file.layout.js';
import { messages } from './file.messages.js';
import { isDead, newOwner, ownerOf } from './lock.owner.js';
import type { LockOwner } from './lock.owner.js';

/** How patient the locks are, in milliseconds. */
export interface LockTimings {
  /** After that time under one owner, as watched by the one who waits, a lock counts as abandoned. */
  readonly staleAfter: number;
  /** After that time an owner begins nothing any more. Well below `staleAfter`. */
  readonly holdLimit: number;
  /** How long to wait for a lock. Above `staleAfter`. */
  readonly patience: number;
}

const TIMINGS: LockTimings = { staleAfter: 10_000, holdLimit: 5_000, patience: 15_000 };
const LONGEST_PAUSE = 16;
/** Nobody watches a lock that nobody waits for: the sweeper goes by its age. */
const ABANDONED_AGE = 3_600_000;

/** A lock that is held. */
export interface FileLock {
  /** Unlike that of any other lock ever. */
  readonly token: string;
  /** @throws when it has been held for so long that others may take it for abandoned. To be called before a change. */
  assertHeld(): void;
  release(): Promise<void>;
}

/**
 * Locks between processes. A lock is a symbolic link to nowhere whose text names its owner: it comes into being at
 * once with its text, so that a crash leaves no lock of nobody, and takes no block of a full disk.
 *
 * Removing somebody else's lock has to be certain of hitting that very lock and not the next owner's. So whoever does
 * it first takes another lock, the guard, which is named after the token of the owner to be removed, and looks again.
 * An owner who is dead does not let go, and all others need the guard: what is there then stays there.
 */
export class FileLocks {
  /** Tokens of locks that were let go but could not be removed, on a disk that had become read-only say. */
  private readonly leftBehind = new Set<string>();

  constructor(
    private readonly layout: FileLayout,
    private readonly timings: LockTimings = TIMINGS,
  ) {}

  /**
   * The lock of a session, waiting for it; `undefined` when not even its folder is there.
   * @throws when it does not become free.
   */
  acquire(id: string): Promise<FileLock | undefined> {
    return this.take(id, this.layout.lock(id));
  }

  /** Removes a lock or a guard whose owner is gone. */
  async sweep(id: string, path: string): Promise<void> {
    const owner = await readOwner(path);
    if (owner && (isDead(owner) || Date.now() - owner.since > ABANDONED_AGE)) {
      await this.removeOf(owner, id, path);
    }
  }

  private async take(id: string, path: string): Promise<FileLock | undefined> {
    const { staleAfter, patience } = this.timings;
    const started = performance.now();
    let watched: LockOwner | undefined;
    let watchedSince = started;
    for (let attempt = 0; ; attempt++) {
      const mine = newOwner();
      const answer = await linkTo(mine.text, path);
      if (answer === 'taken') return this.held(mine, id, path);
      if (answer === 'no folder') return undefined;

      const owner = await readOwner(path);
      const now = performance.now();
      if (owner?.text !== watched?.text) {
        watched = owner;
        watchedSince = now;
      }
      if (owner && (this.leftBehind.has(owner.token) || isDead(owner) || now - watchedSince >= staleAfter)) {
        await this.removeOf(owner, id, path);
      } else if (now - started >= patience) {
        throw new Error(messages.locked(id, patience / 1000, owner?.text ?? 'by turns'));
      } else if (owner) {
        await delay(1 + Math.random() * Math.min(2 ** attempt, LONGEST_PAUSE));
      }
    }
  }

  private held(mine: LockOwner, id: string, path: string): FileLock {
    const { holdLimit } = this.timings;
    const since = performance.now();
    const isLate = () => performance.now() - since >= holdLimit;
    return {
      token: mine.token,
      assertHeld: () => {
        if (isLate()) throw new Error(messages.heldTooLong(id, holdLimit / 1000));
      },
      release: async () => {
        try {
          if (!isLate()) await unlink(path);
          // A late guard is left alone, or removing it would take a guard that may be late as well.
          else if (path === this.layout.lock(id)) await this.removeOf(mine, id, path);
        } catch (error) {
          // What was to be done is done. Should the lock stay, those who wait for it will take it for abandoned: in
          // this process at once, in others when nothing becomes of it.
          if (codeOf(error) !== 'ENOENT') this.leftBehind.add(mine.token);
        }
      },
    };
  }

  /** Removes the lock if it is that owner's. */
  private async removeOf(owner: LockOwner, id: string, path: string): Promise<void> {
    const guard = await this.take(id, this.layout.guard(id, owner.token));
    try {
      const present = await readOwner(path);
      if (present?.text === owner.text) await removeLink(path);
      this.leftBehind.delete(owner.token);
    } finally {
      await guard?.release();
    }
  }
}

async function linkTo(text: string, path: string): Promise<'taken' | 'occupied' | 'no folder'> {
  try {
    // On Windows a junction, which unlike other links needs no privilege. Elsewhere the kind has no meaning.
    await symlink(text, path, 'junction');
    return 'taken';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'occupied';
    if (codeOf(error) === 'ENOENT') return 'no folder';
    throw error;
  }
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    // Windows turns the text into an absolute path.
    return ownerOf(basename(await readlink(path)));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'UNKNOWN') throw error;
    return ownerOfStranger(path);
  }
}

/** Something that is no lock of ours lies in the way. */
async function ownerOfStranger(path: string): Promise<LockOwner | undefined> {
  try {
    const { mtimeMs, ino } = await lstat(path);
    return { ...ownerOf(`unknown ${ino} ${mtimeMs}`), since: mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function removeLink(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'EISDIR' && codeOf(error) !== 'EPERM') throw error;
    await rmdir(path);
  }
}
