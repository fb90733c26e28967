import Bowser from 'bowser';
import type { SessionInfo } from 'nest-sessions';
import type { IconName } from '../pages/icons.js';

/** A session as its user knows it. */
export interface Device {
  readonly id: string;
  readonly browser: string | undefined;
  readonly system: string | undefined;
  readonly icon: IconName;
  readonly ip: string | undefined;
  readonly lastSeenAt: Date;
  readonly signedInAt: Date;
  readonly current: boolean;
}

export function deviceOf(session: SessionInfo): Device {
  const { id, ip, userAgent, lastSeenAt, createdAt, authenticatedAt = createdAt, current } = session;
  const { browser, os, platform } = Bowser.parse(userAgent || 'unknown');
  return {
    id,
    browser: browser.name,
    system: os.name,
    icon: platform.type === 'mobile' || platform.type === 'tablet' ? platform.type : 'desktop',
    ip,
    lastSeenAt,
    signedInAt: authenticatedAt,
    current,
  };
}
