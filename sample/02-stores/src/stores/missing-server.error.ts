/** The server that the chosen store needs does not answer. The message says where it was looked for and what to do. */
export class MissingServerError extends Error {}
