// Cuts one request frame out of a buffer: RESP multibulk, or an inline line. The accepted language, the limits and the
// error texts are redis-server 7.0's (processMultibulkBuffer and processInlineBuffer of networking.c describe them).
//
// The parser keeps no state between calls: a frame that is not complete is parsed again from its start when more bytes
// are there. Frames that outgrow a window go another way (STATUS_BIG), so what is parsed twice is at most a window.
import { ARGS_MAX, INLINE_BYTES_MAX } from '../abi';
import { setArgs, bulkBytesMax } from '../commands/context';
import { parseI64, parsedI64 } from '../types/integer';

export const PARSE_NEED_MORE: i32 = 0;
export const PARSE_MALFORMED: i32 = -1;
export const PARSE_TOO_MANY_ARGS: i32 = -2;

export const FAULT_BIG_COUNT: u32 = 1;
export const FAULT_COUNT: u32 = 2;
export const FAULT_BIG_LENGTH: u32 = 3;
export const FAULT_EXPECTED: u32 = 4;
export const FAULT_LENGTH: u32 = 5;
export const FAULT_BIG_INLINE: u32 = 6;
export const FAULT_QUOTES: u32 = 7;
export const FAULT_UNAUTHENTICATED_COUNT: u32 = 8;
export const FAULT_UNAUTHENTICATED_LENGTH: u32 = 9;

/** After PARSE_MALFORMED: which rule was broken, and the byte found where '$' was expected. */
export let fault: u32 = 0;
export let faultByte: u32 = 0;
/** After PARSE_NEED_MORE: the frame has at least this many bytes. */
export let needBytes: u32 = 0;

/** Saturates: the host only asks whether it is more than a window holds. */
@inline function atLeast(bytes: u64): u32 { return <u32>min<u64>(bytes, 0xffffffff); }

function malformed(kind: u32): i32 { fault = kind; return PARSE_MALFORMED; }

/** The number in [p, end) as Redis's string2ll reads it; -1 for what is none, -2 for one below zero. */
function headerNumber(p: u32, end: u32): i64 {
  if (!parseI64(p, end - p)) return -1;
  return parsedI64 < 0 ? -2 : parsedI64;
}

/** Address of the first CR in [p, end), or 0. Header lines are short: looking further than 64 KiB has no use. */
@inline function findCr(p: u32, end: u32): u32 {
  while (p < end) {
    if (load<u8>(p) == 13) return p;
    p++;
  }
  return 0;
}

/**
 * Parses the frame that begins at `p`.
 * @param argv  Room for ARGS_MAX rows; afterwards the context's arguments point into [p, end) (or into `inlineArea`).
 * @param limited The connection has not authenticated: at most 10 arguments of at most 16 KiB.
 * @returns Bytes of the frame (argc is 0 for an empty line or an empty multibulk), or a PARSE_* code.
 */
export function parseFrame(p: u32, end: u32, argv: u32, argsMax: u32, inlineArea: u32, limited: bool): i32 {
  if (p >= end) { needBytes = 1; return PARSE_NEED_MORE; }
  if (load<u8>(p) != 0x2a) return parseInline(p, end, argv, argsMax, inlineArea);
  const start = p;
  // Almost every header is a single digit: "*3\r\n". The slow reading takes everything else.
  let count: u32;
  if (p + 4 <= end && (load<u32>(p) & 0xffff00ff) == 0x0a0d002a && <u32>load<u8>(p, 1) - 49 <= 8) {
    count = <u32>load<u8>(p, 1) - 48;
    p += 4;
  } else {
    const cr = findCr(p + 1, min(end, p + 1 + INLINE_BYTES_MAX + 1));
    if (cr == 0) {
      if (end - p > INLINE_BYTES_MAX) return malformed(FAULT_BIG_COUNT);
      needBytes = end - start + 1;
      return PARSE_NEED_MORE;
    }
    if (cr + 1 >= end) { needBytes = end - start + 1; return PARSE_NEED_MORE; }
    const value = headerNumber(p + 1, cr);
    if (value == -1 || value > 0x7fffffff) return malformed(FAULT_COUNT);
    if (limited && value > 10) return malformed(FAULT_UNAUTHENTICATED_COUNT);
    p = cr + 2;
    if (value <= 0) { setArgs(argv, 0); return p - start; }
    count = <u32>value;
  }
  if (limited && count > 10) return malformed(FAULT_UNAUTHENTICATED_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    let length: u32;
    if (p + 4 <= end && (load<u32>(p) & 0xffff00ff) == 0x0a0d0024 && <u32>load<u8>(p, 1) - 48 <= 9) {
      length = <u32>load<u8>(p, 1) - 48;
      p += 4;
    } else if (p + 5 <= end && load<u8>(p) == 0x24 && load<u16>(p, 3) == 0x0a0d && <u32>load<u8>(p, 1) - 49 <= 8 && <u32>load<u8>(p, 2) - 48 <= 9) {
      length = (<u32>load<u8>(p, 1) - 48) * 10 + <u32>load<u8>(p, 2) - 48;
      p += 5;
    } else {
      const cr = findCr(p, min(end, p + INLINE_BYTES_MAX + 1));
      if (cr == 0) {
        if (end - p > INLINE_BYTES_MAX) return malformed(FAULT_BIG_LENGTH);
        needBytes = atLeast(<u64>(end - start) + 1 + <u64>(count - i - 1) * 6);
        return PARSE_NEED_MORE;
      }
      if (cr + 1 >= end) { needBytes = end - start + 1; return PARSE_NEED_MORE; }
      if (load<u8>(p) != 0x24) { faultByte = load<u8>(p); return malformed(FAULT_EXPECTED); }
      const value = headerNumber(p + 1, cr);
      if (value < 0 || value > <i64>bulkBytesMax) return malformed(FAULT_LENGTH);
      if (limited && value > 16384) return malformed(FAULT_UNAUTHENTICATED_LENGTH);
      length = <u32>value;
      p = cr + 2;
    }
    if (end - p < length + 2 || length > 0xfffffff0) {
      needBytes = atLeast(<u64>(p - start) + <u64>length + 2 + <u64>(count - i - 1) * 6);
      return PARSE_NEED_MORE;
    }
    if (i < argsMax) {
      store<u32>(argv + (i << 3), p);
      store<u32>(argv + (i << 3), length, 4);
    }
    p += length + 2;
  }
  if (count > argsMax) return PARSE_TOO_MANY_ARGS;
  setArgs(argv, count);
  return p - start;
}

