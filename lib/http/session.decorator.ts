import { createParamDecorator, type PipeTransform, type Type } from '@nestjs/common';
import { currentSession } from '../core/current-session.js';
import type { DefaultSessionData } from '../core/session-data.interface.js';
import type { Session as SessionOf } from '../core/session.interface.js';

type Pipes = (Type<PipeTransform> | PipeTransform)[];

const injected = createParamDecorator((key: string | undefined) =>
  key === undefined ? currentSession() : currentSession().then((session) => session.get(key)),
);

/** NestJS 12.0 and 12.1 give the first pipe the promise itself, and every further one what has become of it. */
const settled: PipeTransform = { transform: (value: unknown) => value };

/**
 * Injects the session of the request, or one value of it:
 *
 * ```ts
 * show(@Session() session: Session) {}
 * list(@Session('page', new DefaultValuePipe(1), ParseIntPipe) page: number) {}
 * ```
 *
 * This is what loads the session: a handler that does not ask pays nothing.
 *
 * @publicApi
 */
export const Session: {
  (...pipes: Pipes): ParameterDecorator;
  (key: string, ...pipes: Pipes): ParameterDecorator;
} = (...given: (string | Pipes[number])[]) => {
  const [key, pipes] = typeof given[0] === 'string' ? [given[0], given.slice(1)] : [undefined, given];
  return pipes.length === 0 ? injected(key) : injected(key, settled, ...(pipes as Pipes));
};

/**
 * The session that {@link Session} injects.
 *
 * @publicApi
 */
export type Session<T extends object = DefaultSessionData> = SessionOf<T>;
