import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * A raw request as middleware sees it on either adapter: Express extends it, and Fastify's middleware engine copies the
 * same properties onto it. Both honour the framework's own trust-proxy setting.
 */
export interface HttpRequest extends IncomingMessage {
  readonly ip?: string;
  readonly protocol?: string;
}

/** One request with its response. */
export interface HttpExchange {
  readonly request: HttpRequest;
  readonly response: ServerResponse;
}

/** Whether the client speaks TLS, to us or to a proxy that the framework was told to trust. */
export function isSecure(request: HttpRequest): boolean {
  return request.protocol === 'https' || ('encrypted' in request.socket && request.socket.encrypted === true);
}
