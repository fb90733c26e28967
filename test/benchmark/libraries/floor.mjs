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

/** A session that has to be loaded comes as a promise, and what is to be stored of it holds the response up. */
const Loaded = createParamDecorator(async (_data, execution) => {
  const response = execution.switchToHttp().getResponse();
  guard(response.raw ?? response);
  return storage.getStore();
});

function guard(response) {
  const { writeHead, write, end, flushHeaders } = response;
  response.writeHead = (...args) => writeHead.apply(response, args);
  response.write = (...args) => write.apply(response, args);
  response.end = (...args) => end.apply(response, args);
  response.flushHeaders = (...args) => flushHeaders.apply(response, args);
}

/**
 * What any session module costs that is mounted as ours is: middleware, AsyncLocalStorage and a global interceptor; for
 * handlers that ask for the session also a parameter that is awaited, and methods of its own on the response, without
 * which nothing can be stored before the answer leaves.
 */
export async function create() {
  return { ...(await bare.create()), imports: [FloorModule], parameters: [Loaded(), Query()] };
}
