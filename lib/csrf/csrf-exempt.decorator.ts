import { SetMetadata } from '@nestjs/common';
import { CSRF_EXEMPT } from './csrf.constants.js';

/**
 * Leaves a route, or every route of a controller, unchecked: a webhook whose sender proves itself with a signature, for
 * instance. Whatever such a route does, any site can make a visitor's browser do. Django: `csrf_exempt`.
 *
 * @publicApi
 */
export const CsrfExempt = (): ClassDecorator & MethodDecorator => SetMetadata(CSRF_EXEMPT, true);
