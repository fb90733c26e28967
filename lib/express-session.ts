export type { ExpressSessionStoreLike } from './stores/express-session/express-session.like.js';
export { expressSessionStore } from './stores/express-session/express-session.store.definition.js';
export { ExpressSessionStore } from './stores/express-session/express-session.store.js';
export type { ExpressSessionStoreOptions } from './stores/express-session/express-session.store.js';
