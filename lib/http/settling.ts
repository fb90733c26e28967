import { Observable, type MonoTypeOperatorFunction } from 'rxjs';

/**
 * Asks with every value whether there is something to wait for before it may pass. Values keep their order, and an end
 * comes after them. Where nobody is waited for, a value costs no more than a function call.
 */
export function settling<T>(settle: () => Promise<unknown> | undefined): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      let turn: Promise<void> | undefined;
      const pass = (value: T): Promise<void> | undefined => {
        try {
          const work = subscriber.closed ? undefined : settle();
          if (work) {
            return work.then(
              () => subscriber.next(value),
              (error: unknown) => subscriber.error(error),
            );
          }
          subscriber.next(value);
        } catch (error) {
          subscriber.error(error);
        }
        return undefined;
      };
      return source.subscribe({
        next(value) {
          turn = turn ? turn.then(() => pass(value)) : pass(value);
        },
        error: (error: unknown) => subscriber.error(error),
        complete() {
          if (turn) {
            void turn.then(() => subscriber.complete());
          } else {
            subscriber.complete();
          }
        },
      });
    });
}
