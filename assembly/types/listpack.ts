// A listpack: elements side by side in one arena block, in Redis's own format, so that a block's bytes are what DUMP
// writes and what RESTORE brings.
//
//   offset size field
//        0    4 bytes     of the whole listpack, its end byte included; what arenaSize has beyond is room to grow
//        4    2 count     elements; 65535: not known, walk them
//        6      elements  head, data, back-length
//               end       0xff
//
//   first byte of an element     what follows
//   0xxxxxxx                     nothing: an integer 0..127
//   10llllll                     l bytes
//   110xxxxx                     1 byte: a signed integer of 13 bits, high bits first
//   1110llll                     1 byte with the low 8 of the 12 bits of l, then l bytes
//   f0                           l, u32, then l bytes
//   f1, f2, f3, f4               a signed integer of 16, 24, 32, 64 bits, little-endian
//
// The back-length is the size of head and data, seven bits to a byte, most significant first, so that it can be read
// from its end: every byte but the first has its high bit set. Texts that are canonical integers are stored as such.
//
// A position is the address of an element's first byte, 0 for none. It holds until the listpack changes. Functions that
// change one answer the block to use from then on, or 0: no memory, nothing changed. Bytes that are put in must lie
// outside of the listpack they go to.
import { arenaAlloc, arenaFree, arenaRealloc, arenaSize } from '../memory/arena';
import { win } from '../commands/context';
import { replyBulk, replyBulkInt } from '../resp/encode';
import { bytesEqual } from '../table/entry';
import { formatI64, parseI64, parsedI64 } from './integer';
import { SPARE_LISTPACK } from '../memory/spare';

export const LP_HEADER_BYTES: u32 = 6;
/** Bytes of a listpack without elements. */
export const LP_EMPTY_BYTES: u32 = 7;
/** No listpack is longer: sums of sizes stay inside 32 bits. */
export const LP_BYTES_MAX: u64 = 0x40000000;
const COUNT_UNKNOWN: u32 = 0xffff;
const END: u32 = 0xff;
const HEAD_STRING_32: u32 = 0xf0;

@inline export function lpBytes(lp: u32): u32 { return load<u32>(lp); }
@inline function setBytes(lp: u32, bytes: u32): void { store<u32>(lp, bytes); }
@inline function setCount(lp: u32, count: u32): void { store<u16>(lp, count, 4); }
@inline function endOf(lp: u32): u32 { return lp + load<u32>(lp) - 1; }
@inline function isEnd(p: u32): bool { return <u32>load<u8>(p) == END; }

/** An empty listpack with room for `capacity` bytes in all. 0: no memory. */
export function lpNew(capacity: u32): u32 {
  const lp = arenaAlloc(max(capacity, LP_EMPTY_BYTES));
  if (lp == 0) return 0;
  setBytes(lp, LP_EMPTY_BYTES);
  setCount(lp, 0);
  store<u8>(lp, END, LP_HEADER_BYTES);
  return lp;
}

/** A listpack of its own from the bytes of one, which `lpValid` has passed. 0: no memory. */
export function lpCopy(from: u32, bytes: u32): u32 {
  const lp = arenaAlloc(bytes);
  if (lp != 0) memory.copy(lp, from, bytes);
  return lp;
}

@inline export function lpFree(lp: u32): void { arenaFree(lp); }

/** Elements. Walks them when there are too many for the header to say; it is noted there if they have become fewer. */
export function lpCount(lp: u32): u32 {
  const noted = <u32>load<u16>(lp, 4);
  if (noted != COUNT_UNKNOWN) return noted;
  let count: u32 = 0;
  for (let p = lp + LP_HEADER_BYTES; !isEnd(p); p = after(p)) count++;
  if (count < COUNT_UNKNOWN) setCount(lp, count);
  return count;
}

// Walking

