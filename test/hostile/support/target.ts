import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { BadRequestException, Body, Controller, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import {
  Session,
  SessionModule,
  SessionSerializationError,
  SessionService,
  type SessionModuleOptions,
  type SessionRecord,
  type SessionStore,
} from 'nest-sessions';
import { Clock } from '../../support/clock.js';
import { memory } from '../../support/memory.js';
import { RawClient, type RawAnswer, type RawRequest } from './raw-client.js';

const OWNER_ID = '0123456789abcdef'.repeat(2);
const OWNER_SECRET = 'Own-Secret_'.repeat(4).slice(0, 43);
const PRIVATE = 'only-the-owner-may-see-this';

/** A session that belongs to somebody else: its token, and what it holds. */
export const OWNER = {
  id: OWNER_ID,
  token: `${OWNER_ID}.${OWNER_SECRET}`,
  data: JSON.stringify({ private: PRIVATE }),
};

@Controller()
class TargetController {
  constructor(private readonly sessions: SessionService) {}

  @Post('unused') @HttpCode(200) unused() {
    return 'unused';
  }
  @Post('read') @HttpCode(200) read(@Session() session: Session<any>) {
    return session.toJSON();
  }
  @Post('keys') @HttpCode(200) keys(@Session() session: Session<any>) {
    return [...session.keys()];
  }
  /** Keeps what it is sent, as no application should, and tells who sent it when that cannot be kept. */
  @Post('keep') @HttpCode(200) async keep(@Session() session: Session<any>, @Body() values: object | null) {
    if (typeof values !== 'object' || values === null) throw new BadRequestException();
    try {
      session.update(values);
      await session.save();
    } catch (error) {
      if (error instanceof SessionSerializationError) throw new BadRequestException(error.message);
      throw error;
    }
  }
  @Post('write') @HttpCode(200) write(@Session() session: Session<any>) {
    session.data.written = true;
  }
  @Post('flush') @HttpCode(200) async flush(@Session() session: Session<any>) {
    await session.flush();
  }
  @Post('login') @HttpCode(200) async login() {
    await this.sessions.login('mallory');
  }
}

/** An application under attack, which keeps the session of somebody else. */
export interface Target {
  readonly client: RawClient;
  readonly store: SessionStore;
  readonly sessions: SessionService;
  readonly clock: Clock;
  /** Sends a POST. An answer of 500 or above is an error: nothing that comes from outside may break anything. */
  attack(path: string, request?: Pick<RawRequest, 'headers' | 'body'>): Promise<RawAnswer | undefined>;
  close(): Promise<void>;
}

interface TargetOptions {
  readonly adapter: AbstractHttpAdapter;
  readonly session?: Partial<SessionModuleOptions>;
  readonly modules?: any[];
  readonly controllers?: any[];
}

export async function startTarget({ adapter, session, ...more }: TargetOptions): Promise<Target> {
  const clock = new Clock();
  const store = memory();
  @Module({
    imports: [
      SessionModule.forRoot({ store, now: clock.now, cleanup: false, ...session }),
      ...(more.modules ?? []),
    ],
    controllers: [TargetController, ...(more.controllers ?? [])],
  })
  class TargetModule {}

  const app = await NestFactory.create(TargetModule, adapter, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  await store.create(ownersRecord(clock.now()));
  const client = new RawClient((app.getHttpServer().address() as AddressInfo).port);
  return {
    client,
    store,
    sessions: app.get(SessionService),
    clock,
    attack: async (path, request) => {
      const answer = await client.send({ method: 'POST', path, ...request });
      if (answer && answer.status >= 500) throw new Error(`The application fails:\n${answer.text}`);
      return answer;
    },
    close: async () => {
      client.close();
      await app.close();
    },
  };
}

/** The token that an answer brings by cookie or header; `undefined` where it brings none, or takes one away. */
export function tokenOf(answer: RawAnswer): string | undefined {
  const cookies = answer.headers('set-cookie').map((line) => /^sessionid=([^;]*)/.exec(line)?.[1]);
  const bearers = answer.headers('authorization').map((text) => text.replace(/^Bearer /, ''));
  return [...cookies, ...answer.headers('x-session-token'), ...bearers].find(Boolean);
}

function ownersRecord(now: number): SessionRecord {
  const day = 24 * 60 * 60 * 1000;
  return {
    id: OWNER.id,
    secretHash: createHash('sha256').update(OWNER_SECRET).digest('base64url'),
    previousHash: null,
    previousUntil: null,
    data: OWNER.data,
    version: 1,
    userId: 'owner',
    createdAt: now,
    authenticatedAt: now,
    lastSeenAt: now,
    expiresAt: now + 14 * day,
    absoluteExpiresAt: now + 30 * day,
    ip: null,
    userAgent: null,
    audience: null,
    groupId: null,
  };
}

/** Whether an answer shows what only the owner may see. */
export function isExposed(answer: RawAnswer | undefined): boolean {
  return answer?.text.includes(PRIVATE) ?? false;
}
