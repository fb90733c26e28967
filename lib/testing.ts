export { describeSessionStore } from './testing/describe-session-store.js';
export type { DescribeSessionStoreOptions, SessionStoreFactory } from './testing/describe-session-store.js';
