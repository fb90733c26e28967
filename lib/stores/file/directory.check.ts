import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { messages } from './file.messages.js';
import type { FileRecords } from './file.records.js';
import type { FileTools } from './held.record.js';

const FORMAT = Buffer.from('{"nest-sessions":"file store","format":1}\n');
const OTHERS = 0o077;
/** The id that is locked for the trial. No session has it. */
const TRIAL = '0'.repeat(32);

/** Makes the directory, leaves the mark by which it is known again, and tries out all that a write needs. */
export async function prepareDirectory(
  { layout, files }: FileTools,
  records: FileRecords,
  warn: (message: string) => void,
): Promise<void> {
  const { root, marker } = layout;
  const orUnusable = (error: unknown): never => {
    throw new Error(messages.unusable(root, (error as Error).message), { cause: error });
  };
  await files.makeFolder(root).catch(orUnusable);
  const format = await files.read(marker).catch(orUnusable);
  if (format && !format.equals(FORMAT)) throw new Error(messages.otherFormat(root));
  if (!format) {
    await files.put(marker, `${marker}.${randomBytes(8).toString('hex')}.tmp`, FORMAT).catch(orUnusable);
    await files.sync(root);
  }
  // Under a lock and in a folder of sessions, so that the sweeper finds what a crash leaves of it.
  await records.establish(TRIAL, (held) => held.tryOut(FORMAT)).catch(orUnusable);
  const { mode } = await stat(root);
  if (process.platform !== 'win32' && (mode & OTHERS) !== 0) warn(messages.exposed(root));
}
