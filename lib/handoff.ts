export { HANDOFF_CHANNEL, type HandoffEvent } from './handoff/handoff-events.js';
export type {
  HandoffAsyncOptions,
  HandoffAudience,
  HandoffConsumerOptions,
  HandoffIssuerOptions,
  HandoffLogin,
  HandoffOptionsFactory,
} from './handoff/handoff-options.interface.js';
export {
  HandoffOptionsError,
  HandoffUnavailableError,
  type HandoffErrorCode,
} from './handoff/handoff.errors.js';
export { HandoffModule } from './handoff/handoff.module.js';
export { ownPath } from './handoff/own-path.js';
