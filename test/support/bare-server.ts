import { once } from 'node:events';
import { createServer, request, type RequestListener, type ServerResponse } from 'node:http';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface BareAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

interface Asked {
  /** Settles when the head has come. */
  readonly head: Promise<unknown>;
  readonly answer: Promise<BareAnswer>;
  received(): number;
  abort(): void;
}

/** A server without a framework, with a client of its protocol. */
export interface BareServer {
  /** Sends a GET. `received` gives the bytes of the answer so far. */
  get(headers?: Record<string, string>): Asked;
  close(): Promise<void>;
}

type Handler = (response: ServerResponse) => void;

async function listen(server: { listen(port: number, host: string): unknown; address(): unknown }) {
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serveHttp1(handle: Handler): Promise<BareServer> {
  const server = createServer((_request, response) => handle(response));
  const origin = await listen(server);
  return {
    get(headers = {}) {
      const sent = request(origin, { agent: false, headers });
      let read = () => 0;
      sent.once('socket', (socket) => (read = () => socket.bytesRead));
      sent.end();
      const head = once(sent, 'response');
      const answer = head.then(async ([response]) => ({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(await response.toArray()).toString('latin1'),
      }));
      return {
        head,
        answer,
        received: () => read(),
        abort: () => void sent.on('error', () => undefined).destroy(),
      };
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serveHttp2(handle: Handler): Promise<BareServer> {
  const listener = (_request: unknown, response: unknown) => handle(response as ServerResponse);
  const server = http2.createServer(listener as unknown as RequestListener as never);
  const client = http2.connect(await listen(server));
  return {
    get(headers = {}) {
      const stream = client.request({ ':path': '/', ...headers });
      let received = 0;
      stream.once('response', () => received++);
      const head = once(stream, 'response');
      const answer = head.then(async ([{ ':status': status, ...rest }]) => ({
        status,
        headers: rest,
        body: Buffer.concat(await stream.toArray()).toString('latin1'),
      }));
      return {
        head,
        answer,
        received: () => received,
        abort: () => stream.close(http2.constants.NGHTTP2_CANCEL),
      };
    },
    close: async () => {
      client.destroy();
      server.close();
    },
  };
}

/** Node's two protocols, for `describe.each`. */
export const protocols: { protocol: string; serve: (handle: Handler) => Promise<BareServer> }[] = [
  { protocol: 'HTTP/1.1', serve: serveHttp1 },
  { protocol: 'HTTP/2', serve: serveHttp2 },
];
