import type { LuaScript } from './lua.script.js';
import type { RedisServer, RedisServers, RedisStoreClient } from './redis.client.js';
import { messages } from './redis.messages.js';

/** What a script answers: how it ended, and what it has found. */
export type ScriptReply = readonly [status: string, ...values: (string | null)[]];

type CommandOptions = { timeout: 0; abortSignal: AbortSignal };
type WithCommandOptions<T> = { withCommandOptions?: (options: CommandOptions) => T };

/**
 * The way to Redis, over the application's client. An answer that takes longer than `timeout` is an error: while the
 * server is away, node-redis would keep a command for as long as it takes. A command that has not been sent by then
 * is never sent.
 */
export class RedisConnection {
  readonly isCluster: boolean;
  /** How often a script was to be run. */
  private questions = 0;

  constructor(
    private readonly client: RedisStoreClient,
    private readonly timeout: number,
  ) {
    this.isCluster = 'masters' in client && 'nodeClient' in client;
  }

  get isOpen(): boolean {
    return this.client.isOpen;
  }

  /**
   * Runs a script by its digest; only a server that does not know it, after a restart say, is sent the text. Each run
   * has a number, which comes back with the answer.
   */
  run(script: LuaScript, keys: string[], args: readonly (string | number)[]): Promise<ScriptReply> {
    const question = String(++this.questions);
    const call = { keys, arguments: [...args.map(String), question] };
    return this.within(this.client, (client) => client.evalSha(script.sha, call)).then(
      (reply) => answerOf(reply, question),
      async (error: unknown) => {
        if (!isReply(error, 'NOSCRIPT')) throw error;
        const reply = await this.within(this.client, (client) => client.eval(script.text, call));
        return answerOf(reply, question);
      },
    );
  }

  /** Every server that holds keys. */
  async servers(): Promise<RedisServer[]> {
    if (!this.isCluster) return [this.client as unknown as RedisServer];
    const cluster = this.client as unknown as RedisServers;
    return Promise.all(cluster.masters.map((master) => cluster.nodeClient(master)));
  }

  /** Asks one client, in the time that it has. */
  within<Client extends object, T>(client: Client, ask: (client: Client) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    const asked = abortable(client, abort.signal);
    return new Promise((resolve, reject) => {
      const answer = ask(asked);
      const timer = setTimeout(() => {
        reject(new Error(messages.noAnswer(this.timeout)));
        abort.abort();
      }, this.timeout);
      const inTime =
        <Result>(settle: (result: Result) => void) =>
        (result: Result) => {
          clearTimeout(timer);
          settle(result);
        };
      answer.then(inTime(resolve), inTime(reject));
    });
  }
}

/** Without the timer that node-redis starts for each command: ours takes its place, and sees the answer come. */
function abortable<Client extends object>(client: Client, abortSignal: AbortSignal): Client {
  return (client as WithCommandOptions<Client>).withCommandOptions?.({ timeout: 0, abortSignal }) ?? client;
}

/**
 * After a lost connection, node-redis 5 may take the answer to one command for that to another.
 * Buffers are what a client may be set up to give instead of strings.
 */
function answerOf(reply: unknown, question: string): ScriptReply {
  const [answered, answer] = Array.isArray(reply) ? (reply as [unknown, unknown[]]) : [];
  if (String(answered) !== question) throw new Error(messages.anotherAnswer());
  return answer!.map((value) => (value === null ? null : String(value))) as unknown as ScriptReply;
}

/** Whether the error is what Redis itself has answered, by the code that it begins with. */
export function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
