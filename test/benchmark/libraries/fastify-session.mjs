import cookie from '@fastify/cookie';
import session from '@fastify/session';
import { FORTNIGHT } from './express-session.mjs';
import { expressStore } from './express-stores.mjs';
import { requestSession } from './request-session.mjs';

/**
 * `saveUninitialized` off, as for express-session. `rolling` is on by default there: every response stores the session
 * again and sends the cookie.
 */
export async function create(context, { rolling = true } = {}) {
  const store = context.store === 'memory' ? watchedMemory(context.operations) : await expressStore(context);
  return {
    ...requestSession((request) => request.session.regenerate()),
    async mount(app) {
      await app.register(cookie);
      await app.register(session, {
        store,
        secret: 'the secret that signs the cookies of the benchmark',
        saveUninitialized: false,
        rolling,
        cookie: { maxAge: FORTNIGHT, sameSite: 'lax', secure: false },
      });
    },
  };
}

function watchedMemory(operations) {
  const store = new session.MemoryStore();
  operations.watch(store, ['get', 'set', 'destroy']);
  return store;
}
