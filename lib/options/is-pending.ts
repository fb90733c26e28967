/** Whether a rule has answered with a promise. Nobody waits for it, and its rejection must not end the process. */
export function isPending<T>(answer: T | Promise<T>): answer is Promise<T> {
  const { then } = Object(answer);
  if (typeof then !== 'function') {
    return false;
  }
  then.call(answer, undefined, () => undefined);
  return true;
}
