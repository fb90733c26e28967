export type { Duration } from './core/duration.js';
export type { OidcLogin } from './core/oidc-login.js';
export { jsonSerializer } from './core/json.serializer.js';
export { richSerializer } from './core/rich.serializer.js';
export type { DefaultSessionData, SessionData } from './core/session-data.interface.js';
export { SessionDataError, type SessionDataProblem } from './core/session-data.error.js';
export { SESSION_CHANNEL, type RevocationReason, type SessionEvent } from './core/session-events.js';
export type { SessionInfo } from './core/session-info.interface.js';
export type { SessionSerializer } from './core/session-serializer.interface.js';
export {
  SessionCapabilityError,
  SessionContentionError,
  SessionContextError,
  SessionDataTooLargeError,
  SessionInterruptedError,
  SessionOptionsError,
  SessionSerializationError,
  SessionStoreError,
  SessionUndeliverableError,
  TooManySessionsError,
} from './core/session.errors.js';
export { RequireLogin } from './http/require-login.decorator.js';
export { RequireRecentLogin } from './http/require-recent-login.decorator.js';
export type { ExpressLikeCookie } from './http/express-like-cookie.interface.js';
export type { ExpressLikeSession } from './http/express-like-session.interface.js';
export { Session } from './http/session.decorator.js';
export { SessionLock } from './http/session-lock.decorator.js';
export { WithSession } from './live/with-session.decorator.js';
export type { SessionDataSchema } from './options/session-data-schema.js';
export type {
  SessionCleanupOptions,
  SessionCookieOptions,
  SessionEncryptionOptions,
  SessionLimitOptions,
  SessionModuleAsyncOptions,
  SessionModuleOptions,
  SessionOptionsFactory,
  SessionRuntimeOptions,
  SessionSocketOptions,
  SessionTransportName,
} from './options/session-options.interface.js';
export type { StandardSchema } from './options/standard-schema.interface.js';
export { SessionModule } from './session.module.js';
export { SessionService, type LoginOptions } from './session.service.js';
export {
  cachedStore,
  type CachedStoreOptions,
  type SessionCacheOption,
} from './stores/cached/cached.store.definition.js';
export { CachedStore } from './stores/cached/cached.store.js';
export { memoryCache, type MemoryCacheOptions } from './stores/cached/memory.cache.js';
export type { SessionCache } from './stores/cached/session-cache.interface.js';
export type { CookieMode } from './stores/cookie/cookie.envelope.js';
export { CookieStore } from './stores/cookie/cookie.store.js';
export { cookieStore, type CookieStoreOptions } from './stores/cookie/cookie.store.definition.js';
export { FileStore } from './stores/file/file.store.js';
export { fileStore, type FileStoreOptions } from './stores/file/file.store.definition.js';
export { memoryStore, type MemoryStoreOptions } from './stores/memory.store.definition.js';
export { MemoryStore } from './stores/memory.store.js';
export type { SessionStoreDefinition, SessionStoreOption } from './stores/session-store.definition.js';
export type { SessionSealer } from './stores/session-sealer.js';
export type { SessionHead, SessionRecord } from './stores/session-record.js';
export {
  SessionStore,
  type ClearExpiredOptions,
  type CommitResult,
  type SessionActivity,
  type SessionChange,
  type SessionRotation,
  type SessionSource,
  type SessionStoreCapabilities,
  type SessionStoreContext,
} from './stores/session-store.js';
