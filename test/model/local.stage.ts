import type { AbstractHttpAdapter } from '@nestjs/core';
import type { SessionStoreDefinition } from 'nest-sessions';
import type { Stage } from './stage.js';
import { Station, type News } from './station.js';

/** A station in this process. */
export async function localStage(
  adapter: AbstractHttpAdapter,
  store: SessionStoreDefinition,
): Promise<Stage & { close(): Promise<void> }> {
  let listener: (news: News) => void = () => undefined;
  const station = await Station.open(adapter, store, (news) => listener(news));
  return {
    origin: station.origin,
    send: (order) => station.order(order),
    listen: (next) => void (listener = next),
    close: () => station.close(),
  };
}
