import { describe, expect, it } from '@jest/globals';
import { sessionTable } from '../../lib/cli/session-table.js';

describe('The table of sessions', () => {
  it('does not let an address, which a client may forge behind a trusted proxy, steer the terminal', () => {
    const now = new Date();
    const table = sessionTable([
      {
        id: '0'.repeat(32),
        createdAt: now,
        authenticatedAt: undefined,
        lastSeenAt: now,
        expiresAt: now,
        ip: '\u009b2J1.2.3.4',
        userAgent: undefined,
        current: false,
      } as never,
    ]);
    expect(table).not.toContain('\u009b');
  });
});
