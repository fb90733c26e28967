const PREFIX = 'remote:';

/** What a group of an issuer with another store is called here, so that it is not taken for one of this store. */
export function remoteGroup(id: string): string {
  return `${PREFIX}${id}`;
}

/** What the issuer calls the group; `undefined` when it is none of its. */
export function idAtIssuer(groupId: string): string | undefined {
  return groupId.startsWith(PREFIX) ? groupId.slice(PREFIX.length) : undefined;
}
