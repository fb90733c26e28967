import { Injectable } from '@nestjs/common';
import { SessionService } from 'nest-sessions';
import { deviceOf, type Device } from './device.js';

/** The sessions of a user, as devices. */
@Injectable()
export class DevicesService {
  constructor(private readonly sessions: SessionService) {}

  /** This device first, then as they were last seen. */
  async list(userId: string): Promise<Device[]> {
    const devices = (await this.sessions.list(userId)).map(deviceOf);
    return devices.toSorted((a, b) => Number(b.current) - Number(a.current));
  }

  /** Logs a device out; `undefined` when it is none of this user's. An id is no secret, so being theirs is checked. */
  async logOut(userId: string, id: string): Promise<Device | undefined> {
    const device = (await this.list(userId)).find((candidate) => candidate.id === id);
    if (device?.current) {
      await this.sessions.logout();
    } else if (device) {
      await this.sessions.revoke(device.id);
    }
    return device;
  }

  /** Logs out all devices but this one. How many. */
  async logOutOthers(userId: string): Promise<number> {
    const { id } = await this.sessions.current();
    return this.sessions.revokeAll(userId, { except: id });
  }
}
