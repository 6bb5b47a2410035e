// What the commands on HyperLogLogs share: reading a key as a sketch, working on a copy of it, and storing that copy.
//
// A change is made on a copy in the window's scratch and stored as a whole, so that a command that fails half way, for
// memory or because the sketch turns out to be corrupt, has changed nothing. Only dense sketches, whose size never
// changes, are raised in place.
//
// Scratch, from windowScratch on:
//       0  16384  BYTES    registers of a byte each, for merging
//   16384  32800  SPARSE   the copy, while it is sparse
//   49184  12304  DENSE    the copy, once it is dense
//   61488    256  COUNTS   histogram of the registers
import { argLen, argPtr, changed, win } from '../context';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { replyError, replyWrongType } from '../../resp/errors';
import { ENC_INT, ENTRY_RAW, entryClock, entryEncoding, entryFlags, entrySetClock, entrySetFlags } from '../../table/entry';
import { blobBytes, blobDrop, blobNew } from '../../types/blob';
import {
  HLL_DENSE, HLL_DENSE_BYTES, HLL_REGISTERS, hllBytesHistogram, hllDenseHistogram, hllDenseMerge, hllDenseRaise, hllEncoding, hllRegisters,
  isHll,
} from '../../types/hll';
import { HLL_COUNTS, hllEstimate } from '../../types/hll-count';
import {
  HLL_EMPTY_BYTES, HLL_RAISE_BYTES_MAX, HLL_SPARSE_BYTES_MAX, RAISE_CORRUPT, RAISE_DONE, RAISE_NEEDS_DENSE, hllSparseHistogram, hllSparseMerge,
  hllSparseRaise, hllSparseToDense, hllWriteEmpty, sparseBytes,
} from '../../types/hll-sparse';
import { EXPIRY_KEEP, EXPIRY_NONE, STORE_RAW, isString, setBlob, setString, stringTruncate, stringView, stringWritable, viewLen, viewPtr } from '../../types/string';
import { limits } from '../../memory/layout';

const SPARSE: u32 = HLL_REGISTERS;
const DENSE: u32 = (SPARSE + HLL_SPARSE_BYTES_MAX + HLL_RAISE_BYTES_MAX + 15) & ~15;
const COUNTS: u32 = DENSE + HLL_DENSE_BYTES;
if (COUNTS + HLL_COUNTS * 4 > SCRATCH_BYTES) ERROR('a window has too little scratch for a HyperLogLog');

/** HLL_REGISTERS bytes for merging. */
export function mergeArea(): u32 { return windowScratch(win); }

export function replyNoSketch(): void { replyError('WRONGTYPE Key is not a valid HyperLogLog string value.'); }
export function replyCorrupt(): void { replyError('INVALIDOBJ Corrupted HLL object detected'); }

/** Shows the entry's sketch at viewPtr/viewLen; false after an error reply. */
export function sketchView(e: u32): bool {
  if (!isString(e)) { replyWrongType(); return false; }
  if (entryEncoding(e) != ENC_INT) {
    stringView(e, 0);
    if (isHll(viewPtr, viewLen)) return true;
  }
  replyNoSketch();
  return false;
}

/** The copy in hand: where, and how long. */
export let copyPtr: u32 = 0;
export let copyLen: u32 = 0;

export function copyEmpty(): void {
  copyPtr = windowScratch(win) + SPARSE;
  copyLen = HLL_EMPTY_BYTES;
  hllWriteEmpty(copyPtr);
}

/** Takes a copy of the sketch that sketchView shows. False: it is longer than any sound sketch. */
export function copyView(): bool {
  if (viewLen > HLL_SPARSE_BYTES_MAX) return false;
  copyPtr = windowScratch(win) + (hllEncoding(viewPtr) == HLL_DENSE ? DENSE : SPARSE);
  copyLen = viewLen;
  memory.copy(copyPtr, viewPtr, viewLen);
  return true;
}

