import { createHash } from 'node:crypto';

/** A script, and the digest under which Redis remembers it. */
export class LuaScript {
  readonly sha: string;

  constructor(readonly text: string) {
    this.sha = createHash('sha1').update(text).digest('hex');
  }
}
