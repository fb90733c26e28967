import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { PATIENT } from '../support/patience.js';
import { tokenInCookies } from '../support/token-in-cookies.js';

/** What is asked. */
export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface Answer {
  readonly status: number;
  /** The token that came with it, `''` when it was taken away, `undefined` when nothing was said of it. */
  readonly token: string | undefined;
  /** From the question to the last byte of the answer, in milliseconds. */
  readonly latency: number;
}

/** When a client hangs up: half way through its question, when it has asked, or half way through the answer. */
export type HangUp = 'asking' | 'asked' | 'answered';

/** Asks over connections that it keeps. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, scheduling: 'fifo' });

  constructor(private readonly origin: string) {}

  /** @throws when the answer does not come, or not within {@link PATIENT}. */
  async ask(question: Question): Promise<Answer> {
    const begun = performance.now();
    const [response] = (await once(this.#open(question).end(textOf(question)), 'response')) as [
      IncomingMessage,
    ];
    await once(response.resume(), 'end');
    return {
      status: response.statusCode!,
      token: tokenInCookies(response.headers['set-cookie']),
      latency: performance.now() - begun,
    };
  }

  /** Asks, and hangs up before the answer is there. */
  async hangUp(question: Question, when: HangUp): Promise<void> {
    const asked = this.#open(question);
    const text = textOf(question);
    await new Promise((resolve, reject) => {
      asked.on('error', reject);
      if (when === 'asking') asked.write(text.slice(0, text.length / 2), resolve);
      else asked.end(text).once(when === 'asked' ? 'finish' : 'response', resolve);
    });
    const closed = new Promise((resolve) => asked.once('close', resolve));
    asked.destroy();
    await closed;
  }

  /** Hangs up on everybody. The next question is asked over a new connection. */
  close(): void {
    this.#agent.destroy();
  }

  #open({ method, path, token, body }: Question): ClientRequest {
    return request(`${this.origin}${path}`, {
      method,
      agent: this.#agent,
      signal: AbortSignal.timeout(PATIENT),
      headers: {
        ...(token && { cookie: `sessionid=${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
    });
  }
}

function textOf({ body }: Question): string {
  return body ? JSON.stringify(body) : '';
}
