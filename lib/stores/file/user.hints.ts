import { dirname, join } from 'node:path';
import { codeOf } from './durable.files.js';
import type { DurableFiles } from './durable.files.js';
import { isSessionId } from './file.layout.js';
import type { FileLayout } from './file.layout.js';

/** How often a folder may be swept away from under a new hint. */
const ATTEMPTS = 10;

/**
 * Which sessions a user may have: one empty file each. A hint is there before its session and until after it, so
 * none is ever missing; one too many, after a crash, is told by the session itself and swept.
 */
export class UserHints {
  constructor(
    private readonly layout: FileLayout,
    private readonly files: DurableFiles,
  ) {}

  /** To be called under the lock of the session. */
  async add(userId: string, id: string): Promise<void> {
    const folder = this.layout.userFolder(userId);
    for (let attempt = 1; ; attempt++) {
      await this.files.makeFolder(folder);
      try {
        await this.files.mark(join(folder, id));
        return await this.files.sync(folder);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** To be called under the lock of the session, once it is gone. What fails here is left to the sweeper. */
  async remove(userId: string, id: string): Promise<void> {
    await this.removeFile(join(this.layout.userFolder(userId), id)).catch(() => undefined);
  }

  /** The sessions that the user may have, each once, also those that come while the others are looked at. */
  async *of(userId: string): AsyncGenerator<string> {
    const folder = this.layout.userFolder(userId);
    const seen = new Set<string>();
    for (;;) {
      const names = await this.files.list(folder);
      const fresh = names.filter((name) => isSessionId(name) && !seen.has(name));
      if (fresh.length === 0) return;
      for (const id of fresh) {
        seen.add(id);
        yield id;
      }
    }
  }

  /** Every hint there is, with what deletes it. */
  async *all(): AsyncGenerator<{ id: string; remove: () => Promise<void> }> {
    for (const shard of await this.files.list(this.layout.users)) {
      for (const user of await this.files.list(join(this.layout.users, shard))) {
        const folder = join(this.layout.users, shard, user);
        for (const id of (await this.files.list(folder)).filter(isSessionId)) {
          yield { id, remove: () => this.removeFile(join(folder, id)) };
        }
      }
    }
  }

  private async removeFile(path: string): Promise<void> {
    await this.files.remove(path);
    await this.files.removeFolder(dirname(path));
  }
}
