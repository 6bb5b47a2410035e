// The sparse form of a sketch: runs of equal registers, in order, all 16384 of them.
//
//   00nnnnnn            n + 1 registers of 0, up to 64               (ZERO)
//   01nnnnnn nnnnnnnn   n + 1 registers of 0, up to 16384            (XZERO)
//   1vvvvvnn            n + 1 registers of v + 1, up to 4 of 1..32   (VAL)
//
// How a run is cut, when neighbours are joined and when the form is given up is all visible in the bytes, so these are
// Redis's own rules: at most three runs take the place of one, and the join looks at five runs from the one before.
import { formatI64 } from './integer';
import { HLL_HEADER_BYTES, HLL_REGISTERS, HLL_SPARSE, hllDenseRaise, hllWriteHeader } from './hll';

/** Bytes of an empty sketch: the header and one run over all registers. */
export const HLL_EMPTY_BYTES: u32 = HLL_HEADER_BYTES + 2;
/** A sound sketch is no longer: each of its runs is at least one register. */
export const HLL_SPARSE_BYTES_MAX: u32 = HLL_HEADER_BYTES + 2 * HLL_REGISTERS;
/** What one raise may add. */
export const HLL_RAISE_BYTES_MAX: u32 = 3;
const VALUE_MAX: u32 = 32;
const ZERO_RUN_MAX: u32 = 64;
const VALUE_RUN_MAX: u32 = 4;
const JOIN_RUNS: u32 = 5;

@inline function isValue(code: u32): bool { return code >= 128; }
@inline function isWideZero(code: u32): bool { return (code & 0xc0) == 0x40; }
@inline function valueOf(code: u32): u32 { return ((code >>> 2) & 31) + 1; }
@inline function valueCode(value: u32, run: u32): u32 { return 128 | ((value - 1) << 2) | (run - 1); }
@inline function codeBytes(code: u32): u32 { return isWideZero(code) ? 2 : 1; }
/** Registers of the run at `at`. A wide run cut off at the end counts as if a zero byte followed. */
@inline function runOf(at: u32, end: u32, code: u32): u32 {
  if (isValue(code)) return (code & 3) + 1;
  if (!isWideZero(code)) return (code & 63) + 1;
  return ((code & 63) << 8) + (at + 1 < end ? <u32>load<u8>(at, 1) : 0) + 1;
}

/** Writes a sketch of HLL_EMPTY_BYTES with all registers 0. */
export function hllWriteEmpty(sketch: u32): void {
  hllWriteHeader(sketch, HLL_SPARSE);
  putZeros(sketch + HLL_HEADER_BYTES, HLL_REGISTERS);
}

/** Writes a run of zeros; answers its bytes. */
function putZeros(to: u32, run: u32): u32 {
  if (run <= ZERO_RUN_MAX) { store<u8>(to, run - 1); return 1; }
  store<u8>(to, 0x40 | ((run - 1) >>> 8));
  store<u8>(to, run - 1, 1);
  return 2;
}

export const RAISE_KEPT: i32 = 0;
export const RAISE_DONE: i32 = 1;
/** The registers do not reach as far as the index. */
export const RAISE_CORRUPT: i32 = -1;
/** The sketch has to become dense for it; it is unchanged. */
export const RAISE_NEEDS_DENSE: i32 = -2;

/** Length of the sketch after a raise. */
export let sparseBytes: u32 = 0;
/**
 * Where the next raise may begin its search: the second run before the one that the last raise changed, as an offset
 * from the registers, and the first register of that run. Raises in ascending order so walk a sketch once.
 */
let resumeOffset: u32 = 0;
let resumeFirst: u32 = 0;

/** The next raise is of any register, of any sketch. */
export function hllSparseRewind(): void { resumeOffset = 0; resumeFirst = 0; }

/**
 * Raises register `index` of a sketch of `length` bytes, which has room for HLL_RAISE_BYTES_MAX more; `sparseBytes` is
 * its length afterwards. Indices ascend since the last rewind.
 */
export function hllSparseRaise(sketch: u32, length: u32, index: u32, value: u32, bytesMax: u32): i32 {
  sparseBytes = length;
  if (value > VALUE_MAX) return RAISE_NEEDS_DENSE;
  const start = sketch + HLL_HEADER_BYTES;
  const end = sketch + length;
  let at = start + resumeOffset;
  let first = resumeFirst;
  let before: u32 = 0; // the run in front, 0: none
  let beforeFirst: u32 = 0;
  let run: u32 = 0;
  let code: u32 = 0;
  while (at < end) {
    code = load<u8>(at);
    run = runOf(at, end, code);
    if (index < first + run) break;
    if (before != 0) { resumeOffset = before - start; resumeFirst = beforeFirst; }
    before = at;
    beforeFirst = first;
    at += codeBytes(code);
    first += run;
  }
  if (at >= end) return RAISE_CORRUPT;
  if (before == 0 && resumeOffset != 0) {
    // A join has brought this register into the run to resume from: the run in front of it is known by walking only.
    hllSparseRewind();
    return hllSparseRaise(sketch, length, index, value, bytesMax);
  }
  if (isValue(code) && valueOf(code) >= value) return RAISE_KEPT;
  // A wide run of one is nothing that Redis writes, and it does not treat it as the short one.
  if (run == 1 && !isWideZero(code)) store<u8>(at, valueCode(value, 1));
  else if (!split(sketch, at, end, code, run, index - first, value, bytesMax)) return RAISE_NEEDS_DENSE;
  join(before != 0 ? before : start, sketch);
  return RAISE_DONE;
}

