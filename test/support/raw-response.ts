import type { ServerResponse } from 'node:http';

/** Node's own response behind what a handler gets from `@Res()` on either adapter. */
export function rawResponse(response: any): ServerResponse {
  return response.raw ?? response;
}

/** The same, taken out of the framework's hands: Fastify has to be told. */
export function hijack(response: any): ServerResponse {
  response.hijack?.();
  return rawResponse(response);
}
