import { describe } from 'node:test';
import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** What an application may run on here. */
export interface Adapter {
  readonly name: string;
  make(): AbstractHttpAdapter;
  /** Why it cannot be used here. */
  readonly unavailable?: string;
}

/** The name under which the package `express` is installed in version 4, beside that of the platform. */
const EXPRESS_4: string = 'express4';

const express: Adapter = { name: 'Express', make: () => new ExpressAdapter() };
const fastify: Adapter = {
  name: 'Fastify',
  make: () => new FastifyAdapter() as unknown as AbstractHttpAdapter,
};

const known: readonly Adapter[] = [express, fastify, await express4()];

/** The adapters of the platforms, and one on Express 4, if NestJS runs on that at all. */
export const adapters = known.filter(({ unavailable }) => unavailable === undefined);

for (const { name, unavailable } of known.filter((adapter) => !adapters.includes(adapter))) {
  describe(`Everything (${name})`, { skip: unavailable }, () => undefined);
}

async function express4(): Promise<Adapter> {
  const { default: create } = (await import(EXPRESS_4)) as { default: () => object };
  const make = () => new ExpressAdapter(create());
  return { name: 'Express 4', make, unavailable: await whyNot(make) };
}

/** What keeps NestJS alone, without a package of ours, from running middleware on every path of the adapter. */
async function whyNot(make: () => AbstractHttpAdapter): Promise<string | undefined> {
  let status = 'not called' as 'not called' | 'called';

  @Module({})
  class BareModule implements NestModule {
    configure(consumer: MiddlewareConsumer) {
      const middleware = (_request: unknown, _response: unknown, next: () => void) => {
        status = 'called';
        next();
      };
      consumer.apply(middleware).forRoutes('{*splat}');
    }
  }

  const app = await NestFactory.create(BareModule, make(), { logger: false, abortOnError: false });
  try {
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as { port: number };
    await (await fetch(`http://127.0.0.1:${port}/somewhere`)).arrayBuffer();
    return status === 'called' ? undefined : 'NestJS calls no middleware on it';
  } catch (error) {
    return `NestJS does not run on it: ${String(error).split('\n', 1)[0]}`;
  } finally {
    await app.close();
  }
}
