// One application of the benchmark, in a process of its own.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { obeyParent } from './child.mjs';
import { Operations } from './operations.mjs';
import { Profiler } from './profiler.mjs';
import { controllerOf } from './routes.mjs';

const { adapter, library, store, scratch } = JSON.parse(process.argv[2]);

async function adapterOf(name) {
  if (name === 'express') {
    return new (await import('@nestjs/platform-express')).ExpressAdapter();
  }
  return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
}

const operations = new Operations();
const { create } = await import(`../libraries/${library}.mjs`);
const {
  imports = [],
  providers = [],
  mount,
  ...handlers
} = await create({
  adapter,
  store,
  scratch,
  operations,
});

class Application {}
Module({ imports, providers, controllers: [controllerOf(handlers)] })(Application);

const app = await NestFactory.create(Application, await adapterOf(adapter), {
  logger: ['error'],
  abortOnError: false,
});
await mount?.(app);
await app.listen(0, '127.0.0.1');

const profiler = new Profiler();
let before;

obeyParent({
  origin: () => `http://127.0.0.1:${app.getHttpServer().address().port}`,
  begin() {
    before = process.cpuUsage();
  },
  beginProfile: () => profiler.start(),
  endProfile: (file) => profiler.stop(file),
  /** CPU time since `begin`, in microseconds, of all threads. */
  end() {
    const { user, system } = process.cpuUsage(before);
    return user + system;
  },
  beginCounting: () => operations.begin(),
  /** Store operations since `beginCounting`. */
  endCounting: () => operations.end(),
  async close() {
    await app.close();
  },
});
