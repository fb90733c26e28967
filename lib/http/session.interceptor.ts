import {
  HttpException,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { RESPONSE_PASSTHROUGH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { catchError, concatMap, from, Observable } from 'rxjs';
import { SessionContext } from '../core/session-context.js';
import { graphqlField } from './graphql-field.js';
import { RequestSession } from './request-session.js';
import { SESSION_LOCK } from './session-lock.decorator.js';
import { settling } from './settling.js';

/**
 * Commits when the handler is done and before anything is sent, so that a failing store is an exception like any other.
 * What it does not see (guards, filters, 404) is the response gate's, and so is a failure under `@Res()`: the handler
 * may be answering already, and a filter's answer would get into its way.
 *
 * Of GraphQL it sees resolvers, many of which may share one response. Those of a mutation run one after the other, and
 * each is committed, or dropped, like a request. Those of a query run side by side, where the end of one says nothing of
 * what the others are about: they are left to the gate.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor {
  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const context = SessionContext.current();
    if (!(context instanceof RequestSession)) {
      return next.handle();
    }
    const field = graphqlField(execution);
    const committed = field === 'field' ? next.handle() : this.#commit(context, execution, next);
    const settled = field === 'mutation' ? committed.pipe(catchError(dropping(context))) : committed;
    return isLocked(execution) ? locked(context, settled) : settled;
  }

  #commit(context: RequestSession, execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      settling(() =>
        context.settle()?.catch((error: unknown) => {
          if (!answersByItself(execution)) {
            if (isRefusal(error)) {
              context.drop();
            }
            throw error;
          }
        }),
      ),
    );
  }
}

/** Whoever leaves while waiting for the lock is given it none the less, and has to let it go. */
function locked<T>(context: RequestSession, handling: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    const entered = context.lock();
    from(entered)
      .pipe(concatMap(() => handling))
      .subscribe(subscriber);
    return () => {
      entered.then(
        (leave) => leave(),
        () => undefined,
      );
    };
  });
}

/**
 * Whether the changes themselves were refused, as a failing store refuses nothing: then a filter that answers 200 would
 * hide a lost write, and the response is to try again, and to fail.
 */
function isRefusal(error: unknown): boolean {
  return error instanceof HttpException && error.getStatus() < 500;
}

/** A resolver's failure does not show in the status of the response: by this rule the status would be 500 or above. */
function dropping(context: RequestSession): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof HttpException) || error.getStatus() >= 500) {
      context.drop();
    }
    throw error;
  };
}

function isLocked(execution: ExecutionContext): boolean {
  return hasLock(execution.getHandler()) || hasLock(execution.getClass());
}

/** What is asked with every request, and takes long to find out. */
const locks = new WeakMap<object, boolean>();

function hasLock(target: object): boolean {
  let isLock = locks.get(target);
  if (isLock === undefined) {
    isLock = Reflect.hasMetadata(SESSION_LOCK, target);
    locks.set(target, isLock);
  }
  return isLock;
}

/** Whether the handler has taken the response into its own hands, by the rule that Nest itself goes by. */
function answersByItself(execution: ExecutionContext): boolean {
  if (execution.getType() !== 'http') {
    return false;
  }
  const target = execution.getClass();
  const { name } = execution.getHandler();
  const parameters: object = Reflect.getMetadata(ROUTE_ARGS_METADATA, target, name) ?? {};
  const kinds = Object.keys(parameters).map((key) => Number(key.split(':')[0]));
  return (
    (kinds.includes(RouteParamtypes.RESPONSE) || kinds.includes(RouteParamtypes.NEXT)) &&
    !Reflect.getMetadata(RESPONSE_PASSTHROUGH_METADATA, target, name)
  );
}
