import { Inject, UseInterceptors } from '@nestjs/common';
import { LiveSockets } from './live-sockets.js';
import { SocketMessageInterceptor } from './socket-message.interceptor.js';

const SOCKETS = Symbol('nest-sessions:sockets');

/** A gateway as Nest calls it. */
interface Gateway {
  [SOCKETS]?: LiveSockets;
  handleConnection?(...args: unknown[]): unknown;
}

/**
 * Gives the message handlers of a gateway, of socket.io or ws, the session of the handshake: `@Session()`,
 * `SessionService.current()` and the guards work in them, and in `handleConnection`.
 *
 * Each message gets the session as it is then, and is committed before its answer; what a handler has changed that throws
 * is dropped. No token travels by a socket: starting a session, `regenerate()` and `login()` are a
 * `SessionUndeliverableError`, and a socket without a session reads an empty one. When the session ends, the socket is
 * closed (ws: code 1008), at once in this process and within `sockets.revalidateEvery` elsewhere. A handshake from a page
 * of another origin, unless `sockets.trustedOrigins` has it, is refused the same way before the session is read.
 *
 * @publicApi
 */
export const WithSession = (): ClassDecorator => (gateway) => {
  const prototype = gateway.prototype as Gateway;
  Inject(LiveSockets)(prototype, SOCKETS);
  UseInterceptors(new SocketMessageInterceptor())(gateway);
  const { handleConnection } = prototype;
  prototype.handleConnection = function (...args) {
    return this[SOCKETS]!.connect(args, handleConnection && (() => handleConnection.apply(this, args)));
  };
};
