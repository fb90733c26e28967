import cookieSession from 'cookie-session';
import { FORTNIGHT } from './express-session.mjs';
import { requestSession } from './request-session.mjs';

/** The session in a signed cookie. */
export async function create() {
  return {
    ...requestSession((request) => {
      request.session = {};
    }),
    mount: (app) =>
      app.use(
        cookieSession({
          keys: ['the key that signs the cookies of the benchmark'],
          maxAge: FORTNIGHT,
          sameSite: 'lax',
        }),
      ),
  };
}
