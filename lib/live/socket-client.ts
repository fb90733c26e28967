import type { HttpRequest } from '../http/http-exchange.interface.js';

/** A connected socket, whichever library it is of. */
export interface SocketClient {
  /** The request that has opened it. */
  readonly handshake: HttpRequest;
  /** Has every message that comes go through this, which delivers it or does not. */
  onMessage(dispatch: (deliver: () => void) => void): void;
  onClose(listener: () => void): void;
  /** Closes it because it is not allowed (any more). */
  close(reason: string): void;
}

/** What we need of a socket of socket.io. */
interface IoSocket {
  readonly request: HttpRequest;
  use(middleware: (packet: unknown, next: () => void) => void): void;
  once(event: 'disconnect', listener: () => void): void;
  disconnect(close: boolean): void;
}

/** What we need of a socket of ws. */
interface WsSocket {
  handshake?: unknown;
  emit(event: string, ...args: unknown[]): boolean;
  once(event: 'close', listener: () => void): void;
  close(code: number, reason: string): void;
}

/** RFC 6455, section 7.4.1: a message, or here a socket, that violates a policy. */
const POLICY_VIOLATION = 1008;

/** The socket that a gateway's `handleConnection` is given; `undefined` when it is of an unknown library. */
export function socketClient(args: readonly unknown[]): SocketClient | undefined {
  const [client, request] = args as [Partial<IoSocket & WsSocket>, HttpRequest | undefined];
  if (typeof client.use === 'function' && typeof client.disconnect === 'function') {
    return ofSocketIo(client as IoSocket);
  }
  return request?.headers && typeof client.close === 'function' && typeof client.emit === 'function'
    ? ofWs(client as WsSocket, request)
    : undefined;
}

function ofSocketIo(client: IoSocket): SocketClient {
  return {
    handshake: client.request,
    onMessage: (dispatch) => client.use((_packet, next) => dispatch(next)),
    onClose: (listener) => client.once('disconnect', listener),
    close: () => client.disconnect(true),
  };
}

function ofWs(client: WsSocket, request: HttpRequest): SocketClient {
  // As on a socket of socket.io: ws shows the request to who is told of the connection, and to nobody later.
  client.handshake ??= { headers: request.headers, url: request.url };
  return {
    handshake: request,
    onMessage: (dispatch) => {
      const emit = client.emit.bind(client);
      client.emit = (event, ...args) => {
        if (event !== 'message') {
          return emit(event, ...args);
        }
        dispatch(() => emit(event, ...args));
        return true;
      };
    },
    onClose: (listener) => client.once('close', listener),
    close: (reason) => client.close(POLICY_VIOLATION, reason),
  };
}
