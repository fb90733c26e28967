import { channel } from 'node:diagnostics_channel';
import { Logger } from '@nestjs/common';
import type { HttpRequest } from '../http/http-exchange.interface.js';
import type { CsrfRefusal } from './csrf-decision.js';
import type { CsrfErrorCode } from './csrf.errors.js';
import { show } from './show.js';

/** The name of the `node:diagnostics_channel` that carries every {@link CsrfEvent}. */
export const CSRF_CHANNEL = 'nest-sessions:csrf';

/**
 * A request was refused, or would have been were it not for `reportOnly`. It carries no token and no query.
 *
 * @publicApi
 */
export interface CsrfEvent {
  readonly type: 'refused' | 'reported';
  readonly errorCode: CsrfErrorCode;
  /** What was expected and what came. */
  readonly message: string;
  readonly method: string;
  readonly path: string;
  readonly ip: string | null;
}

const LONGEST_PATH = 200;
const refusals = channel(CSRF_CHANNEL);
const logger = new Logger('CsrfModule');

/** Tells of a refusal in the log, and on `node:diagnostics_channel`. Django: the logger `django.security.csrf`. */
export function announce(type: CsrfEvent['type'], refusal: CsrfRefusal, request: HttpRequest): void {
  const { errorCode, message } = refusal;
  const { method = '', url = '' } = request;
  const path = ((request as { originalUrl?: string }).originalUrl ?? url)
    .split('?', 1)[0]!
    .slice(0, LONGEST_PATH);
  const verb = type === 'refused' ? 'Refused' : 'Would refuse';
  logger.warn(`${verb} ${method} ${show(path)}: ${message} (${errorCode})`);
  if (refusals.hasSubscribers) {
    const event: CsrfEvent = { type, errorCode, message, method, path, ip: request.ip ?? null };
    refusals.publish(event);
  }
}
