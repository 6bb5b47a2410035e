// An intset holds a set of integers: sorted, each once, all of the width that the widest one needed. In Redis's own
// bytes, so that it travels in an RDB payload as it lies here.
//
//   offset size field
//        0    4 width    bytes of an integer: 2, 4 or 8; it grows with the values and never shrinks
//        4    4 count    integers
//        8      values   count of them, ascending, little-endian, signed
//
// One arena block, owned by whoever holds its address; its capacity is arenaSize. Calls that may move the block answer
// the one to use from then on.
import { arenaAlloc, arenaFree, arenaRealloc } from '../memory/arena';

const HEADER_BYTES: u32 = 8;
/** What a new one has room for: a 16-byte block. */
const NEW_BYTES: u32 = 16;
/** No intset is larger: sizes stay inside 32 bits. Redis stops at as many integers. */
export const INTSET_COUNT_MAX: u32 = 1 << 28;

@inline export function intsetWidth(set: u32): u32 { return load<u32>(set); }
@inline export function intsetCount(set: u32): u32 { return load<u32>(set, 4); }
/** Bytes in use: what a payload holds. */
@inline export function intsetBytes(set: u32): u32 { return HEADER_BYTES + intsetCount(set) * intsetWidth(set); }

@inline function widthOf(value: i64): u32 {
  return <i64><i16>value == value ? 2 : <i64><i32>value == value ? 4 : 8;
}
@inline function valueAt(set: u32, width: u32, index: u32): i64 {
  const at = set + HEADER_BYTES + index * width;
  return width == 2 ? <i64>load<i16>(at) : width == 4 ? <i64>load<i32>(at) : load<i64>(at);
}
@inline function putAt(set: u32, width: u32, index: u32, value: i64): void {
  const at = set + HEADER_BYTES + index * width;
  if (width == 2) store<i16>(at, <i16>value);
  else if (width == 4) store<i32>(at, <i32>value);
  else store<i64>(at, value);
}

/** The integer at an index below intsetCount; ascending. */
@inline export function intsetValue(set: u32, index: u32): i64 { return valueAt(set, intsetWidth(set), index); }

/** An empty one; 0: no memory. */
export function intsetNew(): u32 {
  const set = arenaAlloc(NEW_BYTES);
  if (set == 0) return 0;
  store<u32>(set, 2);
  store<u32>(set, 0, 4);
  return set;
}

/** A copy of bytes that `intsetValid` takes; 0: no memory. */
export function intsetFrom(ptr: u32, bytes: u32): u32 {
  const set = arenaAlloc(max(bytes, NEW_BYTES));
  if (set != 0) memory.copy(set, ptr, bytes);
  return set;
}

/** Where the last `intsetFind` found the integer, or where it would go. */
export let intsetIndex: u32 = 0;

/** Is the integer in the set? */
export function intsetFind(set: u32, value: i64): bool {
  const width = intsetWidth(set);
  let low: u32 = 0;
  let high = intsetCount(set);
  // Integers mostly come in ascending order.
  if (high != 0 && value > valueAt(set, width, high - 1)) { intsetIndex = high; return false; }
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = valueAt(set, width, middle);
    if (there == value) { intsetIndex = middle; return true; }
    if (there < value) low = middle + 1;
    else high = middle;
  }
  intsetIndex = low;
  return false;
}

/**
 * Adds an integer that the last `intsetFind` did not find.
 * @returns the set to use from now on; 0: no memory, nothing changed.
 */
export function intsetAdd(set: u32, value: i64): u32 {
  const count = intsetCount(set);
  if (count >= INTSET_COUNT_MAX) return 0;
  const had = intsetWidth(set);
  const width = max(had, widthOf(value));
  const at = intsetIndex;
  assert(at <= count);
  const fresh = arenaRealloc(set, intsetBytes(set), HEADER_BYTES + (count + 1) * width);
  if (fresh == 0) return 0;
  if (width == had) {
    const from = fresh + HEADER_BYTES + at * width;
    memory.copy(from + width, from, (count - at) * width);
  } else widen(fresh, had, width, at);
  putAt(fresh, width, at, value);
  store<u32>(fresh, width);
  store<u32>(fresh, count + 1, 4);
  return fresh;
}

/** Spreads the values to a greater width, from the last on, with a gap at `gap`. */
function widen(set: u32, from: u32, to: u32, gap: u32): void {
  for (let i = intsetCount(set); i != 0; i--) {
    const index = i - 1;
    putAt(set, to, index >= gap ? index + 1 : index, valueAt(set, from, index));
  }
}

/** Takes out the integer at an index. Never fails; answers the set to use from now on. */
export function intsetRemoveAt(set: u32, index: u32): u32 {
  const count = intsetCount(set);
  const width = intsetWidth(set);
  assert(index < count);
  const at = set + HEADER_BYTES + index * width;
  memory.copy(at, at + width, (count - index - 1) * width);
  return shortened(set, count - 1);
}

/** Keeps the integers whose bit in `bits` (a bit for each, from the lowest) is 0. As intsetRemoveAt. */
export function intsetRemoveMarked(set: u32, bits: u32): u32 {
  const count = intsetCount(set);
  const width = intsetWidth(set);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    if ((load<u8>(bits + (i >>> 3)) >>> (i & 7)) & 1) continue;
    if (kept != i) putAt(set, width, kept, valueAt(set, width, i));
    kept++;
  }
  return shortened(set, kept);
}

function shortened(set: u32, count: u32): u32 {
  store<u32>(set, count, 4);
  const bytes = HEADER_BYTES + count * intsetWidth(set);
  return arenaRealloc(set, bytes, max(bytes, NEW_BYTES));
}

@inline export function intsetDrop(set: u32): void { arenaFree(set); }

/** Are these bytes, from anywhere, a whole intset with at least one integer, in order and without duplicates? */
export function intsetValid(ptr: u32, bytes: u32): bool {
  if (bytes < HEADER_BYTES) return false;
  const width = intsetWidth(ptr);
  const count = intsetCount(ptr);
  if (width != 2 && width != 4 && width != 8) return false;
  if (count == 0 || count > INTSET_COUNT_MAX || <u64>count * width + HEADER_BYTES != <u64>bytes) return false;
  let last = valueAt(ptr, width, 0);
  for (let i: u32 = 1; i < count; i++) {
    const value = valueAt(ptr, width, i);
    if (value <= last) return false;
    last = value;
  }
  return true;
}
