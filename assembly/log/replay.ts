// Executes stored log records, which `recordsVerify` has passed, one after the other.
import { CONTROL_ERRORS, STATUS_DONE } from '../abi';
import { executeInWindow } from '../commands/exec';
import { header } from '../memory/layout';
import { windowOut } from '../memory/window';

/** Commands that the last call executed, and how many of them answered with an error. */
export let replayed: u32 = 0;
export let replayErrors: u32 = 0;
/** STATUS_* of the record that the last call stopped at. */
export let replayStatus: i32 = 0;

/**
 * Executes the records at [ptr, ptr + bytes) (latched). The control block says what every record is executed with.
 * @param framed With headers; false: bare frames.
 * @param stopAtError Stop in front of the record after the first that answers with an error.
 * @returns bytes done. Less than `bytes`: the record there could not be executed (replayStatus), or answered with an error.
 */
export function recordsReplay(window: u32, ptr: u32, bytes: u32, framed: bool, stopAtError: bool): u32 {
  const out = windowOut(window);
  const outBytes = header().windowOutBytes;
  const end = ptr + bytes;
  replayed = 0;
  replayErrors = 0;
  replayStatus = STATUS_DONE;
  let p = ptr;
  while (p < end) {
    const from = framed ? p + 8 : p;
    const length = framed ? load<u32>(p) : frameBytes(p);
    replayStatus = executeInWindow(window, from, length, out, outBytes);
    if (replayStatus != STATUS_DONE) return p - ptr;
    p = from + length;
    replayed++;
    const errors = load<u32>(window + CONTROL_ERRORS);
    replayErrors += errors;
    if (errors != 0 && stopAtError) break;
  }
  return p - ptr;
}

/** Bytes of the bare frame at `p`, which is known to be whole and sound. */
function frameBytes(p: u32): u32 {
  const start = p;
  let count = number(p);
  p = behindLine(p);
  while (count-- != 0) p = behindLine(p) + number(p) + 2;
  return p - start;
}
function number(p: u32): u32 {
  let value: u32 = 0;
  for (let i: u32 = 1; i <= 10 && load<u8>(p + i) != 0x0d; i++) value = value * 10 + (load<u8>(p + i) - 0x30);
  return value;
}
function behindLine(p: u32): u32 {
  for (let i: u32 = 0; i < 12; i++) if (load<u8>(p + i) == 0x0d) return p + i + 2;
  return p + 2;
}
