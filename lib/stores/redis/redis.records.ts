import type { LuaScript } from './lua.script.js';
import type { RedisConnection, ScriptReply } from './redis.connection.js';

type Argument = string | number;

/** Ids that no session has, spread over the servers of a cluster. */
export const PROBES = Array.from('0123456789abcdef', (digit) => digit.padStart(32, '0'));

/** The hashes of the sessions by their ids: `<prefix>s:<id>`. */
export class RedisRecords {
  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {}

  /** What the names of all their keys begin with. */
  get keyPrefix(): string {
    return `${this.prefix}s:`;
  }

  run(script: LuaScript, id: string, ...args: readonly Argument[]): Promise<ScriptReply> {
    return this.connection.run(script, [this.key(id)], args);
  }

  /** Runs a script on two records at once, which in a cluster may be on different servers. */
  runOnBoth(
    script: LuaScript,
    ids: readonly [string, string],
    ...args: readonly Argument[]
  ): Promise<ScriptReply> {
    return this.connection.run(
      script,
      ids.map((id) => this.key(id)),
      args,
    );
  }

  private key(id: string): string {
    return `${this.keyPrefix}${id}`;
  }
}
