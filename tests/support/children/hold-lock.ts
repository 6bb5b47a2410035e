// Takes the lock of a directory as soon as it is told to, says what came of it, and does the next thing it is told.
//   node hold-lock.mjs DIRECTORY    stdin: `take`, `release`; its end lets the process end by itself
//   stdout: `ready`, then per `take`: `held`, or the error's code and message; per `release`: `released`
import { createInterface } from 'node:readline';
import { LatchkeyError } from '../../../host/errors.js';
import { acquireLock, type Lock } from '../../../host/persistence/lock.js';

const [directory] = process.argv.slice(2);
let lock: Lock | undefined;

async function take(): Promise<string> {
  try {
    lock = await acquireLock(directory);
    return 'held';
  } catch (error) {
    if (error instanceof LatchkeyError) return `${error.code} ${error.message}`;
    throw error;
  }
}
function release(): string {
  lock?.release();
  return 'released';
}

console.log('ready');
for await (const line of createInterface(process.stdin)) console.log(line === 'take' ? await take() : release());
