import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { SessionRepository } from './core/session.repository.js';
import type { ResolvedOptions } from './options/resolve-options.js';
import { RESOLVED_SESSION_OPTIONS } from './session.constants.js';

/**
 * Clears expired sessions from time to time, in batches and one sweep at a time. The times are jittered, so that many
 * instances do not sweep together; that several do so now and then is harmless.
 */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(SessionSweeper.name);
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweep: Promise<void> | undefined;

  constructor(
    private readonly repository: SessionRepository,
    @Inject(RESOLVED_SESSION_OPTIONS) private readonly options: ResolvedOptions,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule();
  }

  /** Lets the batch that is running end, and no other begin. */
  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#sweep;
  }

  #schedule(): void {
    const { cleanup } = this.options;
    if (!cleanup || this.repository.store.forgetsExpired || this.#stop.signal.aborted) {
      return;
    }
    // Between half and one and a half times the interval.
    const delay = cleanup.every * (0.5 + Math.random());
    this.#timer = setTimeout(() => {
      this.#sweep = this.#run(cleanup.batchSize).finally(() => this.#schedule());
    }, delay);
    // The process may end although a sweep is due some time.
    this.#timer.unref();
  }

  async #run(batchSize: number): Promise<void> {
    try {
      const count = await this.repository.clearExpired({ batchSize, signal: this.#stop.signal });
      if (count > 0) {
        this.#logger.debug(`Cleared ${count} expired sessions.`);
      }
    } catch (error) {
      const { cause = error } = error as { cause?: unknown };
      this.#logger.warn(
        `Expired sessions could not be cleared; the next sweep tries again: ${String(cause)}`,
      );
    }
  }
}
