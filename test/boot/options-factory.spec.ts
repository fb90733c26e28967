import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from '@jest/globals';
import { memoryStore, SessionModule, SessionOptionsError } from 'nest-sessions';

describe('Options', () => {
  it('fail by name when the factory forgets to return them', async () => {
    const useFactory = (() => undefined) as never;
    @Module({ imports: [SessionModule.forRootAsync({ store: memoryStore(), useFactory })] })
    class AppModule {}
    const booting = NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
    await expect(booting).rejects.toBeInstanceOf(SessionOptionsError);
  });
});
