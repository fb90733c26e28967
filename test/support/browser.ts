import { CookieJar } from 'tough-cookie';

/** A visit's answer, read to its end. */
export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly setCookies: readonly string[];
  json<T = any>(): T;
}

type VisitOptions = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** A client with a cookie jar, so that a test reads as a series of visits. It follows no redirects. */
export class Browser {
  constructor(
    private readonly origin: string,
    readonly jar = new CookieJar(),
  ) {}

  get = (path: string, options: VisitOptions = {}) => this.visit('GET', path, options);
  post = (path: string, options: VisitOptions = {}) => this.visit('POST', path, options);

  /** What the browser would send now under this name. */
  cookie(name = 'sessionid'): string | undefined {
    return this.jar.getCookiesSync(this.origin).find(({ key }) => key === name)?.value;
  }

  /** The same browser in another tab, which does not see the cookies that this one gets from now on. */
  fork(): Browser {
    return new Browser(this.origin, this.jar.cloneSync()!);
  }

  async visit(method: string, path: string, { headers = {}, ...options }: VisitOptions): Promise<Visit> {
    const url = new URL(path, this.origin).href;
    const cookies = this.jar.getCookieStringSync(url);
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...(cookies && { cookie: cookies }), ...headers },
      ...options,
    });
    const setCookies = response.headers.getSetCookie();
    for (const cookie of setCookies) {
      this.jar.setCookieSync(cookie, url, { ignoreError: true });
    }
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      setCookies,
      json: () => JSON.parse(text),
    };
  }
}
