import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as it stands on the wire, in Latin-1. */
export interface RawAnswer {
  readonly status: number;
  /** The head and the body, every byte of them. */
  readonly text: string;
  readonly body: string;
  /** All values of a header, whose name is given in lower case. */
  headers(name: string): readonly string[];
}

/** A request of which every byte is somebody's choice. */
export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Buffer;
}

/** How long a server may keep a client waiting until it counts as hung. Milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Sends what no HTTP client would, one request after the other over one connection, which is made anew where the server
 * has closed it. In a head a character is a byte (Latin-1).
 */
export class RawClient {
  #socket: Socket | undefined;

  constructor(private readonly port: number) {}

  /** Sends a request and gives the answer; `undefined` where the server closes the connection without one. */
  async send({ method = 'GET', path = '/', headers = [], body }: RawRequest): Promise<RawAnswer | undefined> {
    const bytes = body === undefined ? undefined : Buffer.from(body as string);
    const lines = [
      `${method} ${path} HTTP/1.1`,
      ...(headers.some(([name]) => name.toLowerCase() === 'host') ? [] : ['Host: 127.0.0.1']),
      ...headers.map(([name, value]) => `${name}: ${value}`),
      ...(bytes ? [`Content-Length: ${bytes.length}`] : []),
    ];
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    const socket = (this.#socket ??= await this.#connect());
    const answer = this.#read(socket, method);
    socket.write(bytes ? Buffer.concat([head, bytes]) : head);
    return answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1');
    // A server may reset the connection after it has refused what came.
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.setNoDelay();
    return socket;
  }

  #read(socket: Socket, method: string): Promise<RawAnswer | undefined> {
    let received = Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const finish = (answer: RawAnswer | undefined, isReusable: boolean) => {
        socket.removeAllListeners('data').removeAllListeners('close').setTimeout(0);
        if (!isReusable) this.close();
        resolve(answer);
      };
      socket.setTimeout(LONGEST_WAIT, () => reject(new Error('The server does not answer.')));
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const parsed = parse(received, method, false);
        if (parsed) finish(parsed.answer, parsed.isWhole && !parsed.isLast);
      });
      socket.once('close', () => finish(parse(received, method, true)?.answer, false));
    });
  }
}

interface Parsed {
  readonly answer: RawAnswer;
  /** Whether nothing follows that belongs to no answer. */
  readonly isWhole: boolean;
  /** Whether the server will close the connection. */
  readonly isLast: boolean;
}

/** The answer in these bytes, once it is complete. */
function parse(bytes: Buffer, method: string, isClosed: boolean): Parsed | undefined {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(first.split(' ')[1]);
  const rest = text.slice(end + 4);
  if (status < 200) return parse(bytes.subarray(end + 4), method, isClosed);
  const headers = (name: string) =>
    lines
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
  const isLast = headers('connection').some((value) => value.toLowerCase() === 'close');
  const answered = (body: string, length: number) => ({
    answer: { status, text: text.slice(0, end + 4) + body, body, headers },
    isWhole: rest.length === length,
    isLast,
  });
  if (method === 'HEAD' || status === 204 || status === 304) return answered('', 0);
  if (headers('transfer-encoding').includes('chunked')) {
    const body = unchunk(rest);
    return body && answered(body.text, body.length);
  }
  const length = headers('content-length')[0];
  if (length === undefined) return isClosed ? answered(rest, rest.length) : undefined;
  return rest.length >= Number(length) ? answered(rest.slice(0, Number(length)), Number(length)) : undefined;
}

/** The body of a chunked answer and its length on the wire, once it is complete. */
function unchunk(text: string): { text: string; length: number } | undefined {
  let body = '';
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = Number.parseInt(text.slice(at, end), 16);
    const next = end + 2 + size + 2;
    if (text.length < next) return undefined;
    body += text.slice(end + 2, end + 2 + size);
    at = next;
    if (size === 0) return { text: body, length: at };
  }
}
