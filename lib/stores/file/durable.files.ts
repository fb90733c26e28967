import * as fs from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { persistently } from './persistent.retry.js';
import { WorkSlots } from './work.slots.js';

/** Far below the 256 open files that macOS allows a process, and far above what keeps a disk busy. */
const OPEN_FILES = 64;

/** How systems say that a folder is in use, or gone already. */
const STILL_USED: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EPERM', 'EBUSY']);

/** Reads a small file in half the time of the one in `fs/promises`, which makes an object of every open file. */
const readFile = promisify(fs.readFile);

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/**
 * File operations that last: what `put` has written whole is whole after a crash at any moment, and what `sync` has
 * returned for is there after a power cut. Absence is an answer; every other failure is thrown as it comes.
 */
export class DurableFiles {
  private readonly slots = new WorkSlots(OPEN_FILES);

  async exists(path: string): Promise<boolean> {
    return (await unlessAbsent(access(path).then(() => true))) ?? false;
  }

  /** When the file was last written, in milliseconds by the clock of the machine. */
  async modifiedAt(path: string): Promise<number | undefined> {
    return (await unlessAbsent(stat(path)))?.mtimeMs;
  }

  /** The content, `undefined` when there is no such file. */
  read(path: string): Promise<Buffer | undefined> {
    return this.slots.run(() => unlessAbsent(readFile(path)));
  }

  /** The names in the folder, none when there is no such folder. */
  async list(folder: string): Promise<string[]> {
    return (await this.slots.run(() => unlessAbsent(readdir(folder)))) ?? [];
  }

  /**
   * Puts a file in place, over the one that may be there: another file of the same folder is written, reaches the
   * disk and is renamed. `ready` may still throw, right before the rename. When it fails, nothing has changed.
   */
  async put(path: string, temporary: string, content: Buffer, ready?: () => void): Promise<void> {
    try {
      await this.slots.run(async () => {
        const file = await open(temporary, 'wx', 0o600);
        try {
          await file.writeFile(content);
          await file.sync();
        } finally {
          await file.close();
        }
      });
      ready?.();
      await this.move(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  move(from: string, to: string): Promise<void> {
    return persistently(() => rename(from, to));
  }

  /** Whether there was a file to delete. */
  async remove(path: string): Promise<boolean> {
    return (await unlessAbsent(persistently(() => unlink(path)).then(() => true))) ?? false;
  }

  /** Creates an empty file, for its name. */
  async mark(path: string): Promise<void> {
    await this.slots.run(async () => (await open(path, 'a', 0o600)).close());
  }

  /** Makes the folder, and those above it, for this user only; new names reach the disk. */
  async makeFolder(path: string): Promise<void> {
    // Not `recursive`, which on a read-only disk says that there is no such folder.
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return;
      if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
      await this.makeFolder(dirname(path));
      return this.makeFolder(path);
    }
    await this.sync(dirname(path));
  }

  /** Removes the folder unless something is in it. */
  async removeFolder(path: string): Promise<void> {
    try {
      await rmdir(path);
    } catch (error) {
      if (!STILL_USED.has(codeOf(error))) throw error;
    }
  }

  /** Returns when the names in the folder are on the disk. Windows knows no such thing. */
  async sync(folder: string): Promise<void> {
    if (process.platform === 'win32') return;
    await this.slots.run(async () => {
      const handle = await open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }
}

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
