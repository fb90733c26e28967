/** Short enough for a cookie, whatever is written in it. */
export const MAX_NOTE_LENGTH = 300;

declare module 'nest-sessions' {
  interface SessionData {
    visits: number;
    note: string;
  }
}
