/** The data of a stored record cannot be read. Never leaves the core: whoever loads or writes treats it as no session. */
export class CorruptRecordError extends Error {
  constructor(id: string, cause: unknown) {
    super(`The data of session ${id} cannot be read.`, { cause });
    this.name = 'CorruptRecordError';
  }
}
