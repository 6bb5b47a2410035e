// How far a long command is, on a terminal: one line of the standard error, written anew.
import type { Progress } from '../transfer/import.js';

const FIRST_AFTER_MS = 1000;
const EVERY_MS = 200;
/** Calls between two looks at the clock. */
const CALLS_PER_LOOK = 64;

/**
 * @param what         Stands in front of the percentage. `clear` takes the line away again.
 * @param callsPerLook 1 for those who call once per megabyte, and not per key.
 */
export function progressLine(what: string, callsPerLook = CALLS_PER_LOOK): { progress: Progress; clear: () => void } {
  const { stderr } = process;
  let nextMs = performance.now() + FIRST_AFTER_MS;
  let calls = 0;
  let shown = false;
  return {
    progress(done, total) {
      if (!stderr.isTTY || calls++ % callsPerLook !== 0 || performance.now() < nextMs) return;
      nextMs = performance.now() + EVERY_MS;
      shown = true;
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      stderr.write(`\r\x1b[K${what} ${percent} %`);
    },
    clear() {
      if (shown) stderr.write('\r\x1b[K');
      shown = false;
    },
  };
}
