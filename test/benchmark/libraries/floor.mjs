import { AsyncLocalStorage } from 'node:async_hooks';
import { Module } from '@nestjs/common';
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

/** What any session module costs that is mounted as ours is: middleware, AsyncLocalStorage and a global interceptor. */
export async function create() {
  return { ...(await bare.create()), imports: [FloorModule] };
}
