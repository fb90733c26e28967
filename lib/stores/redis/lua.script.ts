import { createHash } from 'node:crypto';

/**
 * A script, and the digest under which Redis remembers it. It answers `{question, {status, …}}`, where the question is
 * its last argument, whatever that is.
 */
export class LuaScript {
  readonly text: string;
  readonly sha: string;

  /** @param body Answers `{status, …}`. */
  constructor(body: string) {
    this.text = `
local question = table.remove(ARGV)
local function answer()
${body}
end
return {question, answer()}
`;
    this.sha = createHash('sha1').update(this.text).digest('hex');
  }
}
