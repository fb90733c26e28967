import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from '@jest/globals';
import session from 'express-session';
import { memoryStore, SessionModule, SessionOptionsError, SessionService } from 'nest-sessions';
import { adapters } from '../support/adapters.js';
import { serve } from '../support/serve.js';

const options = { store: memoryStore(), requestSession: true };

@Module({ imports: [SessionModule.forRoot(options)] })
class AppModule {}

describe('The option requestSession', () => {
  it('boots where there is no adapter', async () => {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(app.get(SessionService)).toBeInstanceOf(SessionService);
    await app.close();
  });

  it('boots in a testing module without an application', async () => {
    const module = await Test.createTestingModule({ imports: [SessionModule.forRoot(options)] }).compile();
    await module.init();
    expect(module.get(SessionService)).toBeInstanceOf(SessionService);
    await module.close();
  });

  it.each(['session', 'sessionID'])('stops the boot where Fastify has a request.%s already', async (name) => {
    const adapter = new FastifyAdapter();
    adapter.getInstance().decorateRequest(name, null);
    const booting = serve({ adapter: adapter as any, session: options });
    await expect(booting).rejects.toThrow(SessionOptionsError);
    await expect(booting).rejects.toThrow(`request.${name}`);
    await adapter.close();
  });

  it('leaves request.session to others while it is off', async () => {
    const adapter = new FastifyAdapter();
    adapter.getInstance().decorateRequest('session', null);
    const { close } = await serve({ adapter: adapter as any, session: { store: memoryStore() } });
    await close();
  });

  it.each(adapters)('fails loudly beside express-session on $adapter', async ({ make }) => {
    const { browser, log, close } = await serve({
      adapter: make(),
      session: options,
      prepare: (app) => void app.use(session({ secret: 'x', resave: false, saveUninitialized: false })),
    });
    expect((await browser().get('/')).status).toBe(500);
    expect(log.join()).toContain('there is a req.session already');
    await close();
  });
});
