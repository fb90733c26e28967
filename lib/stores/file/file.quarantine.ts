import { join } from 'node:path';
import type { DurableFiles } from './durable.files.js';
import type { FileLayout } from './file.layout.js';
import { messages } from './file.messages.js';

const LARGEST = 100;

/** Takes damaged files out of the way, keeps the latest hundred of them for whoever looks into it, and says so. */
export class FileQuarantine {
  /** Those that could not be moved, so that they are reported once and not with every request. */
  private readonly reported = new Set<string>();

  constructor(
    private readonly layout: FileLayout,
    private readonly files: DurableFiles,
    private readonly warn: (message: string) => void,
  ) {}

  /** Moves the file of the session. To be called under its lock. */
  async take(id: string, now: number): Promise<void> {
    const place = this.layout.quarantined(id, now);
    await this.files.makeFolder(this.layout.quarantine);
    await this.files.move(this.layout.record(id), place);
    this.warn(messages.quarantined(id, place));
    const names = (await this.files.list(this.layout.quarantine)).toSorted();
    for (const name of names.slice(0, -LARGEST)) await this.files.remove(join(this.layout.quarantine, name));
  }

  /** Says, once, that a file is damaged and stays where it is. */
  failed(id: string, error: unknown): void {
    if (this.reported.has(id)) return;
    if (this.reported.size >= LARGEST) this.reported.clear();
    this.reported.add(id);
    this.warn(messages.notQuarantined(id, String(error)));
  }
}
