import { Presets, SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.js';

const LINE_EVERY = 10_000;

export interface ClearProgress {
  update(cleared: number): void;
  stop(): void;
}

/** A counting bar on a terminal, a line every ten thousand sessions elsewhere. How many there are is not known ahead. */
export function clearProgress({ stderr }: Terminal): ClearProgress {
  if (!stderr.isTTY) {
    let next = LINE_EVERY;
    return {
      update(cleared) {
        if (cleared >= next) {
          stderr.write(`cleared ${cleared} expired sessions so far\n`);
          next = cleared - (cleared % LINE_EVERY) + LINE_EVERY;
        }
      },
      stop: () => undefined,
    };
  }
  const bar = new SingleBar(
    {
      format: 'clearing expired sessions: {value} done, {duration_formatted}',
      stream: stderr,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  bar.start(0, 0);
  return { update: (cleared) => bar.update(cleared), stop: () => bar.stop() };
}
