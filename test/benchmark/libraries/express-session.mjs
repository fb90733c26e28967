import session from 'express-session';
import { expressStore } from './express-stores.mjs';
import { called, requestSession } from './request-session.mjs';

export const FORTNIGHT = 14 * 24 * 60 * 60 * 1000;

/** As its documentation recommends: `resave` and `saveUninitialized` off. */
export function expressSession(store) {
  return session({
    store,
    secret: 'the secret that signs the cookies of the benchmark',
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: FORTNIGHT, sameSite: 'lax' },
  });
}

export async function create(context) {
  const store = await expressStore(context);
  return {
    ...requestSession((request) => called((done) => request.session.regenerate(done))),
    mount: (app) => app.use(expressSession(store)),
  };
}
