// Writes the RDB encoding of values: the bodies of DUMP payloads and of the images that travel between shards.
//
// Length:  00nnnnnn                           0..63
//          01nnnnnn nnnnnnnn                  14 bits
//          0x80, u32 big-endian               32 bits
//          0x81, u64 big-endian               64 bits
//          11nnnnnn                           no length: an encoded string, n below
// String:  a length and so many bytes, or
//          0xc0 i8 · 0xc1 i16 · 0xc2 i32      the decimal text of an integer, little-endian
//          0xc3 packed length, length, bytes  LZF (rdb/lzf.ts)
// Double:  eight bytes, little-endian
//
// The bytes grow in a blob, so that a reply can pin what was written. One writer per instance, within one call. When
// memory ends, `saveFailed` is set, everything written from then on is dropped, and `saveEnd` answers 0.
import { win } from '../commands/context';
import { windowScratch } from '../memory/window';
import { blobBytes, blobCapacity, blobDrop, blobGrow, blobNew, blobSetLength } from '../types/blob';
import { formatI64, parseI64, parsedI64 } from '../types/integer';
import { lzfCompress } from './lzf';
import { SPARE_SAVE } from '../memory/spare';

export const RDB_ENCODED: u32 = 0xc0;
export const RDB_INT8: u32 = 0xc0;
export const RDB_INT16: u32 = 0xc1;
export const RDB_INT32: u32 = 0xc2;
export const RDB_LZF: u32 = 0xc3;
export const RDB_LENGTH32: u32 = 0x80;
export const RDB_LENGTH64: u32 = 0x81;

const LENGTH_BYTES_MAX: u32 = 9;
/** Shorter strings are not worth packing, and those that save less than this are not kept packed. As Redis. */
const PACK_BYTES_MIN: u32 = 21;
const PACK_GAIN_MIN: u32 = 4;
/** The longest text of an i32. */
const INT_CHARS_MAX: u32 = 11;


let blob: u32 = 0;
let at: u32 = 0;
let stop: u32 = 0;
let packs: bool = false;
/** Memory ran out since saveBegin. */
export let saveFailed: bool = false;

/** Starts anew with room for about `hint` bytes. False: no memory. Every begin has its end. */
export function saveBegin(hint: u32): bool {
  packs = false;
  blob = blobNew(0, max<u32>(hint, 64));
  if (blob == 0) blob = blobNew(0, 64);
  saveFailed = blob == 0;
  if (saveFailed) return false;
  at = blobBytes(blob);
  stop = at + blobCapacity(blob);
  return true;
}

/** Long strings are compressed from now on, if that gains anything. */
export function savePack(): void { packs = true; }

/** Bytes written so far. */
@inline export function saveBytes(): u32 { return saveFailed ? 0 : at - blobBytes(blob); }
/** Where they begin; valid until the next write. */
@inline export function saveStart(): u32 { return blobBytes(blob); }

/** What was written, as a blob of that length, the caller's from now on; 0: memory ran out, and nothing is left. */
export function saveEnd(): u32 {
  if (saveFailed) return 0;
  blobSetLength(blob, at - blobBytes(blob));
  return blob;
}

/** Is there room for `bytes` more? Makes it. */
@inline function room(bytes: u32): bool {
  if (!saveFailed && bytes <= stop - at) return true;
  return grow(bytes);
}

function grow(bytes: u32): bool {
  if (saveFailed) return false;
  const used = at - blobBytes(blob);
  blobSetLength(blob, used);
  const fresh = used + bytes < used ? 0 : blobGrow(blob, used + bytes);
  if (fresh == 0) {
    saveFailed = true;
    blobDrop(blob);
    return false;
  }
  blob = fresh;
  at = blobBytes(fresh) + used;
  stop = blobBytes(fresh) + blobCapacity(fresh);
  return true;
}

export function saveByte(value: u32): void {
  if (!room(1)) return;
  store<u8>(at++, value);
}

/** Eight bytes, little-endian: times in Unix milliseconds. */
export function saveU64(value: u64): void {
  if (!room(8)) return;
  store<u64>(at, value);
  at += 8;
}

export function saveDouble(value: f64): void { saveU64(reinterpret<u64>(value)); }

export function saveRaw(ptr: u32, length: u32): void {
  if (!room(length)) return;
  memory.copy(at, ptr, length);
  at += length;
}

export function saveLength(value: u64): void {
  if (!room(LENGTH_BYTES_MAX)) return;
  at += putLength(at, value);
}

function putLength(to: u32, value: u64): u32 {
  if (value < 64) { store<u8>(to, value); return 1; }
  if (value < 16384) { store<u16>(to, bswap<u16>(0x4000 | <u16>value)); return 2; }
  if (value <= u32.MAX_VALUE) {
    store<u8>(to, RDB_LENGTH32);
    store<u32>(to, bswap<u32>(<u32>value), 1);
    return 5;
  }
  store<u8>(to, RDB_LENGTH64);
  store<u64>(to, bswap<u64>(value), 1);
  return 9;
}

/** A string: as an integer if it is the text of a small one, packed if that was asked for and gains, else as it is. */
export function saveString(ptr: u32, length: u32): void {
  if (length <= INT_CHARS_MAX && parseI64(ptr, length) && saveSmall(parsedI64)) return;
  if (packs && length >= PACK_BYTES_MIN && savePacked(ptr, length)) return;
  saveLength(length);
  saveRaw(ptr, length);
}

/** An integer's text, as saveString would write it; false: it is too large for that, and nothing was written. */
function saveSmall(value: i64): bool {
  if (value < i32.MIN_VALUE || value > i32.MAX_VALUE) return false;
  if (!room(5)) return true;
  const bytes: u32 = <i64><i8>value == value ? 1 : <i64><i16>value == value ? 2 : 4;
  store<u8>(at, bytes == 1 ? RDB_INT8 : bytes == 2 ? RDB_INT16 : RDB_INT32);
  store<u32>(at, <u32>value, 1);
  at += 1 + bytes;
  return true;
}

/** An integer's text. */
export function saveInteger(value: i64): void {
  if (saveSmall(value)) return;
  const text = win + SPARE_SAVE;
  saveString(text, formatI64(value, text));
}

function savePacked(ptr: u32, length: u32): bool {
  const head: u32 = 1 + 2 * LENGTH_BYTES_MAX;
  if (length > 0x7fffffff || !room(length + head)) return false;
  const packed = lzfCompress(ptr, length, at + head, length - PACK_GAIN_MIN, windowScratch(win));
  if (packed == 0) return false;
  const from = at + head;
  store<u8>(at++, RDB_LZF);
  at += putLength(at, packed);
  at += putLength(at, length);
  memory.copy(at, from, packed);
  at += packed;
  return true;
}
