/** The options as the application gave them, without the store. */
export const SESSION_MODULE_OPTIONS = Symbol('SESSION_MODULE_OPTIONS');

/** The options with their defaults. */
export const RESOLVED_SESSION_OPTIONS = Symbol('RESOLVED_SESSION_OPTIONS');
