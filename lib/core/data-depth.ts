import { SessionSerializationError } from './session.errors.js';

/** How many objects and lists may stand in each other. What writes and reads them recurses, and its stack ends. */
const DEEPEST = 1_000;
const LONGEST_PATH = 80;

/** @throws SessionSerializationError when a value is in too many others, such as those of a request's body. */
export function refuseDepth(path: string, parents: ReadonlySet<object>): void {
  if (parents.size > DEEPEST) {
    throw new SessionSerializationError(
      `${path.slice(0, LONGEST_PATH)}…`,
      `it is nested more than ${DEEPEST} levels deep`,
    );
  }
}
