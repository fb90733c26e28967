/**
 * Calls a verb of an express-session store and waits for its answer: the first call of the callback, whatever comes
 * after it. A verb that throws or whose promise rejects has failed. A promise that resolves is the answer only of a
 * verb that does not take a callback (`arity` arguments with it): others may still be at work then.
 */
export function answerOf<T>(
  verb: (...args: any[]) => unknown,
  arity: number,
  call: (done: (error?: unknown, value?: T) => void) => unknown,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(typeof error === 'object' ? error : new Error(String(error)));
    const settle = (value: unknown) => (verb.length < arity ? resolve(value as T | undefined) : undefined);
    const returned = call((error, value) => (error ? fail(error) : resolve(value)));
    if (isPromise(returned)) returned.then(settle, fail);
  });
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
