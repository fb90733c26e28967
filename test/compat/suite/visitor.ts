import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** An answer, read to its end. */
export interface Visit {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  readonly text: string;
  /** The body as JSON. */
  readonly value: any;
}

interface VisitOptions {
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** A client that keeps its cookies, and sends what it is told and nothing else. */
export class Visitor {
  readonly #cookies = new Map<string, string>();

  constructor(readonly origin: string) {}

  get = (path: string, options: VisitOptions = {}): Promise<Visit> => this.#visit('GET', path, options);
  post = (path: string, options: VisitOptions = {}): Promise<Visit> => this.#visit('POST', path, options);

  cookie(name = 'sessionid'): string | undefined {
    return this.#cookies.get(name);
  }

  /** The header `Cookie`. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Another client with the cookies that this one has now. */
  copy(): Visitor {
    const copy = new Visitor(this.origin);
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value);
    return copy;
  }

  async #visit(method: string, path: string, { body, headers = {} }: VisitOptions): Promise<Visit> {
    const sending = request(new URL(path, this.origin), {
      method,
      agent: false,
      headers: {
        ...(this.#cookies.size > 0 && { cookie: this.cookies }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sending.end(body && JSON.stringify(body));
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    const text = Buffer.concat(await response.toArray()).toString();
    const setCookies = response.headers['set-cookie'] ?? [];
    for (const line of setCookies) this.#keep(line);
    return {
      status: response.statusCode!,
      headers: response.headers,
      setCookies,
      text,
      get value() {
        return JSON.parse(text);
      },
    };
  }

  #keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (/; Max-Age=0(;|$)/.test(line)) this.#cookies.delete(name!);
    else this.#cookies.set(name!, value!);
  }
}
