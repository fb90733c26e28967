/** Every text of the file store for people, in one place: each says what is wrong and what to do. */
export const messages = {
  noDirectory: () =>
    'fileStore: `directory` must be the path of a folder for the sessions, such as fileStore({ directory: ' +
    "'/var/lib/my-app/sessions' }).",

  unknownOption: (names: readonly string[]) =>
    `fileStore: unknown option${names.length > 1 ? 's' : ''} ${names.map((name) => `\`${name}\``).join(', ')}. ` +
    'There is `directory`.',

  unusable: (directory: string, reason: string) =>
    `fileStore: the directory "${directory}" cannot be used (${reason}): it must be a folder on a local disk in which ` +
    'this process may create folders, files and symbolic links.',

  otherFormat: (directory: string) =>
    `fileStore: the directory "${directory}" was written by another version of nest-sessions in a format that this ` +
    'one does not know. Use an empty directory.',

  lost: (directory: string) =>
    `fileStore: the directory "${directory}" has vanished or been emptied while the store was open. Is its volume ` +
    'still mounted?',

  exposed: (directory: string) =>
    `The directory of the sessions, "${directory}", can be entered by other users of this machine: chmod 700 it.`,

  malformedId: () => 'A session id must be 32 lower-case hex characters.',

  taken: (id: string) => `A session with the id ${id} already exists.`,

  locked: (id: string, seconds: number, holder: string) =>
    `The session ${id} has been locked by another process for ${seconds} s (${holder}).`,

  heldTooLong: (id: string, seconds: number) =>
    `Writing the session ${id} took more than ${seconds} s, so that others may take its lock for abandoned: given up ` +
    'before anything was changed.',

  quarantined: (id: string, place: string) =>
    `The file of the session ${id} was damaged and has been moved to ${place}; the session is lost.`,

  notQuarantined: (id: string, reason: string) =>
    `The file of the session ${id} is damaged and could not be moved to quarantine (${reason}); the session is lost.`,
} as const;
