const LONGEST = 80;

/** What a client has sent, fit for a line of a log: quoted, escaped and short. */
export function show(text: string): string {
  return JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}
