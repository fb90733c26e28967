import type { SessionInfo } from '../core/session-info.interface.js';

const LONGEST_AGENT = 40;

/** Sessions as a table for people, a line each. */
export function sessionTable(sessions: readonly SessionInfo[]): string {
  const rows = [
    ['ID', 'CREATED', 'LAST SEEN', 'EXPIRES', 'IP', 'USER AGENT'],
    ...sessions.map(({ id, createdAt, lastSeenAt, expiresAt, ip, userAgent }) => [
      id,
      minute(createdAt),
      minute(lastSeenAt),
      minute(expiresAt),
      printable(ip ?? '-'),
      printable(userAgent ?? '-').slice(0, LONGEST_AGENT),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function minute(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}

/** A client says what it likes in its headers; it must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
