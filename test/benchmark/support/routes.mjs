import { Controller, Get, HttpCode, Post } from '@nestjs/common';

const ROUTES = { unused: Get, read: Get, write: Post, login: Post, fill: Post, race: Post, keys: Get };

/** How long a handler of a race works between reading its session and writing it, in milliseconds. */
export const RACE_WORK = 20;

/**
 * The same controller for everybody. `parameters` are the parameter decorators with which a library gives a handler its
 * session, and `actions` what the handlers do with them:
 *
 * - `read`: answers with one value of the session, `write`: changes one, `login`: starts the session of a user;
 * - `fill`: puts data of `?bytes=` into it;
 * - `race`: reads the session, works for 20 ms and then sets the key `?key=`; `keys` lists the keys.
 */
export function controllerOf({ parameters, actions }) {
  class BenchmarkController {
    unused() {
      return { user: 'ann' };
    }
  }
  const { prototype } = BenchmarkController;
  Controller()(BenchmarkController);
  for (const [name, method] of Object.entries(ROUTES)) {
    if (name !== 'unused') {
      if (!actions[name]) {
        continue;
      }
      prototype[name] = actions[name];
      parameters.forEach((decorate, index) => decorate(prototype, name, index));
    }
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    method(name)(prototype, name, descriptor);
    HttpCode(200)(prototype, name, descriptor);
  }
  return BenchmarkController;
}
