import type { HttpRequest } from '../http/http-exchange.interface.js';
import { HandoffRefusal } from './handoff.errors.js';

/** The header of the Fetch standard, and what browsers said before there was one. */
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];

/**
 * Lets through what a person does with a page as a whole. Nothing is done for a prefetch, which nobody has asked for, nor
 * inside a frame, where nobody sees what they agree to (W3C Fetch Metadata; Sec-Purpose of the Fetch standard). Browsers
 * without these headers pass; cookies with `SameSite` and `frame-ancestors` keep them out of frames.
 * @throws HandoffRefusal
 */
export function refuseUnlessNavigation({ headers }: HttpRequest): void {
  if (/prefetch|prerender|preview/i.test(PURPOSES.map((name) => headers[name]).join())) {
    throw new HandoffRefusal('HANDOFF_NAVIGATION', 'A login is not fetched in advance.', 503);
  }
  const { 'sec-fetch-mode': mode = 'navigate', 'sec-fetch-dest': destination = 'document' } = headers;
  if (mode !== 'navigate' || destination !== 'document') {
    throw new HandoffRefusal(
      'HANDOFF_NAVIGATION',
      'A login is a visit of a page, not of a frame and not of a script.',
      403,
    );
  }
}
