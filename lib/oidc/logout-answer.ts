import type { ServerResponse } from 'node:http';

/** What the provider is told (OpenID Connect Back-Channel Logout 1.0, section 2.8). */
export interface LogoutAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** None where all went well. */
  readonly problem?: { readonly error: string; readonly error_description: string };
}

export function sendAnswer(response: ServerResponse, { status, headers = {}, problem }: LogoutAnswer): void {
  const body = problem ? JSON.stringify(problem) : '';
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    ...(problem && { 'Content-Type': 'application/json; charset=utf-8' }),
    'Content-Length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
