import type { DataCheck } from '../core/data-check.js';
import { dataClassCheck } from './data-class.check.js';
import type { ResolvedOptions } from './resolve-options.js';
import type { SessionDataSchema } from './session-data-schema.js';
import { standardSchemaCheck } from './standard-schema.check.js';
import { isStandardSchema } from './standard-schema.interface.js';

/** The options with the check that `data` asks for. It stands apart, since a package may have to be loaded for it. */
export async function withDataCheck(
  options: ResolvedOptions,
  schema: SessionDataSchema | undefined,
): Promise<ResolvedOptions> {
  return schema
    ? { ...options, settings: { ...options.settings, dataCheck: await checkOf(schema) } }
    : options;
}

async function checkOf(schema: SessionDataSchema): Promise<DataCheck> {
  return isStandardSchema(schema) ? standardSchemaCheck(schema) : dataClassCheck(schema);
}