/** Makes the copy dense. False: it is corrupt. */
export function copyToDense(): bool {
  if (hllEncoding(copyPtr) == HLL_DENSE) return true;
  const dense = windowScratch(win) + DENSE;
  memory.fill(dense, 0, HLL_DENSE_BYTES);
  if (!hllSparseToDense(copyPtr, copyLen, hllRegisters(dense))) return false;
  // The header is kept as it is, the three bytes that nobody uses too.
  memory.copy(dense, copyPtr, 16);
  store<u8>(dense, HLL_DENSE, 4);
  copyPtr = dense;
  copyLen = HLL_DENSE_BYTES;
  return true;
}

/** Raises a register of the copy, which becomes dense if it has to: one of RAISE_*, never RAISE_NEEDS_DENSE. */
export function copyRaise(index: u32, value: u32): i32 {
  if (hllEncoding(copyPtr) != HLL_DENSE) {
    const raised = hllSparseRaise(copyPtr, copyLen, index, value, limits().hllSparseMaxBytes);
    copyLen = sparseBytes;
    // No sound sketch is longer, so a copy never outgrows its place.
    if (copyLen > HLL_SPARSE_BYTES_MAX) return RAISE_CORRUPT;
    if (raised != RAISE_NEEDS_DENSE) return raised;
    if (!copyToDense()) return RAISE_CORRUPT;
  }
  return hllDenseRaise(hllRegisters(copyPtr), index, value) ? RAISE_DONE : 0;
}

/**
 * Stores the copy under argument i, where `lookup` has just found `old` (0: nothing); the expiry stays.
 * @returns the entry, or 0: no memory, nothing changed. Counts one change; does not log.
 */
export function copyStore(i: u32, old: u32): u32 {
  const key = argPtr(i);
  const keyLen = argLen(i);
  if (old == 0) return setString(key, keyLen, 0, copyPtr, copyLen, EXPIRY_NONE, STORE_RAW);
  stringView(old, 0);
  if (hllEncoding(copyPtr) == HLL_DENSE && viewLen != HLL_DENSE_BYTES) {
    // From now on the size stays: no room to grow.
    const clock = entryClock(old);
    const blob = blobNew(HLL_DENSE_BYTES, HLL_DENSE_BYTES);
    if (blob == 0) return 0;
    memory.copy(blobBytes(blob), copyPtr, HLL_DENSE_BYTES);
    const e = setBlob(key, keyLen, old, blob, EXPIRY_KEEP);
    if (e == 0) blobDrop(blob);
    else entrySetClock(e, clock);
    return e;
  }
  const e = stringWritable(old, copyLen);
  if (e == 0) return 0;
  memory.copy(viewPtr, copyPtr, copyLen);
  stringTruncate(e, copyLen);
  changed(1);
  return e;
}

/** Reports `raw` from now on, as a string that was opened for writing. */
export function markRaw(e: u32): void { entrySetFlags(e, entryFlags(e) | ENTRY_RAW); }

/** Raises the registers at mergeArea to those of the sketch that sketchView shows. False: it is corrupt. */
export function mergeView(): bool {
  const bytes = mergeArea();
  if (hllEncoding(viewPtr) != HLL_DENSE) return hllSparseMerge(viewPtr, viewLen, bytes);
  hllDenseMerge(hllRegisters(viewPtr), bytes);
  return true;
}

/** What `countView` and `countMerged` found. */
export let cardinality: u64 = 0;

/** Counts the sketch that sketchView shows, from its registers. False: it is corrupt. */
export function countView(): bool { return countSketch(viewPtr, viewLen); }

export function countSketch(sketch: u32, length: u32): bool {
  const counts = windowScratch(win) + COUNTS;
  memory.fill(counts, 0, HLL_COUNTS * 4);
  if (hllEncoding(sketch) == HLL_DENSE) hllDenseHistogram(hllRegisters(sketch), counts);
  else if (!hllSparseHistogram(sketch, length, counts)) return false;
  cardinality = hllEstimate(counts);
  return true;
}

/** Counts the registers at mergeArea. */
export function countMerged(): void {
  const counts = windowScratch(win) + COUNTS;
  memory.fill(counts, 0, HLL_COUNTS * 4);
  hllBytesHistogram(mergeArea(), counts);
  cardinality = hllEstimate(counts);
}