/** Bytes of an element's head and data. */
@inline export function lpSizeAt(p: u32): u32 {
  const head = <u32>load<u8>(p);
  if (head < 0x80) return 1;
  if (head < 0xc0) return 1 + (head & 63);
  return longSizeAt(p, head);
}
function longSizeAt(p: u32, head: u32): u32 {
  if (head < 0xe0) return 2;
  if (head < 0xf0) return 2 + ((head & 15) << 8 | <u32>load<u8>(p, 1));
  if (head == HEAD_STRING_32) return 5 + load<u32>(p, 1);
  if (head < 0xf4) return head - 0xee;
  assert(head == 0xf4);
  return 9;
}

/** Bytes of a back-length. The limits are Redis's, one short of what seven bits to a byte could hold. */
@inline export function lpBackBytes(size: u32): u32 {
  return size <= 127 ? 1 : size < 16383 ? 2 : size < 2097151 ? 3 : size < 268435455 ? 4 : 5;
}

@inline function after(p: u32): u32 {
  const size = lpSizeAt(p);
  return p + size + lpBackBytes(size);
}

/** The element in front of `p`, which is not the first. */
function before(p: u32): u32 {
  let at = p - 1;
  let size: u32 = 0;
  // Five bytes at most: size is a u32.
  for (let shift: u32 = 0; shift <= 28; shift += 7) {
    const byte = <u32>load<u8>(at);
    size |= (byte & 127) << shift;
    if (byte < 128) break;
    at--;
  }
  return at - size;
}

@inline export function lpFirst(lp: u32): u32 { return isEnd(lp + LP_HEADER_BYTES) ? 0 : lp + LP_HEADER_BYTES; }
export function lpLast(lp: u32): u32 { return lpBytes(lp) == LP_EMPTY_BYTES ? 0 : before(endOf(lp)); }
export function lpNext(lp: u32, p: u32): u32 {
  const next = after(p);
  return isEnd(next) ? 0 : next;
}
export function lpPrev(lp: u32, p: u32): u32 { return p == lp + LP_HEADER_BYTES ? 0 : before(p); }
/** Where the element at `p` ends: the next one, or the end byte. Also the place behind the last element of a span. */
export function lpAfter(p: u32): u32 { return after(p); }

/** The element at an index; -1 is the last. Walks from the nearer end. */
export function lpSeek(lp: u32, index: i32): u32 {
  const noted = <u32>load<u16>(lp, 4);
  if (noted != COUNT_UNKNOWN) {
    if (index < 0) index += <i32>noted;
    if (index < 0 || <u32>index >= noted) return 0;
    if (<u32>index > noted >>> 1) index -= <i32>noted;
  }
  if (index >= 0) {
    let p = lpFirst(lp);
    while (index > 0 && p != 0) { p = lpNext(lp, p); index--; }
    return p;
  }
  let p = lpLast(lp);
  while (index < -1 && p != 0) { p = lpPrev(lp, p); index++; }
  return p;
}

// Reading

/** What the last `lpRead` or `lpView` found: an integer, or bytes that lie in the listpack (or, viewed, in scratch). */
export let lpIsInt: bool = false;
export let lpInt: i64 = 0;
export let lpPtr: u32 = 0;
export let lpLen: u32 = 0;

@inline function readString(ptr: u32, length: u32): void { lpIsInt = false; lpPtr = ptr; lpLen = length; }
@inline function readInt(value: i64): void { lpIsInt = true; lpInt = value; }

/** Reads the element at `p`: lpIsInt with lpInt, or lpPtr and lpLen. */
export function lpRead(p: u32): void {
  const head = <u32>load<u8>(p);
  if (head < 0x80) readInt(<i64>head);
  else if (head < 0xc0) readString(p + 1, head & 63);
  else if (head < 0xe0) readInt(<i64>((<i32>((head & 31) << 8 | <u32>load<u8>(p, 1)) << 19) >> 19));
  else if (head < 0xf0) readString(p + 2, (head & 15) << 8 | <u32>load<u8>(p, 1));
  else if (head == HEAD_STRING_32) readString(p + 5, load<u32>(p, 1));
  else if (head == 0xf1) readInt(<i64>load<i16>(p, 1));
  else if (head == 0xf2) readInt(<i64>(<i32>load<u16>(p, 1) | <i32>load<i8>(p, 3) << 16));
  else if (head == 0xf3) readInt(<i64>load<i32>(p, 1));
  else { assert(head == 0xf4); readInt(load<i64>(p, 1)); }
}

