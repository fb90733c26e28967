/** The options as the application gave them. */
export const CSRF_MODULE_OPTIONS = Symbol('CSRF_MODULE_OPTIONS');

/** The options with their defaults. */
export const RESOLVED_CSRF_OPTIONS = Symbol('RESOLVED_CSRF_OPTIONS');

/** Metadata of the routes that are not checked. */
export const CSRF_EXEMPT = Symbol('CSRF_EXEMPT');

/** Metadata of the routes that always send the cookie. */
export const CSRF_ENSURED = Symbol('CSRF_ENSURED');
