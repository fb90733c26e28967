import type { HttpServer } from '@nestjs/common';
import { SessionOptionsError } from '../core/session.errors.js';

/** What we need of a Fastify instance. */
interface Decorable {
  hasRequestDecorator(name: string): boolean;
  decorateRequest(
    name: string,
    accessor: { getter(this: Wrapper): unknown; setter(this: Wrapper, value: unknown): void },
  ): void;
}

/** Fastify's request, around the raw one. */
interface Wrapper {
  readonly raw: Record<string, unknown>;
}

const PROPERTIES = ['session', 'sessionID'] as const;

/**
 * Has Fastify's requests show what middleware has put on the raw ones. Does nothing on an adapter that has no such
 * wrappers. @throws SessionOptionsError when somebody else has taken the names.
 */
export function decorateFastifyRequests(adapter: HttpServer | null | undefined): void {
  const instance: unknown = adapter?.getInstance?.();
  if (!isDecorable(instance)) {
    return;
  }
  const taken = PROPERTIES.filter((name) => instance.hasRequestDecorator(name));
  if (taken.length > 0) {
    throw new SessionOptionsError([
      `requestSession: another Fastify plugin has decorated request.${taken.join(' and request.')} already ` +
        '(@fastify/session?); take it out, or leave the option off',
    ]);
  }
  for (const name of PROPERTIES) {
    instance.decorateRequest(name, {
      getter() {
        return this.raw[name];
      },
      setter(value) {
        this.raw[name] = value;
      },
    });
  }
}

function isDecorable(instance: unknown): instance is Decorable {
  const { decorateRequest, hasRequestDecorator } = (instance ?? {}) as Partial<Decorable>;
  return typeof decorateRequest === 'function' && typeof hasRequestDecorator === 'function';
}
