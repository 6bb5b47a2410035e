// Looks over stored log bytes: how far do they make sense? Nothing is executed, and nothing outside the bytes is read.
//
//   record   [payload bytes u32][crc32c of payload u32][payload: one multibulk]
//   frame    a multibulk alone: a log of kevy's first version
//
//   multibulk   "*" count CR LF, then count times "$" length CR LF, so many bytes, CR LF      count at least 1
//
// Records whose first element begins with a zero byte are internal: the host decides about them, all but those that name
// a database, which are commands.
import { crc32cUpdate } from './crc32c';

/** The bytes end, maybe in the middle of a record: verifyNeed says how many the record there has at least. */
export const VERIFY_MORE: u32 = 0;
/** A sound internal record of verifyNeed bytes. */
export const VERIFY_INTERNAL: u32 = 1;
export const VERIFY_CHECKSUM: u32 = 2;
export const VERIFY_LENGTH: u32 = 3;
/** With the right checksum, if there is one: no multibulk, or not exactly one. */
export const VERIFY_SHAPE: u32 = 4;

/** No payload is longer: commands end at 512 MB, and an effect names at most a few values. */
export const RECORD_BYTES_MAX: u32 = 0x7ff00000;
export const RECORD_HEADER: u32 = 8;
/** A header and the shortest payload, "*1 CR LF $0 CR LF CR LF". */
const RECORD_BYTES_MIN: u32 = RECORD_HEADER + 10;
const NOT_YET: u32 = 0;
const NEVER: u32 = 0xffffffff;

/** Why the last look stopped: VERIFY_*; and how many records it passed. */
export let verifyStop: u32 = 0;
export let verifyRecords: u32 = 0;
/** Bytes of the record at the stop, its header included; see VERIFY_MORE. */
export let verifyNeed: u32 = 0;

let lineValue: u32 = 0;
let firstPtr: u32 = 0;
let firstLen: u32 = 0;
/** After NOT_YET: where the multibulk ends at the earliest, an address that may lie beyond 4 GiB. */
let wanted: u64 = 0;

/** A mark, up to ten digits, CR LF at `p`: where it ends, NOT_YET or NEVER. The number goes to lineValue. */
function line(p: u32, end: u32, mark: u32): u32 {
  wanted = <u64>end + 1;
  if (p == end) return NOT_YET;
  if (load<u8>(p) != mark) return NEVER;
  let value: u64 = 0;
  let digits: u32 = 0;
  for (p++; p < end; p++) {
    const byte = load<u8>(p);
    if (byte == 0x0d) break;
    // A number has no zeros in front: the parser that executes the record takes none.
    if (byte < 0x30 || byte > 0x39 || digits == 10 || (digits != 0 && value == 0)) return NEVER;
    value = value * 10 + (byte - 0x30);
    digits++;
  }
  if (p + 1 >= end) return NOT_YET;
  if (load<u8>(p, 1) != 0x0a || digits == 0 || value > <u64>RECORD_BYTES_MAX) return NEVER;
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
    if (i == 0) { firstPtr = p; firstLen = lineValue; }
    wanted = <u64>p + lineValue + 2;
    if (wanted > end) return NOT_YET;
    p += lineValue;
    if (load<u16>(p) != 0x0a0d) return NEVER;
    p += 2;
  }
  return p;
}

/** Does the name of the multibulk in hand begin with NUL, and is it not NUL 'D' 'B' and a digit? */
@inline function isInternal(): bool {
  if (firstLen == 0 || load<u8>(firstPtr) != 0) return false;
  return firstLen < 4 || load<u16>(firstPtr, 1) != 0x4244 || <u32>load<u8>(firstPtr, 3) - 0x30 > 9;
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
  if (multibulk(from, from + payload) != from + payload) return halt(VERIFY_SHAPE);
  return isInternal() ? halt(VERIFY_INTERNAL) : from + payload;
}

function frame(p: u32, end: u32): u32 {
  const next = multibulk(p, end);
  if (next == NEVER) { verifyNeed = 0; return halt(VERIFY_SHAPE); }
  if (next == NOT_YET) {
    verifyNeed = <u32>min<u64>(wanted - p, u32.MAX_VALUE);
    return halt(VERIFY_MORE);
  }
  verifyNeed = next - p;
  return isInternal() ? halt(VERIFY_INTERNAL) : next;
}

@inline function halt(why: u32): u32 { verifyStop = why; return 0; }

/**
 * Looks behind damage for a place where records go on: the first in [ptr, ptr + bytes) that could be a record's.
 * @returns how far it is from `ptr`. verifyStop there: VERIFY_INTERNAL, it verifies, whatever its kind; VERIFY_MORE, it has
 *   the head of a record, whose verifyNeed bytes end beyond `bytes`; VERIFY_SHAPE, there is none, and the answer is where
 *   to look on once there are more bytes.
 *
 * Bytes of a value may look like a record's head by chance, so its shape is looked at before its checksum is reckoned.
 */
export function recordFind(ptr: u32, bytes: u32): u32 {
  const end = ptr + bytes;
  let p = ptr;
  verifyNeed = 0;
  for (; end - p >= RECORD_BYTES_MIN; p++) {
    if (load<u8>(p, RECORD_HEADER) != 0x2a) continue;
    const payload = load<u32>(p);
    if (payload == 0 || payload > RECORD_BYTES_MAX) continue;
    const from = p + RECORD_HEADER;
    verifyNeed = RECORD_HEADER + payload;
    if (payload > end - from) {
      if (multibulk(from, end) != NOT_YET || wanted > <u64>from + payload) continue;
      verifyStop = VERIFY_MORE;
      return p - ptr;
    }
    if (multibulk(from, from + payload) != from + payload || crc32cUpdate(0, from, payload) != load<u32>(p, 4)) continue;
    verifyStop = VERIFY_INTERNAL;
    return p - ptr;
  }
  verifyStop = VERIFY_SHAPE;
  return p - ptr;
}
