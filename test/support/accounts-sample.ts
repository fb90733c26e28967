import { SampleProcess } from './sample-process.js';

const NAME = '03-accounts';

export type AccountsSample = SampleProcess;

/** The accounts sample in a process of its own. */
export const AccountsSample = {
  build: () => SampleProcess.build(NAME),
  start: (database: string, env: Record<string, string> = {}) =>
    SampleProcess.start(NAME, 'accounts.test', { DATABASE: database, ...env }),
};
