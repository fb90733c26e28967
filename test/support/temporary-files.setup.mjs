import { accessSync, constants, statfsSync } from 'node:fs';

const MEMORY = '/dev/shm';

/** Half as much again as a hundred thousand sessions in files take, in bytes. */
const ROOM = 2 ** 30;

/**
 * Has all tests, and the processes that they start, keep their temporary files in memory, where the system has a folder
 * for that with enough room, and TMPDIR does not say otherwise. No test cuts the power: what is flushed to the disk,
 * and when, they tell from the calls.
 */
export default function keepTemporaryFilesInMemory() {
  if (process.env.TMPDIR === undefined && hasRoom(MEMORY)) process.env.TMPDIR = MEMORY;
}

function hasRoom(folder) {
  try {
    accessSync(folder, constants.W_OK);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ROOM;
  } catch {
    return false;
  }
}
