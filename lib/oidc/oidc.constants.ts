/** The options as the application gave them. */
export const OIDC_LOGOUT_OPTIONS = Symbol('OIDC_LOGOUT_OPTIONS');

/** Where logout tokens come to. */
export const OIDC_LOGOUT_PATH = Symbol('OIDC_LOGOUT_PATH');

/** What answers them. */
export const OIDC_LOGOUT_DESK = Symbol('OIDC_LOGOUT_DESK');
