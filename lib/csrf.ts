export { CSRF_CHANNEL, type CsrfEvent } from './csrf/csrf-events.js';
export { CsrfExempt } from './csrf/csrf-exempt.decorator.js';
export type {
  CsrfCookieOptions,
  CsrfModuleAsyncOptions,
  CsrfModuleOptions,
  CsrfOptionsFactory,
} from './csrf/csrf-options.interface.js';
export { CsrfToken } from './csrf/csrf-token.decorator.js';
export { CsrfError, CsrfOptionsError, type CsrfErrorCode } from './csrf/csrf.errors.js';
export { CsrfModule } from './csrf/csrf.module.js';
export { CsrfService } from './csrf/csrf.service.js';
export { EnsureCsrfToken } from './csrf/ensure-csrf-token.decorator.js';
