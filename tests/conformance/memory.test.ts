import { MemoryStorage } from '../../host/storage/memory.js';
import { storageSuite } from './storage-suite.js';

storageSuite('memory', () => new MemoryStorage());
