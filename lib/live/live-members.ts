import type { SessionEvent } from '../core/session-events.js';

/** How many sessions are asked for at once. */
const BATCH_SIZE = 20;

/** A socket that has a session. */
interface Member {
  readonly id: string | undefined;
  readonly userId: string | undefined;
  revalidate(): Promise<void>;
  end(): void;
}

/** The sockets that have a session, by its id. */
export class LiveMembers {
  readonly #sockets = new Map<string, Set<Member>>();
  #endings = 0;

  /** How many times something has ended sessions. */
  get endings(): number {
    return this.#endings;
  }

  get isEmpty(): boolean {
    return this.#sockets.size === 0;
  }

  /** @param onAdd Called whenever there is somebody to look after. */
  constructor(private readonly onAdd: () => void) {}

  add(socket: Member): void {
    const others = this.#sockets.get(socket.id!) ?? new Set();
    this.#sockets.set(socket.id!, others.add(socket));
    this.onAdd();
  }

  remove(socket: Member): void {
    const { id } = socket;
    const others = id === undefined ? undefined : this.#sockets.get(id);
    if (others?.delete(socket) && others.size === 0) {
      this.#sockets.delete(id!);
    }
  }

  /** Closes the sockets of sessions that have ended in this process. */
  see(event: SessionEvent): void {
    switch (event.type) {
      case 'revoked':
      case 'logout':
      case 'interrupted':
        return this.#end(event.id);
      case 'login':
      case 'regenerated':
        return event.previousId === undefined ? undefined : this.#end(event.previousId);
      case 'revoked-all': {
        this.#endings++;
        const sockets = [...this.#sockets.values()].flatMap((some) => [...some]);
        sockets
          .filter(({ id, userId }) => userId === event.userId && id !== event.except)
          .forEach((socket) => socket.end());
      }
    }
  }

  /** Closes the sockets of sessions that have ended elsewhere, or by time. Leaves those alone of which nobody can say. */
  async revalidate(): Promise<void> {
    const ids = [...this.#sockets.keys()];
    for (let start = 0; start < ids.length; start += BATCH_SIZE) {
      await Promise.allSettled(ids.slice(start, start + BATCH_SIZE).map((id) => this.#revalidate(id)));
    }
  }

  async #revalidate(id: string): Promise<void> {
    const [one] = this.#sockets.get(id) ?? [];
    await one?.revalidate();
    if (one && !this.#sockets.get(id)?.has(one)) {
      this.#end(id);
    }
  }

  #end(id: string): void {
    this.#endings++;
    [...(this.#sockets.get(id) ?? [])].forEach((socket) => socket.end());
  }
}
