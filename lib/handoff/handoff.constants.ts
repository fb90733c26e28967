/** What the application has given, for its role. */
export const HANDOFF_OPTIONS = Symbol('HANDOFF_OPTIONS');

/** The role as it has been set up. */
export const HANDOFF_ROLE = Symbol('HANDOFF_ROLE');

/** What the role is made of. */
export const HANDOFF_PARTS = Symbol('HANDOFF_PARTS');

/** How long a ticket is good for, in milliseconds. */
export const TICKET_LIFE = 30 * 1000;

/** How long a browser may take at the issuer, logging in included, in milliseconds. */
export const TRANSACTION_LIFE = 5 * 60 * 1000;

/** What servers send each other is smaller than that, in bytes. */
export const LARGEST_MESSAGE = 16 * 1024;
