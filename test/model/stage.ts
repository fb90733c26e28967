import type { News, Order } from './station.js';

/** An application that programs run on. */
export interface Stage {
  readonly origin: string;
  send(order: Order): void;
  /** Who is told what happens there. */
  listen(listener: (news: News) => void): void;
}
