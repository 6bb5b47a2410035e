import { join } from 'node:path';
import { NodeStorage } from '../../host/storage/node-fs.js';
import { directoryForTest } from '../support/directories.js';
import { storageSuite } from './storage-suite.js';

storageSuite('a directory', () => NodeStorage.open(join(directoryForTest(), 'made'), { create: true }));
