import type { DataCheck, DataFault } from '../core/data-check.js';
import { isPending } from './is-pending.js';
import type { StandardIssue, StandardSchema } from './standard-schema.interface.js';

/** What libraries tell of an issue beyond the standard. */
interface KnownIssue extends StandardIssue {
  /** Zod: the keys of an object that knows no such keys, where the path ends at the object. */
  readonly code?: unknown;
  readonly keys?: unknown;
  /** Valibot: what came, and how the message writes it. */
  readonly input?: unknown;
  readonly received?: unknown;
}

const ASYNCHRONOUS =
  'the schema validates asynchronously, and a session is committed in one go; leave out what is async in it';

/** Checks data by a Standard Schema. @throws TypeError when the schema answers with a promise. */
export function standardSchemaCheck(schema: StandardSchema): DataCheck {
  return (data) => {
    const result = schema['~standard'].validate(data);
    if (isPending(result)) {
      throw new TypeError(`The option "data": ${ASYNCHRONOUS}.`);
    }
    return (result.issues ?? []).flatMap(faultsOf);
  };
}

/** What is wrong with the schema, as far as it can be known before there is data. */
export function standardSchemaProblem(schema: StandardSchema): string | undefined {
  try {
    return isPending(schema['~standard'].validate({})) ? ASYNCHRONOUS : undefined;
  } catch {
    // It is made for data, and this is none.
    return undefined;
  }
}

function faultsOf({ message, path = [], code, keys, input, received }: KnownIssue): DataFault[] {
  const here = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  if (code === 'unrecognized_keys' && Array.isArray(keys)) {
    return keys.map((key: string) => ({ path: [...here, key], reason: 'there is no such key' }));
  }
  return [{ path: here, reason: message, quoted: [input, unquoted(received)] }];
}

function unquoted(received: unknown): unknown {
  return typeof received === 'string' ? received.replace(/^"(.*)"$/s, '$1') : undefined;
}