/** Makes the element visible as text at lpPtr/lpLen. `place` 0 or 1: which scratch an integer is written to. */
export function lpView(p: u32, place: u32): void {
  lpRead(p);
  if (!lpIsInt) return;
  lpPtr = win + SPARE_LISTPACK + (place << 5);
  lpLen = formatI64(lpInt, lpPtr);
}

/** The integer at `p`, where the format has nothing else. */
@inline export function lpIntAt(p: u32): i64 {
  const head = <u32>load<u8>(p);
  if (head < 0x80) return <i64>head;
  lpRead(p);
  return lpInt;
}

/** Replies with the element as a bulk string. */
export function lpReplyElement(p: u32): void {
  lpRead(p);
  if (lpIsInt) replyBulkInt(lpInt);
  else replyBulk(lpPtr, lpLen);
}

// What is looked for: its bytes, and its integer once an integer has been met (1 yes, 0 none, 2 not tried).
let wantedPtr: u32 = 0;
let wantedLen: u32 = 0;
let wantedInt: i64 = 0;
let wantedIsInt: u32 = 2;

/** Says what `lpIsWanted` looks for from now on. */
export function lpWant(ptr: u32, length: u32): void { wantedPtr = ptr; wantedLen = length; wantedIsInt = 2; }

/** Is the element at `p` what was last named to `lpWant`? */
@inline export function lpIsWanted(p: u32): bool {
  const head = <u32>load<u8>(p);
  if (head < 0xc0 && head >= 0x80) return (head & 63) == wantedLen && bytesEqual(p + 1, wantedPtr, wantedLen);
  return otherIsWanted(p);
}
function otherIsWanted(p: u32): bool {
  lpRead(p);
  if (!lpIsInt) return lpLen == wantedLen && bytesEqual(lpPtr, wantedPtr, wantedLen);
  if (wantedIsInt == 2) {
    wantedIsInt = parseI64(wantedPtr, wantedLen) ? 1 : 0;
    wantedInt = parsedI64;
  }
  return wantedIsInt != 0 && wantedInt == lpInt;
}

/** Are these bytes the element at `p`? */
export function lpEquals(p: u32, ptr: u32, length: u32): bool {
  lpWant(ptr, length);
  return lpIsWanted(p);
}

/**
 * The first element from `from` (a position, or 0) on that equals these bytes.
 * @param skip Elements passed over after each that was compared: 1 finds fields among fields and values.
 */
export function lpFind(lp: u32, from: u32, ptr: u32, length: u32, skip: u32): u32 {
  lpWant(ptr, length);
  let p = from;
  if (p == 0) return 0;
  while (!isEnd(p)) {
    if (lpIsWanted(p)) return p;
    p = after(p);
    for (let k: u32 = 0; k < skip && !isEnd(p); k++) p = after(p);
  }
  return 0;
}

// Changing. First what is to be put in is looked at (`shapeText`, `shapeInt`), then `put` makes room and writes it.

/** Position that the last change left: of the element put in, or of the one behind those deleted (0: none). */
export let lpAt: u32 = 0;

let shapeIsInt: bool = false;
let shapeValue: i64 = 0;
let shapePtr: u32 = 0;
let shapeLen: u32 = 0;
/** Bytes of head and data. */
let shapeSize: u64 = 0;

function shapeInt(value: i64): void {
  shapeIsInt = true;
  shapeValue = value;
  if (value >= -4096 && value <= 4095) shapeSize = <u64>value <= 127 ? 1 : 2;
  else if (value >= -32768 && value <= 32767) shapeSize = 3;
  else if (value >= -8388608 && value <= 8388607) shapeSize = 4;
  else if (value >= -2147483648 && value <= 2147483647) shapeSize = 5;
  else shapeSize = 9;
}

