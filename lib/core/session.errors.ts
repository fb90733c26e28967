import { ConflictException, ServiceUnavailableException } from '@nestjs/common';
import { codedBody } from './coded-body.js';

/**
 * The store failed: server away, disk full, time-out. A 503 that exception filters see like any other; `cause` holds
 * the store's own error, which no client is shown.
 *
 * @publicApi
 */
export class SessionStoreError extends ServiceUnavailableException {
  constructor(verb: string, cause: unknown) {
    super('The session store is unavailable.', { cause, description: `session ${verb} failed` });
    this.name = 'SessionStoreError';
  }
}

/**
 * So many other requests committed first that this one never got its turn, not even under the store's lock. A 503:
 * nothing of this request has been written, it may be sent again.
 *
 * @publicApi
 */
export class SessionContentionError extends ServiceUnavailableException {
  constructor(id: string) {
    super(`The session ${id} is being written by too many requests at once.`);
    this.name = 'SessionContentionError';
  }
}

/**
 * `save()` found the session gone: another request logged it out, replaced it, or it expired meanwhile. Nothing was
 * written. A 409. Django: `SessionInterrupted`.
 *
 * @publicApi
 */
export class SessionInterruptedError extends ConflictException {
  constructor() {
    super('The session was ended by another request while this one was running.');
    this.name = 'SessionInterruptedError';
  }
}

/**
 * The user has as many sessions as `maxSessionsPerUser` allows, and `exceeded` is `'refuse'`. A 409 with the `errorCode`
 * `TOO_MANY_SESSIONS`; nobody has been logged in.
 *
 * @publicApi
 */
export class TooManySessionsError extends ConflictException {
  constructor(readonly limit: number) {
    const message = `The user has ${limit} sessions already, as many as there may be.`;
    super(codedBody(409, 'Conflict', 'TOO_MANY_SESSIONS', message));
    this.name = 'TooManySessionsError';
  }
}

/**
 * The store cannot do what was asked. Named with the store.
 *
 * @publicApi
 */
export class SessionCapabilityError extends Error {
  constructor(store: string, what: string) {
    super(`The session store "${store}" cannot ${what}: choose one that can, such as typeOrmStore().`);
    this.name = 'SessionCapabilityError';
  }
}

/**
 * A value that the serializer cannot keep, named by the path of its key.
 *
 * @publicApi
 */
export class SessionSerializationError extends TypeError {
  constructor(
    readonly path: string,
    reason: string,
  ) {
    super(`The session value "${path}" cannot be stored: ${reason}.`);
    this.name = 'SessionSerializationError';
  }
}

/**
 * The data is larger than `maxDataSize`. Names the biggest keys.
 *
 * @publicApi
 */
export class SessionDataTooLargeError extends RangeError {
  constructor(size: number, limit: number, biggest: readonly (readonly [key: string, size: number])[]) {
    const keys = biggest.map(([key, bytes]) => `"${key}" (${bytes} bytes)`).join(', ');
    super(
      `The session data is ${size} bytes, more than maxDataSize allows (${limit}). Biggest keys: ${keys}.`,
    );
    this.name = 'SessionDataTooLargeError';
  }
}

/**
 * A new token would have to reach the client, but cannot: the response has begun, or there is none, as on a WebSocket.
 *
 * @publicApi
 */
export class SessionUndeliverableError extends Error {
  constructor(what: string) {
    super(
      `${what} here: its token can no longer reach the client. In a request, do it (or call save()) before the first ` +
        'byte of the response; on a WebSocket, do it in an HTTP request instead; in a job, use SessionService.create().',
    );
    this.name = 'SessionUndeliverableError';
  }
}

/**
 * There is no session here: the code does not run inside a request that the session middleware saw, nor inside `run()`.
 *
 * @publicApi
 */
export class SessionContextError extends Error {
  constructor() {
    super(
      'There is no session here. Inside a request: is SessionModule.forRoot() imported, and is the route covered by ' +
        'the global prefix? Outside a request (a job, a consumer, a timer): use SessionService.run() or open().',
    );
    this.name = 'SessionContextError';
  }
}

/**
 * The module is set up wrongly. Thrown at boot with every problem by its path.
 *
 * @publicApi
 */
export class SessionOptionsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`SessionModule is set up wrongly:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'SessionOptionsError';
  }
}
