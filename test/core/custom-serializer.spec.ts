import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionModule, SessionService, type SessionSerializer } from 'nest-sessions';
import { memory } from '../support/memory.js';

/** As the interface has it: throws for whatever is not a text of its own, such as `{}`. */
const base64Serializer: SessionSerializer = {
  serialize: (data) => Buffer.from(JSON.stringify(data)).toString('base64'),
  deserialize: (text) => JSON.parse(Buffer.from(text, 'base64').toString()),
};

describe('A serializer whose texts are not JSON', () => {
  let app: INestApplicationContext;
  let sessions: SessionService;

  beforeEach(async () => {
    @Module({ imports: [SessionModule.forRoot({ store: memory(), serializer: base64Serializer })] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    sessions = app.get(SessionService);
  });
  afterEach(() => app.close());

  it('starts a session', async () => {
    const session = await sessions.create({ name: 'Ada' });
    expect((await sessions.open(session.id!))?.toJSON()).toEqual({ name: 'Ada' });
  });

  it('keeps an empty session readable', async () => {
    const session = await sessions.create();
    expect((await sessions.open(session.id!))?.toJSON()).toEqual({});
  });

  it('flushes a session', async () => {
    const session = (await sessions.open((await sessions.create({ name: 'Ada' })).id!))!;
    await session.flush();
    expect(session.isNew).toBe(true);
    expect(session.isModified).toBe(false);
  });
});
