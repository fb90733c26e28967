export { OIDC_CHANNEL, type OidcEvent } from './oidc/oidc-events.js';
export { OidcLogoutModule } from './oidc/oidc-logout.module.js';
export type {
  OidcLogoutModuleAsyncOptions,
  OidcLogoutModuleOptions,
  OidcLogoutOptions,
  OidcLogoutOptionsFactory,
} from './oidc/oidc-options.interface.js';
export { OidcLogoutOptionsError, type OidcErrorCode } from './oidc/oidc.errors.js';
