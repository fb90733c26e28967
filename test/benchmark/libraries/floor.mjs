import { AsyncLocalStorage } from 'node:async_hooks';
import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createParamDecorator, Module, Query } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { basketOf } from '../support/payload.mjs';

const TOKEN = /floor=([0-9a-f]{32})\.([\w-]{43})/;

const storage = new AsyncLocalStorage();
const records = new Map();

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
  const http = execution.switchToHttp();
  const response = http.getResponse().raw ?? http.getResponse();
  guard(response);
  response.setHeader('Vary', 'Cookie');
  const session = storage.getStore();
  session.response = response;
  session.record = await recordOf(http.getRequest().headers.cookie);
  session.data = session.record ? JSON.parse(session.record.text) : {};
  return session;
});

function guard(response) {
  const { writeHead, write, end, flushHeaders } = response;
  response.writeHead = (...args) => writeHead.apply(response, args);
  response.write = (...args) => write.apply(response, args);
  response.end = (...args) => end.apply(response, args);
  response.flushHeaders = (...args) => flushHeaders.apply(response, args);
}

/** A stored secret is none that could be presented. */
async function recordOf(cookie) {
  const [, id, secret] = TOKEN.exec(cookie ?? '') ?? [];
  const record = records.get(id);
  return record && timingSafeEqual(record.hash, digest(secret)) ? record : undefined;
}

async function commit({ record, data }) {
  record.text = JSON.stringify(data);
}

async function begin(session, data) {
  const [id, secret] = [randomBytes(16).toString('hex'), randomBytes(32).toString('base64url')];
  records.set(id, { hash: digest(secret), text: JSON.stringify(data) });
  session.response.setHeader('Set-Cookie', `floor=${id}.${secret}; Path=/; HttpOnly; SameSite=Lax`);
}

function digest(secret) {
  return hash('sha256', secret, 'buffer');
}

/**
 * What any session module costs that is mounted as ours is and keeps what ours promises, without all else: middleware,
 * AsyncLocalStorage and a global interceptor; for handlers that ask for the session also a parameter that is awaited, a
 * token that is hashed and compared in constant time, data that is read and written as JSON, a header for caches, and
 * methods of its own on the response, without which nothing can be stored before the answer leaves. Its store is a `Map`.
 */
export async function create() {
  return {
    imports: [FloorModule],
    parameters: [Loaded(), Query()],
    actions: {
      read: ({ data }) => ({ user: data.user }),
      async write(session) {
        session.data.count++;
        await commit(session);
        return { user: 'ann' };
      },
      async login(session) {
        await begin(session, { user: 'ann' });
        return { user: 'ann' };
      },
      async fill(session, { bytes }) {
        await begin(session, { user: 'ann', count: 0, basket: basketOf(Number(bytes)) });
        return { user: 'ann' };
      },
    },
  };
}
