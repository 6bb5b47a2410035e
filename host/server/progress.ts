// How far a long command is, on a terminal: one line of the standard error, written anew.
import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Progress } from '../transfer/import.js';

const STDERR = 2;
const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
/** Calls between two looks at the clock. */
const CALLS_PER_LOOK = 64;

/**
 * @param what         Stands in front of the percentage. `clear` takes the line away again.
 * @param callsPerLook 1 for those who call once per megabyte, and not per key.
 */
export function progressLine(what: string, callsPerLook = CALLS_PER_LOOK): { progress: Progress; clear: () => void } {
  // The descriptor itself: process.stderr of a thread other than the first knows of no terminal.
  const isTerminal = isatty(STDERR);
  let nextMs = performance.now() + FIRST_AFTER_MS;
  let calls = 0;
  let shown = false;
  return {
    progress(done, total) {
      if (!isTerminal || calls++ % callsPerLook !== 0 || performance.now() < nextMs) return;
      nextMs = performance.now() + EVERY_MS;
      shown = true;
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      writeSync(STDERR, `\r\x1b[K${what} ${percent} %`);
    },
    clear() {
      if (shown) writeSync(STDERR, '\r\x1b[K');
      shown = false;
    },
  };
}
