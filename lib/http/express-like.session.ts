import { inspect } from 'node:util';
import type { ExpressLikeCookie } from './express-like-cookie.interface.js';
import type { ExpressLikeSession } from './express-like-session.interface.js';
import { ExpressLikeData } from './express-like.data.js';
import type { ExpressLikeScope } from './express-like.scope.js';

type Callback = (error: unknown) => void;

const STATE = Symbol('state');

/** A new `req.session` object. */
export function expressLikeSession(scope: ExpressLikeScope): ExpressLikeSession {
  return new Proxy(new SessionFacade(scope), handler) as unknown as ExpressLikeSession;
}

/** What there is beside the data. What the members promise stands at the interface `ExpressLikeSession`. */
class SessionFacade {
  // No private field: its methods are called on the proxy, which has none.
  readonly [STATE]: { readonly scope: ExpressLikeScope; readonly data: ExpressLikeData };

  constructor(scope: ExpressLikeScope) {
    this[STATE] = { scope, data: new ExpressLikeData(scope) };
  }

  get id(): string {
    return this[STATE].scope.session.id ?? '';
  }

  get cookie(): ExpressLikeCookie {
    return this[STATE].scope.cookie;
  }

  regenerate(callback?: Callback): this {
    const { scope, data } = this[STATE];
    const before = data.toJSON();
    const startAnew = async () => {
      await scope.session.flush();
      data.keep(before);
      scope.begin(expressLikeSession(scope));
    };
    scope.report(startAnew(), callback);
    return this;
  }

  destroy(callback?: Callback): this {
    const { scope, data } = this[STATE];
    data.keep(data.toJSON());
    scope.end();
    scope.report(scope.session.flush(), callback);
    return this;
  }

  reload(callback?: Callback): this {
    const { scope } = this[STATE];
    scope.report(scope.session.reload(), callback);
    return this;
  }

  save(callback?: Callback): this {
    const { scope } = this[STATE];
    scope.report(scope.session.save(), callback);
    return this;
  }

  touch(): this {
    return this;
  }

  resetMaxAge(): this {
    return this;
  }

  toJSON(): Record<string, unknown> {
    return this[STATE].data.toJSON();
  }

  [inspect.custom](): string {
    return `req.${inspect(this[STATE].scope.session)}`;
  }
}

const MEMBERS: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(SessionFacade.prototype).filter((name) => name !== 'constructor'),
);

/** Whether it can be a key of the data. */
function isData(key: PropertyKey): key is string {
  return typeof key === 'string' && !MEMBERS.has(key);
}

const handler: ProxyHandler<SessionFacade> = {
  get(target, key, receiver) {
    const { data } = target[STATE];
    return isData(key) && data.has(key) ? data.get(key) : Reflect.get(target, key, receiver);
  },
  has: (target, key) => Reflect.has(target, key) || (isData(key) && target[STATE].data.has(key)),
  set(target, key, value) {
    if (typeof key === 'symbol') {
      return Reflect.set(target, key, value);
    }
    if (MEMBERS.has(key)) {
      throw new TypeError(
        `req.session.${key} is no place for data: use another key, or session.data.${key}.`,
      );
    }
    target[STATE].data.set(key, value);
    return true;
  },
  deleteProperty(target, key) {
    if (isData(key)) {
      target[STATE].data.delete(key);
    }
    return true;
  },
  ownKeys: (target) => target[STATE].data.keys().filter(isData),
  getOwnPropertyDescriptor(target, key) {
    const { data } = target[STATE];
    return isData(key) && data.has(key)
      ? { value: data.get(key), writable: true, enumerable: true, configurable: true }
      : undefined;
  },
};
