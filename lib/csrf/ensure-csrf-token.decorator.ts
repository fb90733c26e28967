import { SetMetadata } from '@nestjs/common';
import { CSRF_ENSURED } from './csrf.constants.js';

/**
 * Has every response of a route, or of a controller, carry the CSRF cookie, whether or not a token is rendered in it: for
 * the first page of an application that fetches its tokens later. Opens no session. Django: `ensure_csrf_cookie`.
 *
 * @publicApi
 */
export const EnsureCsrfToken = (): ClassDecorator & MethodDecorator => SetMetadata(CSRF_ENSURED, true);
