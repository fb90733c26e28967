import { request, type Agent, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly setCookies: readonly string[];
  readonly body: Buffer;
  /** Whether the connection broke before the answer was complete. */
  readonly isBroken: boolean;
  json<T = any>(): T;
}

interface WireOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly agent?: Agent;
}

/** One request on a socket of its own, of which a test sees every byte as it comes. */
export class Wire {
  readonly #request;
  readonly #chunks: Buffer[] = [];
  readonly #listeners = new Set<() => void>();
  #socket: Socket | undefined;
  #bytesBefore = 0;
  /** The answer without its body, as soon as it has begun. */
  readonly head: Promise<Pick<Answer, 'status' | 'headers' | 'setCookies'>>;
  /** The whole answer. */
  readonly answer: Promise<Answer>;

  constructor(origin: string, path: string, { method = 'GET', headers, agent }: WireOptions = {}) {
    this.#request = request(new URL(path, origin), { method, headers, agent: agent ?? false });
    this.#request.once('socket', (socket) => {
      this.#socket = socket;
      this.#bytesBefore = socket.bytesRead;
    });
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      this.#request.once('error', reject);
      this.#request.once('response', resolve);
    });
    this.head = response.then((message) => headOf(message));
    this.answer = response.then((message) => this.#read(message));
    // A test that aborts its request waits for neither.
    this.head.catch(() => undefined);
    this.answer.catch(() => undefined);
    this.#request.end();
  }

  /** How many bytes of the answer have come, its head included. */
  get bytesReceived(): number {
    return (this.#socket?.bytesRead ?? 0) - this.#bytesBefore;
  }

  get socket(): Socket | undefined {
    return this.#socket;
  }

  /** Settles when the body contains this. */
  async until(text: string): Promise<void> {
    while (!Buffer.concat(this.#chunks).includes(text)) {
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** Breaks the connection. */
  abort(): void {
    this.#request.destroy();
  }

  #read(response: IncomingMessage): Promise<Answer> {
    response.on('data', (chunk: Buffer) => this.#receive(chunk));
    response.on('error', () => undefined);
    return new Promise((resolve) => {
      response.once('close', () => resolve(answerOf(response, Buffer.concat(this.#chunks))));
    });
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    for (const listener of this.#listeners) {
      listener();
    }
    this.#listeners.clear();
  }
}

function headOf({ statusCode, headers }: IncomingMessage) {
  return { status: statusCode!, headers, setCookies: headers['set-cookie'] ?? [] };
}

function answerOf(response: IncomingMessage, body: Buffer): Answer {
  return {
    ...headOf(response),
    body,
    isBroken: !response.complete,
    json: () => JSON.parse(body.toString()),
  };
}
