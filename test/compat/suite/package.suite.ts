import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import * as imported from 'nest-sessions';
import {
  memoryStore,
  richSerializer,
  SessionModule,
  SessionOptionsError,
  SessionService,
  type SessionModuleOptions,
} from 'nest-sessions';

const require = createRequire(import.meta.url);

async function boot(options: SessionModuleOptions) {
  @Module({ imports: [SessionModule.forRoot({ store: memoryStore(), cleanup: false, ...options })] })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

describe('The package', () => {
  it('is the same by require() as by import', () => {
    assert.equal((require('nest-sessions') as typeof imported).SessionModule, imported.SessionModule);
  });

  it('has a command line that starts', async () => {
    const manifest = require.resolve('nest-sessions/package.json');
    const file = join(dirname(manifest), 'dist/cli/main.js');
    const { stdout } = await promisify(execFile)(process.execPath, [file, '--help']);
    assert.match(stdout, /clear/);
  });

  it('refuses wrong options by their paths', async () => {
    const wrong = { idleTimeout: -1, cookie: { sameSite: 'none' }, data: class {} } as SessionModuleOptions;
    await assert.rejects(boot(wrong), (error) => {
      assert.ok(error instanceof SessionOptionsError);
      const paths = error.problems.map((problem) => problem.split(':', 1)[0]);
      assert.deepEqual(paths.toSorted(), ['cookie.sameSite', 'data', 'idleTimeout']);
      return true;
    });
  });

  it('keeps rich data, encrypted', async () => {
    const keys = [randomBytes(32).toString('base64url')];
    const app = await boot({ serializer: richSerializer, encryption: { keys } });
    const sessions = app.get(SessionService);
    const data = { at: new Date(0), big: 2n ** 70n, tags: new Set(['a']), bytes: Buffer.from('tea') };
    const { id } = await sessions.create<any>(data);
    assert.deepEqual((await sessions.open<any>(id!))!.toJSON(), data);
    await app.close();
  });
});
