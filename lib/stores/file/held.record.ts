import type { SessionRecord } from '../session-record.js';
import type { DurableFiles } from './durable.files.js';
import { decodeRecord, encodeRecords } from './file.codec.js';
import type { FileLayout } from './file.layout.js';
import type { FileLock } from './file.locks.js';
import type { FileQuarantine } from './file.quarantine.js';

/** What works on the files: one set per store. */
export interface FileTools {
  readonly layout: FileLayout;
  readonly files: DurableFiles;
  readonly quarantine: FileQuarantine;
  readonly now: () => number;
}

/** The file of one session while its lock is held. */
export class HeldRecord {
  private readonly path: string;
  private readonly folder: string;
  private readonly temporary: string;

  constructor(
    private readonly id: string,
    private readonly lock: FileLock,
    private readonly tools: FileTools,
  ) {
    this.path = tools.layout.record(id);
    this.folder = tools.layout.folder(id);
    this.temporary = tools.layout.temporary(id, lock.token);
  }

  /** The record, also an expired one. A damaged file is moved out of the way. */
  async read(): Promise<SessionRecord | undefined> {
    const { files, quarantine, now } = this.tools;
    const bytes = await files.read(this.path);
    const record = bytes && decodeRecord(bytes, this.id);
    if (bytes && !record) await quarantine.take(this.id, now());
    return record;
  }

  isTaken(): Promise<boolean> {
    return this.tools.files.exists(this.path);
  }

  /** Writes the record. Not `durably`: it is whole after a power cut, but may be the one before. */
  async write(record: SessionRecord, { durably = true }: { durably?: boolean } = {}): Promise<void> {
    await this.put(record);
    if (durably) await this.tools.files.sync(this.folder);
  }

  /**
   * Puts the successor in the place of this session in one step. First this file holds both, of which the successor
   * does not count under this name; then the file is renamed, and it is the other way round. The predecessor stays in
   * the file, dead, until the successor is next written. The lock of the successor is `other`.
   */
  async replaceBy(own: SessionRecord, successor: SessionRecord, other: HeldRecord): Promise<void> {
    const { files } = this.tools;
    await files.makeFolder(other.folder);
    await this.put(own, successor);
    this.lock.assertHeld();
    other.lock.assertHeld();
    await files.move(this.path, other.path);
    await files.sync(other.folder);
    if (other.folder !== this.folder) await files.sync(this.folder);
  }

  async remove({ durably = true }: { durably?: boolean } = {}): Promise<void> {
    this.lock.assertHeld();
    await this.tools.files.remove(this.path);
    if (durably) await this.tools.files.sync(this.folder);
  }

  /** Writes a file beside the record, as a write does, and deletes it again. */
  async tryOut(content: Buffer): Promise<void> {
    const { files, layout } = this.tools;
    const trial = layout.temporary(this.id, `${this.lock.token}-trial`);
    await files.put(trial, this.temporary, content);
    await files.remove(trial);
  }

  /** Deletes a file that a writer has left behind. Whoever writes holds the lock, so it is nobody's. */
  async removeOrphan(path: string): Promise<void> {
    this.lock.assertHeld();
    await this.tools.files.remove(path);
  }

  private put(...records: SessionRecord[]): Promise<void> {
    const ready = () => this.lock.assertHeld();
    return this.tools.files.put(this.path, this.temporary, encodeRecords(...records), ready);
  }
}
