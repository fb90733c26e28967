import type { ExecutionContext } from '@nestjs/common';

/** What every GraphQL server tells a resolver about the field that it is for. */
interface FieldInfo {
  readonly operation?: { readonly operation?: string };
  readonly path?: { readonly prev?: unknown };
}

/**
 * What a handler resolves: `'mutation'` for a field directly below one, which has its turn alone (GraphQL, section
 * 6.2.2); `'field'` for all others, which run side by side; `undefined` when it is no resolver.
 */
export function graphqlField(execution: ExecutionContext): 'mutation' | 'field' | undefined {
  if (execution.getType<string>() !== 'graphql') {
    return undefined;
  }
  const { operation, path } = execution.getArgByIndex<FieldInfo | undefined>(3) ?? {};
  return operation?.operation === 'mutation' && path?.prev === undefined ? 'mutation' : 'field';
}
