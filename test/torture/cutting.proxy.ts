import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between applications and a server, and cuts their connections, also in the middle of a message. */
export class CuttingProxy {
  readonly #lines = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** How many bytes may still pass, in any direction, before the line that they pass is cut. */
  #allowance = Infinity;

  constructor(private readonly target: number) {}

  get port(): number {
    return this.#port;
  }

  /** Listens, on the same port as before. */
  async open(): Promise<void> {
    const server = createServer((near) => this.#join(near, connect(this.target, '127.0.0.1')));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    this.#lines.forEach((socket) => socket.destroy());
  }

  /** Cuts the connection that passes this byte, counted from now. */
  cutAfter(bytes: number): void {
    this.#allowance = bytes;
  }

  /** Cuts every connection and refuses new ones. */
  async shut(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    this.cut();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#lines.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (bytes) => this.#pass(bytes, from, to));
      from.on('end', () => to.end());
      from.on('close', () => {
        this.#lines.delete(from);
        to.destroy();
      });
    }
  }

  #pass(bytes: Buffer, from: Socket, to: Socket): void {
    if (bytes.length <= this.#allowance) {
      this.#allowance -= bytes.length;
      to.write(bytes);
      return;
    }
    const part = bytes.subarray(0, this.#allowance);
    this.#allowance = Infinity;
    // What has come through arrives, and nothing after it.
    to.write(part, () => to.destroy());
    from.destroy();
  }
}
