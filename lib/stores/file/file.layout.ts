import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { messages } from './file.messages.js';

const SESSION_ID = /^[0-9a-f]{32}$/;

/** Whether the text may become part of a path. */
export function isSessionId(text: unknown): text is string {
  return typeof text === 'string' && SESSION_ID.test(text);
}

/**
 * Where everything is:
 *
 * ```
 * format.json                          says that this is a session directory, and of which format
 * ab/cd/<id>.json                      a session whose id begins with "abcd"
 * ab/cd/<id>.lock                      its lock while it is written: a symbolic link whose text names the owner
 * ab/cd/<id>.<token>.lock              the right to remove the lock of the owner with that token
 * ab/cd/<id>.<token>.tmp               what the owner of the lock is about to put in place
 * users/12/<sha256 of the user>/<id>   a hint that this user may have this session; an empty file
 * quarantine/<time>-<id>.json          a damaged file
 * ```
 */
export class FileLayout {
  readonly marker: string;
  readonly users: string;
  readonly quarantine: string;

  constructor(readonly root: string) {
    this.marker = join(root, 'format.json');
    this.users = join(root, 'users');
    this.quarantine = join(root, 'quarantine');
  }

  /** @throws when it is no session id: nothing else becomes a path. */
  folder(id: string): string {
    if (!isSessionId(id)) throw new TypeError(messages.malformedId());
    return join(this.root, id.slice(0, 2), id.slice(2, 4));
  }

  record(id: string): string {
    return join(this.folder(id), `${id}.json`);
  }

  lock(id: string): string {
    return join(this.folder(id), `${id}.lock`);
  }

  guard(id: string, token: string): string {
    return join(this.folder(id), `${id}.${token}.lock`);
  }

  temporary(id: string, token: string): string {
    return join(this.folder(id), `${id}.${token}.tmp`);
  }

  userFolder(userId: string): string {
    const hash = createHash('sha256').update(userId).digest('hex');
    return join(this.users, hash.slice(0, 2), hash);
  }

  quarantined(id: string, time: number): string {
    return join(this.quarantine, `${String(time).padStart(14, '0')}-${id}.json`);
  }
}