/** Puts up to three runs in the place of the one at `at`: what comes before the register, the register, what follows. */
@inline function split(sketch: u32, at: u32, end: u32, code: u32, run: u32, offset: u32, value: u32, bytesMax: u32): bool {
  const rest = run - offset - 1;
  const old = min(codeBytes(code), end - at);
  const bytes = runBytes(code, offset) + 1 + runBytes(code, rest);
  const length = end - sketch + bytes - old;
  if (bytes > old && length > bytesMax) return false;
  memory.copy(at + bytes, at + old, end - at - old);
  at += putRun(at, code, offset);
  store<u8>(at++, valueCode(value, 1));
  putRun(at, code, rest);
  sparseBytes = length;
  return true;
}

@inline function runBytes(code: u32, run: u32): u32 { return run == 0 ? 0 : !isValue(code) && run > ZERO_RUN_MAX ? 2 : 1; }
@inline function putRun(to: u32, code: u32, run: u32): u32 {
  if (run == 0) return 0;
  if (!isValue(code)) return putZeros(to, run);
  store<u8>(to, valueCode(valueOf(code), run));
  return 1;
}

/** Joins neighbours of one value from `at` on, as far as Redis looks. */
@inline function join(at: u32, sketch: u32): void {
  let end = sketch + sparseBytes;
  for (let i: u32 = 0; i < JOIN_RUNS && at < end; i++) {
    const code = <u32>load<u8>(at);
    if (isValue(code) && at + 1 < end && ((code ^ load<u8>(at, 1)) & 0xfc) == 0) {
      const run = (code & 3) + (<u32>load<u8>(at, 1) & 3) + 2;
      if (run <= VALUE_RUN_MAX) {
        store<u8>(at + 1, valueCode(valueOf(code), run));
        memory.copy(at, at + 1, end - at - 1);
        end--;
        continue;
      }
    }
    at += codeBytes(code);
  }
  sparseBytes = end - sketch;
}

// Walks over all registers. Each answers false when the runs do not make 16384 of them: the sketch is corrupt.

/** Writes each register that is not 0 into dense registers, which are all 0. */
export function hllSparseToDense(sketch: u32, length: u32, registers: u32): bool {
  return walk(sketch, length, registers, TO_DENSE);
}
/** Raises 16384 byte-wide registers to the sparse ones. */
export function hllSparseMerge(sketch: u32, length: u32, bytes: u32): bool {
  return walk(sketch, length, bytes, TO_BYTES);
}

const TO_DENSE: u32 = 0;
const TO_BYTES: u32 = 1;

function walk(sketch: u32, length: u32, to: u32, how: u32): bool {
  const end = sketch + length;
  let index: u32 = 0;
  let at = sketch + HLL_HEADER_BYTES;
  while (at < end) {
    const code = <u32>load<u8>(at);
    const run = runOf(at, end, code);
    if (index + run > HLL_REGISTERS) return false;
    if (isValue(code)) {
      const value = valueOf(code);
      for (let i = index; i < index + run; i++) {
        if (how == TO_DENSE) hllDenseRaise(to, i, value);
        else if (<u32>load<u8>(to + i) < value) store<u8>(to + i, value);
      }
    }
    index += run;
    at += codeBytes(code);
  }
  return index == HLL_REGISTERS;
}

/** Counts how often each value occurs, in 64 counters of u32. */
export function hllSparseHistogram(sketch: u32, length: u32, counts: u32): bool {
  const end = sketch + length;
  let index: u32 = 0;
  let at = sketch + HLL_HEADER_BYTES;
  while (at < end) {
    const code = <u32>load<u8>(at);
    const run = runOf(at, end, code);
    if (index + run > HLL_REGISTERS) return false;
    const counter = counts + (isValue(code) ? valueOf(code) << 2 : 0);
    store<u32>(counter, load<u32>(counter) + run);
    index += run;
    at += codeBytes(code);
  }
  return index == HLL_REGISTERS;
}

/** Room that hllSparseText needs. More than memory can have, for sketches too long for it. */
export function hllTextBytesMax(length: u32): u32 { return length < 0x10000000 ? length * 8 : 0xffffffff; }

/** Writes the runs as "z:n", "Z:n" and "v:value,n", a space between each two; answers the length. */
export function hllSparseText(sketch: u32, length: u32, to: u32): u32 {
  const end = sketch + length;
  let out = to;
  let at = sketch + HLL_HEADER_BYTES;
  while (at < end) {
    const code = <u32>load<u8>(at);
    if (out != to) store<u8>(out++, 0x20);
    store<u16>(out, 0x3a00 | (isValue(code) ? 0x76 : isWideZero(code) ? 0x5a : 0x7a));
    out += 2;
    if (isValue(code)) {
      out += formatI64(<i64>valueOf(code), out);
      store<u8>(out++, 0x2c);
    }
    out += formatI64(<i64>runOf(at, end, code), out);
    at += codeBytes(code);
  }
  return out - to;
}
