/** How long a session lives without use, in milliseconds. */
export const LIFETIME = 600_000;

/** How long an answer may take, in milliseconds. A longer one counts as none. */
export const DEADLINE = 30_000;
