// Stream IDs as text: "<ms>-<seq>", two u64. What is read is what C's strtoull would take, as in Redis: leading blanks, a
// sign and leading zeros are allowed, unless the text is a plain negative integer.
import { formatU64, parseI64, parsedI64 } from '../integer';
import { advance, outPos, replyReserve, writeCrlf } from '../../resp/encode';

/** "18446744073709551615-18446744073709551615" */
export const ID_CHARS_MAX: u32 = 41;
/** Longer texts are no IDs, whatever they say. */
const ID_TEXT_MAX: u32 = 127;

/** The ID of the last `idParse`. */
export let idMs: u64 = 0;
export let idSeq: u64 = 0;
/** False: the text was "<ms>-*", its sequence is to be chosen. */
export let idSeqGiven: bool = true;

/** "-" and "+" stand for the smallest and the largest ID. */
export const ID_RANGE_SIGNS: u32 = 1;
/** "<ms>-*" is allowed. */
export const ID_AUTO_SEQ: u32 = 2;

function isBlank(c: u32): bool { return c == 32 || c - 9 <= 4; }

let parsedU64: u64 = 0;

/** Reads a whole text as strtoull does, plain negative integers excepted. */
function parseU64(ptr: u32, length: u32): bool {
  if (parseI64(ptr, length)) {
    parsedU64 = <u64>parsedI64;
    return parsedI64 >= 0;
  }
  let i: u32 = 0;
  while (i < length && isBlank(load<u8>(ptr + i))) i++;
  let negative = false;
  if (i < length && (load<u8>(ptr + i) == 0x2b || load<u8>(ptr + i) == 0x2d)) {
    negative = load<u8>(ptr + i) == 0x2d;
    i++;
  }
  if (i == length) return false;
  let value: u64 = 0;
  for (; i < length; i++) {
    const digit = <u64>load<u8>(ptr + i) - 48;
    if (digit > 9) return false;
    if (value > u64.MAX_VALUE / 10 || value * 10 > u64.MAX_VALUE - digit) return false;
    value = value * 10 + digit;
  }
  parsedU64 = negative ? 0 - value : value;
  return true;
}

/**
 * Reads an ID into idMs, idSeq and idSeqGiven. A NUL ends the text, as in C.
 * @param missingSeq The sequence of a text that is only "<ms>".
 * @param how ID_RANGE_SIGNS, ID_AUTO_SEQ.
 */
export function idParse(ptr: u32, length: u32, missingSeq: u64, how: u32): bool {
  if (length > ID_TEXT_MAX) return false;
  let end: u32 = 0;
  while (end < length && load<u8>(ptr + end) != 0) end++;
  idSeqGiven = true;
  if (end == 1 && (load<u8>(ptr) == 0x2d || load<u8>(ptr) == 0x2b)) {
    const value = load<u8>(ptr) == 0x2d ? <u64>0 : u64.MAX_VALUE;
    idMs = value;
    idSeq = value;
    return (how & ID_RANGE_SIGNS) != 0;
  }
  let dash: u32 = 0;
  while (dash < end && load<u8>(ptr + dash) != 0x2d) dash++;
  if (!parseU64(ptr, dash)) return false;
  idMs = parsedU64;
  if (dash == end) { idSeq = missingSeq; return true; }
  const rest = ptr + dash + 1;
  const restLen = end - dash - 1;
  if ((how & ID_AUTO_SEQ) && restLen == 1 && load<u8>(rest) == 0x2a) {
    idSeq = 0;
    idSeqGiven = false;
    return true;
  }
  if (!parseU64(rest, restLen)) return false;
  idSeq = parsedU64;
  return true;
}

/** Makes idMs/idSeq the ID after, or before, the one they are. False: there is none. */
export function idIncrement(): bool {
  if (idSeq != u64.MAX_VALUE) { idSeq++; return true; }
  idSeq = 0;
  idMs++;
  return idMs != 0;
}
export function idDecrement(): bool {
  if (idSeq != 0) { idSeq--; return true; }
  idSeq = u64.MAX_VALUE;
  idMs--;
  return idMs != u64.MAX_VALUE;
}
export function idSet(ms: u64, seq: u64): void { idMs = ms; idSeq = seq; }

/** Writes an ID; answers its length, up to ID_CHARS_MAX. */
export function idFormat(ms: u64, seq: u64, out: u32): u32 {
  let length = formatU64(ms, out);
  store<u8>(out + length, 0x2d);
  length++;
  return length + formatU64(seq, out + length);
}

/** Replies with an ID as a bulk string. */
export function replyId(ms: u64, seq: u64): void {
  if (!replyReserve(64)) return;
  const length = idFormat(ms, seq, outPos + 5);
  store<u8>(outPos, 0x24);
  if (length < 10) {
    store<u8>(outPos, 48 + length, 1);
    store<u16>(outPos, 0x0a0d, 2);
    memory.copy(outPos + 4, outPos + 5, length);
    advance(4 + length);
  } else {
    store<u8>(outPos, 48 + length / 10, 1);
    store<u8>(outPos, 48 + length % 10, 2);
    store<u16>(outPos, 0x0a0d, 3);
    advance(5 + length);
  }
  writeCrlf();
}
