/** How long a server may take for an answer that is to come, in milliseconds: longer than any machine is that busy. */
export const PATIENT = 60_000;
