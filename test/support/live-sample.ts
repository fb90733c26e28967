import { SampleProcess } from './sample-process.js';

const NAME = '06-live';

export type LiveSample = SampleProcess;

/** The live sample in a process of its own. */
export const LiveSample = {
  build: () => SampleProcess.build(NAME),
  start: (database: string, env: Record<string, string> = {}) =>
    SampleProcess.start(NAME, 'live.test', { DATABASE: database, ...env }),
};
