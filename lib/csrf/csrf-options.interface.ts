import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';

/**
 * The cookie that holds the secret of the tokens. Scripts never see it, it ends with the browser, and contradictions fail
 * at boot.
 *
 * @publicApi
 */
export interface CsrfCookieOptions {
  /**
   * Default: `__Host-csrf` when `secure` is `true`, `path` is `/` and there is no `domain`; `__Secure-csrf` when `secure`
   * is `true` otherwise; else `csrf`. Django: `CSRF_COOKIE_NAME`.
   */
  name?: string;
  /**
   * Shares the cookie with every host under this domain. A public suffix, a single label and an IP address fail at boot.
   * Default: none, so that the cookie belongs to this host only. Django: `CSRF_COOKIE_DOMAIN`.
   */
  domain?: string;
  /** Default: `'/'`. Django: `CSRF_COOKIE_PATH`. */
  path?: string;
  /** Default: `'lax'`. `'none'` needs `secure: true`. Django: `CSRF_COOKIE_SAMESITE`. */
  sameSite?: 'lax' | 'strict' | 'none';
  /**
   * Whether browsers send the cookie over TLS only. `'auto'` decides by the request, which behind a proxy takes the
   * framework's trust-proxy setting. Default: `true` when `NODE_ENV` is `production`, else `false`.
   * Django: `CSRF_COOKIE_SECURE`.
   */
  secure?: boolean | 'auto';
  /** A jar of its own per top-level site (CHIPS). Needs `secure: true`. Default: `false`. */
  partitioned?: boolean;
  /** Which cookies a browser drops last. Default: none. */
  priority?: 'low' | 'medium' | 'high';
}

/**
 * The options of `CsrfModule`.
 *
 * @publicApi
 */
export interface CsrfModuleOptions {
  /**
   * Other origins that may act for a user: scheme, host and port as browsers send them, such as
   * `https://shop.example.com` or `http://localhost:5173`. Default: none. Django: `CSRF_TRUSTED_ORIGINS`.
   */
  trustedOrigins?: readonly string[];
  /**
   * Whether every unsafe request needs a token, in addition to what browsers say about where it comes from (NIST SP
   * 800-63B-4, section 5.1). Default: `false`: only a request without such headers, and with a session cookie, does.
   */
  requireToken?: boolean;
  /** The field of JSON and urlencoded bodies that holds the token. Default: `'_csrf'`. Django: `csrfmiddlewaretoken`. */
  field?: string;
  /** The request header that holds the token. Default: `'x-csrf-token'`. Django: `CSRF_HEADER_NAME`. */
  header?: string;
  cookie?: CsrfCookieOptions;
  /** Whether to let pass and only tell what would have been refused. Default: `false`. */
  reportOnly?: boolean;
}

/**
 * Makes the options, for `useClass` and `useExisting`.
 *
 * @publicApi
 */
export interface CsrfOptionsFactory {
  createCsrfOptions(): CsrfModuleOptions | Promise<CsrfModuleOptions>;
}

/**
 * What `CsrfModule.forRootAsync` takes.
 *
 * @publicApi
 */
export interface CsrfModuleAsyncOptions {
  imports?: ModuleMetadata['imports'];
  useFactory?: (...args: any[]) => CsrfModuleOptions | Promise<CsrfModuleOptions>;
  inject?: FactoryProvider['inject'];
  useClass?: Type<CsrfOptionsFactory>;
  useExisting?: Type<CsrfOptionsFactory>;
}
