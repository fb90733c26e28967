import type { FactoryProvider, ModuleMetadata, Type } from '@nestjs/common';
import type { JSONWebKeySet } from 'jose';
import type { Duration } from '../core/duration.js';

/**
 * Whose logouts are listened to, and how they prove that they are.
 *
 * @publicApi
 */
export interface OidcLogoutOptions {
  /** The identity provider as it calls itself, to the letter: `issuer` in its discovery document, `iss` in its tokens. */
  issuer: string;
  /** What the provider calls this application: `client_id`. */
  clientId: string;
  /**
   * The public keys of the provider: the URL that it publishes them at (`jwks_uri` in its discovery document), or the set
   * itself. A URL takes https, unless it is one of this machine.
   */
  jwks: string | JSONWebKeySet;
  /**
   * Whether tokens are taken too that do not say that they are logout tokens (`typ`), for providers from before that was
   * settled. Default: `false`.
   */
  acceptUntyped?: boolean;
  /** How long a logout token may be valid, from when it was issued. Default: `'2m'`, as OpenID Connect recommends. */
  maxTokenAge?: Duration;
}

/**
 * The options of `OidcLogoutModule`.
 *
 * @publicApi
 */
export interface OidcLogoutModuleOptions extends OidcLogoutOptions {
  /** Where the provider sends logout tokens: `backchannel_logout_uri`. Default: `'/session/backchannel-logout'`. */
  path?: string;
}

/**
 * Makes the options, for `useClass` and `useExisting`.
 *
 * @publicApi
 */
export interface OidcLogoutOptionsFactory {
  createOidcLogoutOptions(): OidcLogoutOptions | Promise<OidcLogoutOptions>;
}

/**
 * What `OidcLogoutModule.forRootAsync` takes.
 *
 * @publicApi
 */
export interface OidcLogoutModuleAsyncOptions {
  /** As in {@link OidcLogoutModuleOptions}. Stands here, for routes are there before the factory has run. */
  path?: string;
  imports?: ModuleMetadata['imports'];
  useFactory?: (...args: any[]) => OidcLogoutOptions | Promise<OidcLogoutOptions>;
  inject?: FactoryProvider['inject'];
  useClass?: Type<OidcLogoutOptionsFactory>;
  useExisting?: Type<OidcLogoutOptionsFactory>;
}