function shapeText(ptr: u32, length: u32): void {
  // '-' and the digits lie in 45..57.
  if (length - 1 < 20 && <u32>load<u8>(ptr) - 45 <= 12 && parseI64(ptr, length)) { shapeInt(parsedI64); return; }
  shapeIsInt = false;
  shapePtr = ptr;
  shapeLen = length;
  shapeSize = <u64>length + (length < 64 ? 1 : length < 4096 ? 2 : 5);
}

/** Writes what was shaped, with its back-length, at `p`. */
function writeShape(p: u32): void {
  const size = <u32>shapeSize;
  if (shapeIsInt) {
    const value = shapeValue;
    if (size == 1) store<u8>(p, value);
    else if (size == 2) { store<u8>(p, 0xc0 | (<u32>value >>> 8 & 31)); store<u8>(p, value, 1); }
    else if (size == 3) { store<u8>(p, 0xf1); store<u16>(p, value, 1); }
    else if (size == 4) { store<u8>(p, 0xf2); store<u16>(p, value, 1); store<u8>(p, value >> 16, 3); }
    else if (size == 5) { store<u8>(p, 0xf3); store<u32>(p, value, 1); }
    else { store<u8>(p, 0xf4); store<i64>(p, value, 1); }
  } else {
    const length = shapeLen;
    const headBytes = size - length;
    if (headBytes == 1) store<u8>(p, 0x80 | length);
    else if (headBytes == 2) { store<u8>(p, 0xe0 | length >>> 8); store<u8>(p, length, 1); }
    else { store<u8>(p, HEAD_STRING_32); store<u32>(p, length, 1); }
    memory.copy(p + headBytes, shapePtr, length);
  }
  writeBack(p + size, size);
}

/** Writes an element at `p`, for a caller who has made the room and keeps the header himself; answers where it ends. */
export function lpWrite(p: u32, ptr: u32, length: u32): u32 {
  shapeText(ptr, length);
  writeShape(p);
  return p + <u32>shapeSize + lpBackBytes(<u32>shapeSize);
}
export function lpWriteInt(p: u32, value: i64): u32 {
  shapeInt(value);
  writeShape(p);
  return p + <u32>shapeSize + 1;
}

function writeBack(p: u32, size: u32): void {
  const bytes = lpBackBytes(size);
  for (let i = bytes; i > 1; i--) {
    store<u8>(p + i - 1, (size & 127) | 128);
    size >>>= 7;
  }
  store<u8>(p, size);
}

/**
 * Gives the `removed` bytes at `p` the size `added`; what lies behind moves. The block may move, too: lpAt is `p` in it.
 * @returns the block, or 0.
 */
function splice(lp: u32, p: u32, removed: u32, added: u64): u32 {
  const had = lpBytes(lp);
  const wanted = <u64>(had - removed) + added;
  if (wanted > LP_BYTES_MAX) return 0;
  const bytes = <u32>wanted;
  const offset = p - lp;
  if (bytes > had && bytes > arenaSize(lp)) {
    lp = arenaRealloc(lp, had, bytes);
    if (lp == 0) return 0;
  }
  lpAt = lp + offset;
  if (bytes != had) memory.copy(lpAt + <u32>added, lpAt + removed, had - offset - removed);
  setBytes(lp, bytes);
  return lp;
}

/** After a change that may have made it much smaller: a smaller block, if half of it stands empty. lpAt goes with it. */
export function lpTrimmed(lp: u32): u32 {
  const bytes = lpBytes(lp);
  if (bytes > arenaSize(lp) >>> 1) return lp;
  const offset = lpAt - lp;
  const fresh = arenaRealloc(lp, bytes, bytes);
  lpAt = fresh + offset;
  return fresh;
}

