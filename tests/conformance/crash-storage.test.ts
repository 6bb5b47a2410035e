import { CrashStorage } from '../support/crash-storage.js';
import { storageSuite } from './storage-suite.js';

storageSuite('a disk that crashes', () => new CrashStorage());
