import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { concat, concatMap, defer, EMPTY, finalize, from, of, type Observable } from 'rxjs';
import { SessionContext } from '../core/session-context.js';
import { SocketMessage } from './socket-message.js';

/** Commits when the handler is done, before its answer goes out. What a handler has changed that throws is dropped. */
export class SocketMessageInterceptor implements NestInterceptor {
  intercept(_execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const message = SessionContext.current();
    if (!(message instanceof SocketMessage)) {
      return next.handle();
    }
    message.begin();
    const committed = (value: Observable<unknown>) => {
      const work = message.settle();
      return work ? from(work).pipe(concatMap(() => value)) : value;
    };
    return concat(
      defer(() => next.handle()).pipe(concatMap((value) => committed(of(value)))),
      // Observables may change something after the last value, or have none.
      defer(() => committed(EMPTY)),
    ).pipe(finalize(() => message.end()));
  }
}
