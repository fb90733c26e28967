import { Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import type { SessionHttp } from '../http/session-http.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { clientOf } from '../http/client-of.js';
import { foreignOrigin } from './foreign-origin.js';
import { LiveMembers } from './live-members.js';
import { LiveSocket } from './live-socket.js';
import { socketClient } from './socket-client.js';
import { SocketMessage } from './socket-message.js';

/** What a socket came to at its handshake, once for all gateways that are told of it. */
type Admission = LiveSocket | 'refused';

/** All sockets of the application's gateways: who is let in, and who has to go because the session has ended. */
export class LiveSockets implements OnModuleDestroy {
  readonly #logger = new Logger('SessionModule');
  readonly #admissions = new WeakMap<object, Admission>();
  readonly #members = new LiveMembers(() => this.#schedule());
  #listening: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly http: SessionHttp,
    private readonly options: ResolvedOptions,
  ) {}

  /** Lets a socket in, or closes it, and tells the gateway of those that are in. */
  connect(args: readonly unknown[], tell: (() => unknown) | undefined): unknown {
    const client = args[0] as object;
    let admission = this.#admissions.get(client);
    if (!admission) {
      admission = this.#admit(args);
      this.#admissions.set(client, admission);
    }
    return admission === 'refused' ? undefined : tell && this.#tell(admission, tell);
  }

  onModuleDestroy(): void {
    this.#isClosed = true;
    this.#listening?.unsubscribe();
    clearTimeout(this.#timer);
  }

  #admit(args: readonly unknown[]): Admission {
    const client = socketClient(args);
    if (!client) {
      this.#logger.error(
        '@WithSession() knows the sockets of socket.io and ws only; this one gets no session.',
      );
      return 'refused';
    }
    const { cookie, sockets } = this.options;
    const origin = foreignOrigin(client.handshake, {
      trustedOrigins: sockets.trustedOrigins,
      needsTls: cookie.secure === true,
    });
    if (origin !== undefined) {
      const { ip } = clientOf(client.handshake);
      this.http.repository.events.emit({ type: 'foreign-origin', origin: origin.slice(0, 255), ip });
      client.onMessage(() => undefined);
      client.close('The origin is not trusted.');
      return 'refused';
    }
    this.#listening ??= this.http.repository.events.observable.subscribe((event) => this.#members.see(event));
    return new LiveSocket(client, this.http, this.#members);
  }

  /** Runs a gateway's `handleConnection` like the handler of a message. Nest does not wait for it. */
  #tell(socket: LiveSocket, tell: () => unknown): unknown {
    const message = new SocketMessage(socket);
    const result = message.run(tell);
    return Promise.resolve(result)
      .then(() => message.settle())
      .catch((error: unknown) => {
        // Rejected, it would end the process.
        this.#logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      });
  }

  #schedule(): void {
    if (this.#timer || this.#isClosed || this.#members.isEmpty) {
      return;
    }
    // Between half of the interval and all of it, so that many instances do not ask together.
    const delay = this.options.sockets.revalidateEvery * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#revalidate(), delay);
    this.#timer.unref();
  }

  async #revalidate(): Promise<void> {
    await this.#members.revalidate();
    this.#timer = undefined;
    this.#schedule();
  }
}
