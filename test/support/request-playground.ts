import { AsyncResource } from 'node:async_hooks';
import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { memoryStore, type ExpressLikeSession, type SessionModuleOptions } from 'nest-sessions';
import { playground, type Playground } from './playground.js';
import type { serve } from './serve.js';

/** What a handler finds on either adapter's request. */
export interface ExpressLikeRequest {
  session: ExpressLikeSession;
  readonly sessionID: string;
}

type Step = (request: ExpressLikeRequest) => unknown;

/** A playground in which handlers take the request, and `req.session` from it. */
export interface RequestPlayground extends Playground {
  /** Makes `POST /req/name` do this. */
  onRequest(name: string, step: Step): void;
}

interface RequestPlaygroundOptions {
  readonly adapter: AbstractHttpAdapter;
  readonly session?: Omit<SessionModuleOptions, 'store'>;
  readonly serve?: Partial<Parameters<typeof serve>[0]>;
}

export async function requestPlayground(options: RequestPlaygroundOptions): Promise<RequestPlayground> {
  const steps = new Map<string, Step>();

  @Controller('req')
  class RequestController {
    @Post(':step')
    @HttpCode(200)
    take(@Req() request: ExpressLikeRequest, @Param('step') name: string) {
      return steps.get(name)!(request);
    }
  }

  const place = await playground({
    adapter: options.adapter,
    store: memoryStore(),
    session: { requestSession: true, ...options.session },
    serve: { ...options.serve, controllers: [RequestController, ...(options.serve?.controllers ?? [])] },
  });
  return { ...place, onRequest: (name, step) => void steps.set(name, step) };
}

/** What a function that takes a callback comes to. */
export function done(start: (callback: (error: any) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error as Error) : resolve()));
  });
}

const nowhere = new AsyncResource('nowhere');

/** Calls something where no request is running. */
export function outsideOfRequests<T>(work: () => T): T {
  return nowhere.runInAsyncScope(work);
}