/** Puts what was shaped at `p` (an element, or the end), in place of the element there if `replace`. */
function put(lp: u32, p: u32, replace: bool): u32 {
  const removed: u32 = replace ? after(p) - p : 0;
  const fresh = splice(lp, p, removed, shapeSize + lpBackBytes(<u32>shapeSize));
  if (fresh == 0) return 0;
  writeShape(lpAt);
  if (replace) return lpTrimmed(fresh);
  const count = <u32>load<u16>(fresh, 4);
  if (count != COUNT_UNKNOWN) setCount(fresh, count + 1);
  return fresh;
}

export function lpAppend(lp: u32, ptr: u32, length: u32): u32 { shapeText(ptr, length); return put(lp, endOf(lp), false); }
export function lpAppendInt(lp: u32, value: i64): u32 { shapeInt(value); return put(lp, endOf(lp), false); }
/** Puts an element in front of the one at `p`; 0: at the end. */
export function lpInsert(lp: u32, p: u32, ptr: u32, length: u32): u32 {
  shapeText(ptr, length);
  return put(lp, p != 0 ? p : endOf(lp), false);
}
export function lpInsertInt(lp: u32, p: u32, value: i64): u32 {
  shapeInt(value);
  return put(lp, p != 0 ? p : endOf(lp), false);
}
export function lpPrepend(lp: u32, ptr: u32, length: u32): u32 {
  shapeText(ptr, length);
  return put(lp, lp + LP_HEADER_BYTES, false);
}
export function lpReplace(lp: u32, p: u32, ptr: u32, length: u32): u32 { shapeText(ptr, length); return put(lp, p, true); }
export function lpReplaceInt(lp: u32, p: u32, value: i64): u32 { shapeInt(value); return put(lp, p, true); }

/** Bytes that these would take as an element, back-length included. */
export function lpEncodedBytes(ptr: u32, length: u32): u64 { shapeText(ptr, length); return shapeSize + lpBackBytes(<u32>shapeSize); }
/** Puts in what `lpEncodedBytes` has just measured, in front of all or behind all. */
export function lpPutMeasured(lp: u32, atHead: bool): u32 { return put(lp, atHead ? lp + LP_HEADER_BYTES : endOf(lp), false); }
export function lpEncodedIntBytes(value: i64): u32 { shapeInt(value); return <u32>shapeSize + 1; }

/** Puts `count` elements, one at least, as they lie in [from, from + bytes), part of another listpack, in front of `p` (0: at the end). */
export function lpInsertSpan(lp: u32, p: u32, from: u32, bytes: u32, count: u32): u32 {
  const fresh = splice(lp, p != 0 ? p : endOf(lp), 0, bytes);
  if (fresh == 0) return 0;
  memory.copy(lpAt, from, bytes);
  const had = <u32>load<u16>(fresh, 4);
  if (had != COUNT_UNKNOWN) setCount(fresh, min(had + count, COUNT_UNKNOWN));
  return fresh;
}

/** Takes the `count` elements in [p, to) out. Never fails: at worst the block stays as large as it was. */
export function lpDeleteSpan(lp: u32, p: u32, to: u32, count: u32): u32 {
  splice(lp, p, to - p, 0);
  const had = <u32>load<u16>(lp, 4);
  if (had != COUNT_UNKNOWN) setCount(lp, had - count);
  lp = lpTrimmed(lp);
  if (isEnd(lpAt)) lpAt = 0;
  return lp;
}

/** Takes the element at `p` out; lpAt is the one that followed it. */
export function lpDelete(lp: u32, p: u32): u32 { return lpDeleteSpan(lp, p, after(p), 1); }

/** Takes out up to `count` elements from an index (-1: the last) on; lpAt is the one that followed them. */
export function lpDeleteRange(lp: u32, index: i32, count: u32): u32 {
  const p = lpSeek(lp, index);
  lpAt = p;
  if (p == 0 || count == 0) return lp;
  let to = p;
  let gone: u32 = 0;
  while (gone < count && !isEnd(to)) { to = after(to); gone++; }
  return lpDeleteSpan(lp, p, to, gone);
}
