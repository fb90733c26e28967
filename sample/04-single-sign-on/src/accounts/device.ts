import Bowser from 'bowser';
import type { SessionInfo } from 'nest-sessions';

/** A session at Accounts, as its user knows it: a browser on a device. */
export interface Device extends Pick<SessionInfo, 'id' | 'ip' | 'lastSeenAt' | 'current'> {
  readonly name: string;
  readonly icon: 'phone' | 'desktop';
}

export function deviceOf({ id, ip, userAgent, lastSeenAt, current }: SessionInfo): Device {
  const { browser, os, platform } = Bowser.parse(userAgent || 'unknown');
  return {
    id,
    ip,
    lastSeenAt,
    current,
    name: `${browser.name ?? 'A browser'} on ${os.name ?? 'an unknown system'}`,
    icon: platform.type === 'mobile' || platform.type === 'tablet' ? 'phone' : 'desktop',
  };
}
