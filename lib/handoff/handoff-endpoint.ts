import type { RequestSession } from '../http/request-session.js';
import type { HandoffAnswer } from './handoff-answer.js';

/** A route of the handoff. */
export interface HandoffEndpoint {
  /** Below the global prefix. */
  readonly path: string;
  /** `GET`: visited by browsers, answered with pages. `POST`: asked by servers, answered with JSON. */
  readonly method: 'GET' | 'POST';
  handle(exchange: RequestSession): Promise<HandoffAnswer>;
}
