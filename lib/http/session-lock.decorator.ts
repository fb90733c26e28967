import { SetMetadata } from '@nestjs/common';

export const SESSION_LOCK = Symbol('nest-sessions:lock');

/**
 * Has the requests of one session go through this handler, or through all handlers of this class, one after the other:
 * each gets the session as the one before has left it. For work that must run once, such as placing an order. Handlers
 * with the same or another `@SessionLock()` share the one lock of the session.
 *
 * It holds in all processes that share a store with `atomicCommit: 'everywhere'`, and within one process for the others.
 * A request without a session has nobody to wait for. It costs one more reading of the session, and where
 * processes share the store a record that is created and destroyed. After 30
 * seconds of waiting the answer is a 503 (`SessionContentionError`), and a 409 (`SessionInterruptedError`) when the
 * session has ended meanwhile.
 *
 * @publicApi
 */
export const SessionLock = (): MethodDecorator & ClassDecorator => SetMetadata(SESSION_LOCK, true);
