import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A small file system of its own that a test may fill and write-protect. */
export class SmallDisk {
  /** Whether one may be mounted here: tried in a namespace of its own, which is gone with the process. */
  static readonly isAllowed = canMount();

  private constructor(private readonly path: string) {}

  /** @param size As tmpfs takes it. */
  static async mount(path: string, size = '512k'): Promise<SmallDisk> {
    await mkdir(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', path]);
    return new SmallDisk(path);
  }

  /** Takes it away at once, even from somebody who still has a file open. */
  unmount(): void {
    execFileSync('umount', ['--lazy', this.path]);
  }

  /** The system refuses to protect it while somebody has a file open for writing. */
  setReadOnly(isReadOnly: boolean): void {
    const how = isReadOnly ? 'remount,ro' : 'remount,rw';
    execFileSync('mount', ['-o', how, this.path], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  /** As soon as nobody has a file open for writing. */
  async becomeReadOnly(): Promise<void> {
    for (;;) {
      try {
        return this.setReadOnly(true);
      } catch (error) {
        if (!String(error).includes('busy')) throw error;
        await nextTurn();
      }
    }
  }

  /** Writes until not one more byte goes in. */
  fill(): void {
    const file = openSync(this.filler, 'a');
    try {
      for (;;) writeSync(file, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives the room back. */
  async empty(): Promise<void> {
    await unlink(this.filler);
  }

  private get filler(): string {
    return join(this.path, 'filler');
  }
}

function canMount(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
