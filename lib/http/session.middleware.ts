import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { HttpRequest } from './http-exchange.interface.js';
import { RequestSession } from './request-session.js';
import { SessionHttp } from './session-http.js';

/** Opens the context in which everything that belongs to the request finds its session. */
@Injectable()
export class SessionMiddleware implements NestMiddleware<HttpRequest, ServerResponse> {
  constructor(private readonly http: SessionHttp) {}

  use(request: HttpRequest, response: ServerResponse, next: () => void): void {
    new RequestSession(this.http, request, response).run(next);
  }
}
