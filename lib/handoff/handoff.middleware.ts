import type { NestMiddleware } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { SessionContext } from '../core/session-context.js';
import { SessionContextError } from '../core/session.errors.js';
import { clientOf } from '../http/client-of.js';
import type { HttpRequest } from '../http/http-exchange.interface.js';
import { RequestSession } from '../http/request-session.js';
import { sendAnswer, type HandoffAnswer } from './handoff-answer.js';
import type { HandoffEndpoint } from './handoff-endpoint.js';
import { announce } from './handoff-events.js';
import { HandoffRefusal, HandoffUnavailableError } from './handoff.errors.js';
import { refuseUnlessNavigation } from './navigation.js';

/**
 * Serves a route before any guard, pipe or interceptor of the application could stand in its way: whoever hands a login
 * over is not logged in yet, and servers have no cookies.
 */
export class HandoffMiddleware implements NestMiddleware<HttpRequest, ServerResponse> {
  constructor(
    private readonly endpoint: HandoffEndpoint,
    /** Where a browser begins again after a failure, as seen from the route. */
    private readonly startAgain: string | undefined,
  ) {}

  use(_request: HttpRequest, response: ServerResponse, next: (error?: unknown) => void): void {
    const exchange = SessionContext.current();
    if (!(exchange instanceof RequestSession)) {
      next(new SessionContextError());
      return;
    }
    this.#answer(exchange)
      .then((answer) => sendAnswer(response, answer))
      .then(undefined, next);
  }

  async #answer(exchange: RequestSession): Promise<HandoffAnswer> {
    const { endpoint } = this;
    const { request } = exchange;
    try {
      if (request.method !== endpoint.method) {
        exchange.response.setHeader('Allow', endpoint.method);
        throw new HandoffRefusal('HANDOFF_REQUEST', `Expected ${endpoint.method}.`, 405);
      }
      if (endpoint.method === 'GET') {
        refuseUnlessNavigation(request);
      }
      return await endpoint.handle(exchange);
    } catch (error) {
      return this.#refusal(error, exchange);
    }
  }

  #refusal(error: unknown, exchange: RequestSession): HandoffAnswer {
    // Nothing of a login that has failed is committed, whoever says so.
    exchange.drop();
    const { errorCode, message, status } = refusalIn(error);
    announce({ type: 'refused', errorCode, message, ip: clientOf(exchange.request).ip });
    if (this.endpoint.method === 'POST') {
      return { kind: 'json', status, body: { statusCode: status, errorCode, message } };
    }
    return {
      kind: 'page',
      status,
      page: {
        title: 'You are not logged in',
        text: message,
        ...(this.startAgain !== undefined && { link: { href: this.startAgain, label: 'Start again' } }),
      },
    };
  }
}

/** What is nobody's fault goes on to the exception filters. */
function refusalIn(error: unknown): Pick<HandoffRefusal, 'errorCode' | 'message' | 'status'> {
  if (error instanceof HandoffRefusal) {
    return error;
  }
  if (error instanceof HandoffUnavailableError) {
    return { errorCode: 'HANDOFF_UNAVAILABLE', message: error.message, status: 503 };
  }
  throw error;
}
