import { setTimeout as delay } from 'node:timers/promises';
import { Query, Req } from '@nestjs/common';
import { basketOf } from '../support/payload.mjs';
import { RACE_WORK } from '../support/routes.mjs';

/** What handlers do with the `req.session` of express-session and its kind; `renew` makes the session another one. */
export function requestSession(renew) {
  return {
    parameters: [Req(), Query()],
    actions: {
      read: (request) => ({ user: request.session.user }),
      write(request) {
        request.session.count = (request.session.count ?? 0) + 1;
        return { user: 'ann' };
      },
      async login(request) {
        await renew(request);
        request.session.user = 'ann';
        return { user: 'ann' };
      },
      fill(request, { bytes }) {
        Object.assign(request.session, { user: 'ann', count: 0, basket: basketOf(Number(bytes)) });
        return { user: 'ann' };
      },
      async race(request, { key }) {
        const seen = Object.keys(request.session).length;
        await delay(RACE_WORK);
        request.session[key] = 1;
        return { seen };
      },
      keys: (request) => Object.keys(request.session),
    },
  };
}

/** A promise of what a method would tell its callback. */
export function called(start) {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
