// Reads the RDB encoding that rdb/writer.ts draws. The bytes may come from anybody: every length is checked against what
// is left, and nothing read here takes more memory than a fixed multiple of the bytes it was read from.
//
// The first thing that goes wrong is kept in `loadFault`; whatever is read after that is 0, empty or false, so that a
// caller may look once, at its end, if it bounds its loops by what it reads.
import { win } from '../commands/context';
import { arenaAlloc, arenaFree, arenaSize } from '../memory/arena';
import { formatI64 } from '../types/integer';
import { LZF_GROWTH_MAX, lzfDecompress } from './lzf';
import { RDB_ENCODED, RDB_INT16, RDB_INT32, RDB_INT8, RDB_LENGTH32, RDB_LENGTH64, RDB_LZF } from './writer';
import { SPARE_LOAD } from '../memory/spare';

export const LOAD_OK: u32 = 0;
/** The bytes are no such value. */
export const LOAD_CORRUPT: u32 = 1;
export const LOAD_NO_MEMORY: u32 = 2;


let at: u32 = 0;
let stop: u32 = 0;
/** Where unpacked strings lie: an arena block, or 0. */
let unpacked: u32 = 0;
export let loadFault: u32 = 0;
/** The string that loadString read: where, and how many bytes. Valid until the next call. */
export let loadPtr: u32 = 0;
export let loadLen: u32 = 0;

/** Starts reading [ptr, ptr + length). Every begin has its end. */
export function loadBegin(ptr: u32, length: u32): void {
  at = ptr;
  stop = ptr + length;
  unpacked = 0;
  loadFault = LOAD_OK;
  loadedPointer = 0;
}

export function loadEnd(): void {
  if (unpacked != 0) arenaFree(unpacked);
  unpacked = 0;
}

export function loadCorrupt(): void { if (loadFault == LOAD_OK) loadFault = LOAD_CORRUPT; }
export function loadNoMemory(): void { if (loadFault == LOAD_OK) loadFault = LOAD_NO_MEMORY; }

/** The container that a type's xLoad has made: ENC_*, the address of its root block (0: none), and ENTRY_LARGE or 0. */
export let loadedEncoding: u32 = 0;
export let loadedPointer: u32 = 0;
export let loadedFlags: u32 = 0;

/** Hands over what xLoad made. Its last step: nothing may fail afterwards, since nobody frees it then. */
export function loaded(encoding: u32, pointer: u32, flags: u32): void {
  loadedEncoding = encoding;
  loadedPointer = pointer;
  loadedFlags = flags;
}

/** Bytes not read yet; 0 after a fault. */
@inline export function loadLeft(): u32 { return loadFault == LOAD_OK ? stop - at : 0; }

/** Are there `bytes` more? The fault is set if not. */
@inline function have(bytes: u32): bool {
  if (bytes <= loadLeft()) return true;
  loadCorrupt();
  return false;
}

/** -1: there is none. */
export function loadByte(): i32 { return have(1) ? <i32>load<u8>(at++) : -1; }

export function loadU64(): u64 {
  if (!have(8)) return 0;
  at += 8;
  return load<u64>(at - 8);
}

export function loadDouble(): f64 { return reinterpret<f64>(loadU64()); }

/** The address of the next `bytes` bytes, which are passed over; 0: there are not as many. */
export function loadRaw(bytes: u32): u32 {
  if (!have(bytes)) return 0;
  at += bytes;
  return at - bytes;
}

export function loadLength(): u64 {
  if (!have(1)) return 0;
  return lengthAfter(load<u8>(at++));
}

/** The length that begins with this byte. */
function lengthAfter(first: u32): u64 {
  if (first < 0x40) return first;
  if (first < 0x80) return have(1) ? ((first & 63) << 8) | <u32>load<u8>(at++) : 0;
  if (first == RDB_LENGTH32 && have(4)) {
    at += 4;
    return bswap<u32>(load<u32>(at - 4));
  }
  if (first == RDB_LENGTH64 && have(8)) {
    at += 8;
    return bswap<u64>(load<u64>(at - 8));
  }
  loadCorrupt();
  return 0;
}

/**
 * How many elements follow, each of at least `bytesMin` bytes: never more than there are bytes for, so that a loop over
 * them, and room made for them, is bounded by the payload.
 */
export function loadCount(bytesMin: u32): u32 {
  const count = loadLength();
  if (count * bytesMin <= <u64>loadLeft() && count <= <u64>loadLeft()) return <u32>count;
  loadCorrupt();
  return 0;
}

/** Reads a string of any encoding into loadPtr/loadLen. False: there is none, loadFault says why. */
export function loadString(): bool {
  loadPtr = at;
  loadLen = 0;
  if (!have(1)) return false;
  const first = <u32>load<u8>(at++);
  if (first >= RDB_ENCODED) return loadEncoded(first);
  const length = lengthAfter(first);
  if (length > <u64>loadLeft()) loadCorrupt();
  if (loadFault != LOAD_OK) return false;
  loadPtr = at;
  loadLen = <u32>length;
  at += <u32>length;
  return true;
}

function loadEncoded(first: u32): bool {
  if (first == RDB_LZF) return loadPacked();
  const bytes: u32 = first == RDB_INT8 ? 1 : first == RDB_INT16 ? 2 : first == RDB_INT32 ? 4 : 0;
  if (bytes == 0) loadCorrupt();
  if (bytes == 0 || !have(bytes)) return false;
  const value: i64 = bytes == 1 ? load<i8>(at) : bytes == 2 ? load<i16>(at) : load<i32>(at);
  at += bytes;
  loadPtr = win + SPARE_LOAD;
  loadLen = formatI64(value, loadPtr);
  return true;
}

function loadPacked(): bool {
  const packed = loadLength();
  const length = loadLength();
  // Compared before anything is asked for: a length that so few bytes cannot make takes no memory.
  if (packed > <u64>loadLeft() || length > packed * LZF_GROWTH_MAX || length > u32.MAX_VALUE) loadCorrupt();
  if (loadFault != LOAD_OK) return false;
  if (unpacked == 0 || arenaSize(unpacked) < <u32>length) {
    loadEnd();
    unpacked = arenaAlloc(<u32>length);
    if (unpacked == 0) { loadNoMemory(); return false; }
  }
  if (!lzfDecompress(at, <u32>packed, unpacked, <u32>length)) { loadCorrupt(); return false; }
  at += <u32>packed;
  loadPtr = unpacked;
  loadLen = <u32>length;
  return true;
}
