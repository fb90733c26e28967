import type { ServerResponse } from 'node:http';
import { SessionContext } from '../core/session-context.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { ExpressLikeScope } from './express-like.scope.js';
import { expressLikeSession } from './express-like.session.js';
import type { HttpRequest } from './http-exchange.interface.js';
import { RequestSession } from './request-session.js';

type Middleware = (
  request: HttpRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => Promise<void>;

/** Loads the session of every request, and puts it on the request as express-session does. */
export function expressLikeSessions({ cookie, settings }: ResolvedOptions): Middleware {
  return async function requestSession(request, _response, next) {
    try {
      const context = SessionContext.current();
      if (!(context instanceof RequestSession)) {
        throw new Error('requestSession: the session middleware has not seen this request.');
      }
      if ('session' in request) {
        throw new Error(
          'requestSession: there is a req.session already. Take the other session middleware (express-session?) out.',
        );
      }
      const scope = new ExpressLikeScope(context, await context.session(), cookie, settings.now);
      scope.begin(expressLikeSession(scope));
    } catch (error) {
      return next(error);
    }
    next();
  };
}
