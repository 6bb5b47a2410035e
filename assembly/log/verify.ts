// Looks over stored log bytes: how far do they make sense? Nothing is executed, and nothing outside the bytes is read.
//
// A record is [payload bytes u32][crc32c of payload u32][payload: one RESP multibulk of bulk strings]; a log of kevy's
// first version has the payloads alone. Records whose first element begins with a zero byte are internal: the host
// decides about them, all but those that name a database, which are commands.
import { crc32cUpdate } from './crc32c';

export const VERIFY_MORE: u32 = 0;
export const VERIFY_INTERNAL: u32 = 1;
export const VERIFY_CHECKSUM: u32 = 2;
export const VERIFY_LENGTH: u32 = 3;
export const VERIFY_SHAPE: u32 = 4;

/** No record is longer: commands end at 512 MB, and an effect names at most a few values. */
const RECORD_BYTES_MAX: u32 = 0x7ff00000;
const RECORD_HEADER: u32 = 8;
const NOT_YET: u32 = 0;
const NEVER: u32 = 0xffffffff;

/** Why the last look stopped: VERIFY_*; and how many records it passed. */
export let verifyStop: u32 = 0;
export let verifyRecords: u32 = 0;
/** Bytes that the record at the stop has, if that can be told; with VERIFY_MORE, bytes that are wanted at least. */
export let verifyNeed: u32 = 0;

let lineValue: u32 = 0;
let firstPtr: u32 = 0;
let firstLen: u32 = 0;

/** A mark, up to ten digits, CR LF at `p`: where it ends, NOT_YET or NEVER. The number goes to lineValue. */
function line(p: u32, end: u32, mark: u32): u32 {
  if (p == end) return NOT_YET;
  if (load<u8>(p) != mark) return NEVER;
  let value: u64 = 0;
  let digits: u32 = 0;
  for (p++; p < end; p++) {
    const byte = load<u8>(p);
    if (byte == 0x0d) break;
    if (byte < 0x30 || byte > 0x39 || digits == 10) return NEVER;
    value = value * 10 + (byte - 0x30);
    digits++;
  }
  if (p + 1 >= end) return NOT_YET;
  if (load<u8>(p, 1) != 0x0a || digits == 0 || value > 0xffffffff) return NEVER;
  lineValue = <u32>value;
  return p + 2;
}

/** A multibulk of at least one bulk string at `p`: where it ends, NOT_YET or NEVER. */
function multibulk(p: u32, end: u32): u32 {
  p = line(p, end, 0x2a);
  if (p == NOT_YET || p == NEVER) return p;
  const count = lineValue;
  if (count == 0) return NEVER;
  for (let i: u32 = 0; i < count; i++) {
    p = line(p, end, 0x24);
    if (p == NOT_YET || p == NEVER) return p;
    if (lineValue > RECORD_BYTES_MAX) return NEVER;
    if (i == 0) { firstPtr = p; firstLen = lineValue; }
    if (<u64>p + lineValue + 2 > end) {
      verifyNeed = p + lineValue + 2;
      return NOT_YET;
    }
    p += lineValue;
    if (load<u16>(p) != 0x0a0d) return NEVER;
    p += 2;
  }
  return p;
}

@inline function isInternal(): bool {
  if (firstLen == 0 || load<u8>(firstPtr) != 0) return false;
  return firstLen < 4 || load<u16>(firstPtr, 1) != 0x4244 || load<u8>(firstPtr, 3) < 0x30 || load<u8>(firstPtr, 3) > 0x39;
}

/**
 * Passes the whole, sound, plain records at [ptr, ptr + bytes).
 * @param framed With headers; false: a log of kevy's first version.
 * @returns their bytes. verifyStop says what is behind them.
 */
export function recordsVerify(ptr: u32, bytes: u32, framed: bool): u32 {
  const end = ptr + bytes;
  let p = ptr;
  verifyRecords = 0;
  let next = framed ? record(p, end) : frame(p, end);
  while (next != 0) {
    p = next;
    verifyRecords++;
    next = framed ? record(p, end) : frame(p, end);
  }
  return p - ptr;
}

/** Where the plain record at `p` ends, or 0: verifyStop and verifyNeed say why. */
function record(p: u32, end: u32): u32 {
  verifyNeed = RECORD_HEADER;
  if (end - p < RECORD_HEADER) return halt(VERIFY_MORE);
  const payload = load<u32>(p);
  if (payload == 0 || payload > RECORD_BYTES_MAX) return halt(VERIFY_LENGTH);
  verifyNeed = RECORD_HEADER + payload;
  if (end - p < verifyNeed) return halt(VERIFY_MORE);
  const from = p + RECORD_HEADER;
  if (crc32cUpdate(0, from, payload) != load<u32>(p, 4)) return halt(VERIFY_CHECKSUM);
  if (multibulk(from, from + payload) != from + payload) { verifyNeed = RECORD_HEADER + payload; return halt(VERIFY_SHAPE); }
  verifyNeed = RECORD_HEADER + payload;
  return isInternal() ? halt(VERIFY_INTERNAL) : from + payload;
}
function frame(p: u32, end: u32): u32 {
  verifyNeed = 0;
  const next = multibulk(p, end);
  if (next == NOT_YET) {
    verifyNeed = verifyNeed == 0 ? end - p + 1 : verifyNeed - p;
    return halt(VERIFY_MORE);
  }
  if (next == NEVER) return halt(VERIFY_SHAPE);
  verifyNeed = next - p;
  return isInternal() ? halt(VERIFY_INTERNAL) : next;
}
@inline function halt(why: u32): u32 { verifyStop = why; return 0; }
