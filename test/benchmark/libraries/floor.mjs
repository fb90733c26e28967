import { AsyncLocalStorage } from 'node:async_hooks';
import { createParamDecorator, Module, Query } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import * as bare from './bare.mjs';

const storage = new AsyncLocalStorage();

class FloorMiddleware {
  use(_request, _response, next) {
    storage.run({}, next);
  }
}

class FloorInterceptor {
  intercept(_execution, next) {
    return next.handle();
  }
}

class FloorModule {
  configure(consumer) {
    consumer.apply(FloorMiddleware).forRoutes('{*splat}');
  }
}
Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: FloorInterceptor }] })(FloorModule);

/** A session that has to be loaded comes as a promise. */
const Loaded = createParamDecorator(async () => storage.getStore());

/**
 * What any session module costs that is mounted as ours is: middleware, AsyncLocalStorage, a global interceptor, and for
 * handlers that ask for it a parameter that is awaited.
 */
export async function create() {
  return { ...(await bare.create()), imports: [FloorModule], parameters: [Loaded(), Query()] };
}
