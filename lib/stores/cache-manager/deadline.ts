import { messages } from './cache-manager.messages.js';

/** The time that one verb has. What begins after it is refused, and who waits longer is told. */
export class Deadline {
  private isOver = false;
  private readonly timer: NodeJS.Timeout;
  private readonly late: Promise<never>;

  constructor(private readonly timeout: number) {
    const { promise, reject } = withReject();
    this.late = promise;
    this.timer = setTimeout(() => {
      this.isOver = true;
      reject(this.error());
    }, timeout);
    // It is looked at only while somebody waits.
    this.late.catch(() => undefined);
  }

  /** Does the work unless it is too late, and waits for it no longer than there is time. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOver) throw this.error();
    return Promise.race([work(), this.late]);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private error(): Error {
    return new Error(messages.noAnswer(this.timeout));
  }
}

function withReject() {
  let reject!: (reason: Error) => void;
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}