@inline function isSpace(c: u32): bool { return c == 32 || (c >= 9 && c <= 13); }
/** Words are set apart by any space, but vertical tab and form feed do not end one. */
@inline function endsWord(c: u32): bool { return c == 32 || c == 9 || c == 10 || c == 13; }

/** A line of words, quoted as a shell would ("..." with escapes, '...' literal). */
function parseInline(start: u32, end: u32, argv: u32, argsMax: u32, area: u32): i32 {
  let newline = start;
  while (newline < end && load<u8>(newline) != 10 && newline - start <= INLINE_BYTES_MAX) newline++;
  if (newline >= end || load<u8>(newline) != 10) {
    if (end - start > INLINE_BYTES_MAX) return malformed(FAULT_BIG_INLINE);
    needBytes = end - start + 1;
    return PARSE_NEED_MORE;
  }
  const bytes = newline + 1 - start;
  let stop = newline;
  if (stop > start && load<u8>(stop - 1) == 13) stop--;
  // A line is a C string to Redis: it ends at its first NUL.
  for (let q = start; q < stop; q++) if (load<u8>(q) == 0) { stop = q; break; }
  let p = start;
  let count: u32 = 0;
  let out = area;
  while (true) {
    while (p < stop && isSpace(load<u8>(p))) p++;
    if (p >= stop) break;
    const word = out;
    let quote: u32 = 0;
    while (true) {
      if (p >= stop) {
        if (quote != 0) return malformed(FAULT_QUOTES);
        break;
      }
      const c = <u32>load<u8>(p);
      if (quote == 0) {
        if (endsWord(c)) break;
        if (c == 0x22 || c == 0x27) { quote = c; p++; continue; }
        store<u8>(out++, c);
        p++;
        continue;
      }
      if (c == quote) {
        // A closing quote ends the word: anything but a space after it is an error.
        if (p + 1 < stop && !isSpace(load<u8>(p + 1))) return malformed(FAULT_QUOTES);
        p++;
        quote = 0;
        break;
      }
      if (c == 0x5c && p + 1 < stop) {
        const d = <u32>load<u8>(p + 1);
        if (quote == 0x27) {
          if (d == 0x27) { store<u8>(out++, d); p += 2; continue; }
        } else {
          if (d == 0x78 && p + 3 < stop && hexDigit(load<u8>(p + 2)) >= 0 && hexDigit(load<u8>(p + 3)) >= 0) {
            store<u8>(out++, (hexDigit(load<u8>(p + 2)) << 4) | hexDigit(load<u8>(p + 3)));
            p += 4;
            continue;
          }
          store<u8>(out++, unescape(d));
          p += 2;
          continue;
        }
      }
      store<u8>(out++, c);
      p++;
    }
    if (count < argsMax) {
      store<u32>(argv + (count << 3), word);
      store<u32>(argv + (count << 3), out - word, 4);
    }
    count++;
  }
  if (count > argsMax) return PARSE_TOO_MANY_ARGS;
  setArgs(argv, count);
  return bytes;
}

function hexDigit(c: u32): i32 {
  if (c - 48 <= 9) return c - 48;
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function unescape(c: u32): u32 {
  if (c == 0x6e) return 10;
  if (c == 0x72) return 13;
  if (c == 0x74) return 9;
  if (c == 0x62) return 8;
  if (c == 0x61) return 7;
  return c;
}

if (ARGS_MAX < 1024) ERROR('a window must hold the arguments of ordinary frames');
