import { resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import type { SessionStoreDefinition } from '../session-store.definition.js';
import { messages } from './file.messages.js';
import { FileStore } from './file.store.js';

/**
 * Options of {@link fileStore}.
 *
 * @publicApi
 */
export interface FileStoreOptions {
  /**
   * The folder for the sessions and for nothing else, on a local disk; made with the mode 0700 when it is not there.
   * A relative path starts at the working directory.
   */
  readonly directory: string;
}

/**
 * Keeps sessions in files: for one machine, whose processes may share the directory. Nothing is promised for network
 * file systems, nor for machines that share a disk.
 *
 * A write is on the disk when it is acknowledged, and a process that is killed leaves neither half a session nor a
 * lock that blocks. A damaged file counts as no session and is moved to the folder `quarantine`.
 *
 * Throws a `TypeError` for wrong options. A directory that cannot be used fails the boot.
 *
 * @publicApi
 */
export function fileStore(options: FileStoreOptions): SessionStoreDefinition {
  const { directory, ...others } = options ?? {};
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new TypeError(messages.unknownOption(unknown));
  if (typeof directory !== 'string' || directory.trim() === '') throw new TypeError(messages.noDirectory());
  const path = resolve(directory);
  const logger = new Logger(FileStore.name);
  return { useFactory: () => new FileStore(path, (message) => logger.warn(message)) };
}
