import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Both adapters, for `describe.each`. An adapter serves one application, so each test makes its own. */
export const adapters: { adapter: string; make: () => AbstractHttpAdapter }[] = [
  { adapter: 'Express', make: () => new ExpressAdapter() },
  { adapter: 'Fastify', make: () => new FastifyAdapter() as unknown as AbstractHttpAdapter },
];
