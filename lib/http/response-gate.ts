import { STATUS_CODES, type OutgoingHttpHeader, type ServerResponse } from 'node:http';

export type GateStatus =
  /** Nothing has been written yet. */
  | 'waiting'
  /** Something is being written, and held until the preparation is done. */
  | 'holding'
  /** Writes go through. */
  | 'open'
  /** The preparation failed; the gate has answered by itself, and what the handler writes is dropped. */
  | 'failed';

type Writer = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type Call = (...args: unknown[]) => unknown;

/**
 * So many bytes are taken until a writer is told to wait. It is more than what streams buffer, so that whatever they are
 * given afterwards at once makes them tell the writer when to go on.
 */
const MOST_TAKEN = 2 ** 18;

/** Headers that describe the answer that is thrown away when the gate has to give another. */
const DESCRIBING_HEADERS = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-disposition',
  'content-language',
  'content-location',
  'content-range',
  'accept-ranges',
  'transfer-encoding',
  'cache-control',
  'expires',
  'etag',
  'last-modified',
  'location',
  'trailer',
];

/**
 * Calls `prepare` once, just before the first byte of a response leaves, whoever writes it: a handler, a filter, a
 * stream or the framework. `prepare` sees the final status and may still set headers. While the promise it may return
 * is pending, what is written is held, and then replayed in order. When it fails, `answer` says what to send instead.
 *
 * The wrappers stay on the response, because later middleware may have wrapped them in turn; only the status changes.
 */
export class ResponseGate {
  #status: GateStatus = 'waiting';
  readonly #held: { readonly name: Writer; readonly original: Call; readonly args: unknown[] }[] = [];
  /** Bytes that were taken without being let through. */
  #taken = 0;
  readonly #writeHead: Call;
  readonly #end: Call;

  constructor(
    private readonly response: ServerResponse,
    private readonly prepare: () => Promise<void> | undefined,
    private readonly answer: (error: unknown) => { status: number; body: object },
  ) {
    const { writeHead, write, end, flushHeaders } = response;
    this.#writeHead = writeHead as Call;
    this.#end = end as Call;
    // One by one and by name: properties that are added by a computed name cost every response its fast shape.
    response.writeHead = this.#wrap('writeHead', writeHead);
    response.write = this.#wrap('write', write);
    response.end = this.#wrap('end', end);
    response.flushHeaders = this.#wrap('flushHeaders', flushHeaders);
  }

  get status(): GateStatus {
    return this.#status;
  }

  #wrap<F>(name: Writer, method: F): F {
    const { response } = this;
    const original = method as Call;
    return ((...given: unknown[]) => {
      let args = given;
      if (this.#status === 'waiting') {
        args = name === 'writeHead' ? foldHead(response, given) : given;
        this.#arrive();
      }
      switch (this.#status) {
        case 'open':
          return original.apply(response, args);
        case 'holding':
          this.#hold(name, original, args);
          break;
        case 'failed':
          callBack(args);
      }
      return name === 'write' ? this.#mayGoOn(args) : response;
    }) as F;
  }

  /** What `write` answers for what is not let through: a source that never pauses would else fill the memory. */
  #mayGoOn([chunk, encoding]: unknown[]): boolean {
    this.#taken +=
      typeof chunk === 'string'
        ? Buffer.byteLength(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : undefined)
        : ((chunk as Uint8Array | undefined)?.byteLength ?? 0);
    return this.#taken < MOST_TAKEN;
  }

  #hold(name: Writer, original: Call, args: unknown[]): void {
    // The head is decided with the first call.
    if (name !== 'writeHead' || this.#held.length === 0) {
      this.#held.push({ name, original, args });
    }
    if (name === 'end') {
      pretend(this.response, 'writableEnded');
    }
  }

  #arrive(): void {
    let pending: Promise<void> | undefined;
    try {
      pending = this.prepare();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!pending) {
      this.#status = 'open';
      return;
    }
    this.#status = 'holding';
    // Who asks must see that the answer is decided, or a handler that throws now would be answered a second time.
    pretend(this.response, 'headersSent');
    pending.then(() => this.#release()).catch((error: unknown) => this.#fail(error));
  }

  #release(): void {
    this.#stopPretending();
    this.#status = 'open';
    let answer: unknown;
    for (const { original, args } of this.#held.splice(0)) {
      answer = original.apply(this.response, args);
    }
    if (this.#taken >= MOST_TAKEN && answer === true) {
      this.response.emit('drain');
    }
  }

  #fail(error: unknown): void {
    const { response } = this;
    this.#stopPretending();
    const { status, body } = this.answer(error);
    if (response.headersSent) {
      // Something that was held could not be sent after all, and the client must not take the rest for the whole.
      response.destroy(error as Error);
    } else {
      for (const name of DESCRIBING_HEADERS) {
        response.removeHeader(name);
      }
      const text = JSON.stringify(body);
      response.statusCode = status;
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.setHeader('Content-Length', Buffer.byteLength(text));
      response.setHeader('Cache-Control', 'no-store');
      this.#status = 'open';
      // Past whoever has wrapped the response since: they take it for ended already.
      this.#writeHead.call(response, status, STATUS_CODES[status] ?? '');
      this.#end.call(response, text);
    }
    this.#status = 'failed';
    for (const { args } of this.#held.splice(0)) {
      callBack(args);
    }
  }

  #stopPretending(): void {
    const own = this.response as { headersSent?: boolean; writableEnded?: boolean };
    delete own.headersSent;
    delete own.writableEnded;
  }
}

function pretend(response: ServerResponse, property: 'headersSent' | 'writableEnded'): void {
  Object.defineProperty(response, property, { configurable: true, value: true });
}

/** Nobody is to wait for what is dropped. */
function callBack(args: unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === 'function') {
    process.nextTick(callback as () => void);
  }
}

/**
 * Takes the arguments of `writeHead(status, message?, headers?)` over into the response, so that whoever prepares it
 * sees the final status, and headers set meanwhile are not overwritten. Gives the arguments for the call itself.
 */
function foldHead(response: ServerResponse, args: unknown[]): unknown[] {
  const [status, ...rest] = args as [number, ...unknown[]];
  const message = typeof rest[0] === 'string' ? (rest.shift() as string) : undefined;
  const headers = (rest[0] ?? rest[1]) as
    Record<string, OutgoingHttpHeader | undefined> | unknown[] | undefined;
  response.statusCode = status;
  if (message !== undefined) {
    response.statusMessage = message;
  }
  if (Array.isArray(headers)) {
    foldList(response, (Array.isArray(headers[0]) ? headers.flat() : headers) as OutgoingHttpHeader[]);
  } else {
    for (const [name, value] of Object.entries(headers ?? {})) {
      if (value !== undefined) {
        response.setHeader(name, value);
      }
    }
  }
  return message === undefined ? [status] : [status, message];
}

/** The list form `[name, value, name, value, …]`, in which a name may come more than once. */
function foldList(response: ServerResponse, list: OutgoingHttpHeader[]): void {
  for (let index = 0; index < list.length; index += 2) {
    response.removeHeader(String(list[index]));
  }
  for (let index = 0; index < list.length; index += 2) {
    response.appendHeader(String(list[index]), list[index + 1] as string);
  }
}
