/** Takes the lock of a session and keeps it. Arguments: the directory, the id. */
import { FileLayout } from '../../dist/stores/file/file.layout.js';
import { FileLocks } from '../../dist/stores/file/file.locks.js';

const [directory, id] = process.argv.slice(2);
const lock = await new FileLocks(new FileLayout(directory)).acquire(id);
process.on('disconnect', () => process.exit());
process.send({ token: lock.token });
