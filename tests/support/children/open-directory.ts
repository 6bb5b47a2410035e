// Opens a directory to write to it and says what came of it: `opened`, or the error's code and message.
import { NodeStorage } from '../../../host/storage/node-fs.js';
import { StorageError } from '../../../host/storage/port.js';

const [path] = process.argv.slice(2);
try {
  NodeStorage.open(path, { create: true });
  console.log('opened');
} catch (error) {
  if (!(error instanceof StorageError)) throw error;
  console.log(`${error.code} ${error.message}`);
}
