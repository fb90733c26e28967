import { UnprocessableEntityException } from '@nestjs/common';

/**
 * What is wrong with one value of the session data. The value itself is not part of it.
 *
 * @publicApi
 */
export interface SessionDataProblem {
  /** Where it is, such as `cart.items[0].sku`; empty for the data as a whole. */
  readonly path: string;
  /** What was expected, in the words of the rule that the data breaks. */
  readonly reason: string;
}

/**
 * The data does not fit the module's option `data`. A 422 whose body names the problems, and never a value. Nothing has
 * been written, and what was refused is dropped: the session is what it was before.
 *
 * @publicApi
 */
export class SessionDataError extends UnprocessableEntityException {
  constructor(
    /** The problems, the first 20 of them. */
    readonly problems: readonly SessionDataProblem[],
    count = problems.length,
  ) {
    const list = problems.map(({ path, reason }) => (path ? `${path}: ${reason}` : reason)).join('; ');
    const more = count > problems.length ? `; and ${count - problems.length} more` : '';
    super({
      statusCode: 422,
      error: 'Unprocessable Entity',
      message: `The session data is not valid: ${list}${more}.`,
      problems,
    });
    this.name = 'SessionDataError';
  }
}
