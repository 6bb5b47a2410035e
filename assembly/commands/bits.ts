// SETBIT, GETBIT, BITCOUNT, BITPOS. Behaviour and texts: redis-server 7.0's bitops.c.
import { argIsWord, bitOffset, bitOffsetArg, integer, integerArg } from './arguments';
import { argLen, argPtr, argc, changed } from './context';
import { logFrame } from '../log/ring';
import { replyInt } from '../resp/encode';
import { replyError, replyOom, replySyntax, replyWrongType } from '../resp/errors';
import { argChanged } from '../events/arguments';
import { NOTIFY_STRING } from '../events/events';
import { EVENT_SETBIT } from '../events/names';
import { lookupRead, lookupWrite } from '../table/keyspace';
import { countOnesBetween, findBitBetween } from '../types/bits';
import { parseI64, parsedI64 } from '../types/integer';
import { isString, stringLength, stringNewZeroed, stringView, stringWritable, viewLen, viewPtr } from '../types/string';

/** Longest string that a bit command makes; beyond it there is no memory in any case. */
const STRING_BYTES_MAX: u64 = 0xf0000000;

/** Did `bitsWritable` make the key, or the string longer? */
export let bitsGrown: bool = false;

/**
 * Readies the string under argument 1 for a write to bit `last`: made or grown with zeros. viewPtr/viewLen show it.
 * @returns false after an error reply; nothing is changed then.
 */
export function bitsWritable(last: u64): bool {
  const bytes = (last >> 3) + 1;
  const e = lookupWrite(argPtr(1), argLen(1));
  if (e != 0 && !isString(e)) { replyWrongType(); return false; }
  if (bytes > STRING_BYTES_MAX) { replyOom(); return false; }
  bitsGrown = e == 0 || stringLength(e) < <u32>bytes;
  const ready = e == 0 ? stringNewZeroed(argPtr(1), argLen(1), <u32>bytes) : stringWritable(e, <u32>bytes);
  if (ready == 0) { replyOom(); return false; }
  return true;
}

export function setbit(): void {
  if (!bitOffsetArg(2, 0)) return;
  if (!parseI64(argPtr(3), argLen(3)) || <u64>parsedI64 > 1) { replyError('ERR bit is not an integer or out of range'); return; }
  const on = <u32>parsedI64;
  if (!bitsWritable(bitOffset)) return;
  const at = viewPtr + <u32>(bitOffset >> 3);
  const shift = 7 - (<u32>bitOffset & 7);
  const byte = <u32>load<u8>(at);
  const had = (byte >>> shift) & 1;
  store<u8>(at, (byte & ~(1 << shift)) | (on << shift));
  if (bitsGrown || had != on) {
    changed(1);
    logFrame();
    argChanged(1, NOTIFY_STRING, EVENT_SETBIT);
  }
  replyInt(had);
}

export function getbit(): void {
  if (!bitOffsetArg(2, 0)) return;
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  if (!isString(e)) { replyWrongType(); return; }
  stringView(e, 0);
  const index = bitOffset >> 3;
  if (index >= <u64>viewLen) { replyInt(0); return; }
  replyInt((<u32>load<u8>(viewPtr + <u32>index) >>> (7 - (<u32>bitOffset & 7))) & 1);
}

/** The range that `clampRange` made, in bits; empty if rangeFirst > rangeLast. */
let rangeFirst: i64 = 0;
let rangeLast: i64 = 0;

/** Turns a start and an end as given, negative ones counting from the end, into bits of the string in view. */
function clampRange(start: i64, end: i64, inBits: bool): void {
  const total: i64 = inBits ? <i64>viewLen << 3 : <i64>viewLen;
  if (start < 0) start = max<i64>(start + total, 0);
  if (end < 0) end = max<i64>(end + total, 0);
  if (end >= total) end = total - 1;
  if (start > end) { rangeFirst = 1; rangeLast = 0; return; }
  rangeFirst = inBits ? start : start << 3;
  rangeLast = inBits ? end : (end << 3) + 7;
}

const UNIT_BYTE: i32 = 0;
const UNIT_BIT: i32 = 1;

/** Reads argument i as a unit; -1 after the error reply. */
function unitArg(i: u32): i32 {
  if (argIsWord(i, 'bit')) return UNIT_BIT;
  if (argIsWord(i, 'byte')) return UNIT_BYTE;
  replySyntax();
  return -1;
}

export function bitcount(): void {
  const e = lookupRead(argPtr(1), argLen(1));
  if (e == 0) { replyInt(0); return; }
  if (!isString(e)) { replyWrongType(); return; }
  let start: i64 = 0;
  let end: i64 = -1;
  let unit = UNIT_BYTE;
  if (argc == 4 || argc == 5) {
    if (!integerArg(2)) return;
    start = integer;
    if (!integerArg(3)) return;
    end = integer;
    if (start < 0 && end < 0 && start > end) { replyInt(0); return; }
    if (argc == 5) {
      unit = unitArg(4);
      if (unit < 0) return;
    }
  } else if (argc != 2) { replySyntax(); return; }
  stringView(e, 0);
  clampRange(start, end, unit == UNIT_BIT);
  replyInt(rangeFirst > rangeLast ? 0 : <i64>countOnesBetween(viewPtr, rangeFirst, rangeLast));
}

export function bitpos(): void {
  if (!integerArg(2)) return;
  if (<u64>integer > 1) { replyError('ERR The bit argument must be 1 or 0.'); return; }
  const wanted = <u32>integer;
  const e = lookupRead(argPtr(1), argLen(1));
  // A key that is not there is an endless run of zeros.
  if (e == 0) { replyInt(wanted != 0 ? -1 : 0); return; }
  if (!isString(e)) { replyWrongType(); return; }
  let start: i64 = 0;
  let end: i64 = -1;
  let unit = UNIT_BYTE;
  if (argc > 6) { replySyntax(); return; }
  if (argc > 3) {
    if (!integerArg(3)) return;
    start = integer;
    if (argc == 6) {
      unit = unitArg(5);
      if (unit < 0) return;
    }
    if (argc > 4) {
      if (!integerArg(4)) return;
      end = integer;
    }
  }
  stringView(e, 0);
  clampRange(start, end, unit == UNIT_BIT);
  if (rangeFirst > rangeLast) { replyInt(-1); return; }
  const found = findBitBetween(viewPtr, rangeFirst, rangeLast, wanted);
  // Without an end, what is right of the string counts as zeros.
  replyInt(found < 0 && wanted == 0 && argc < 5 ? rangeLast + 1 : found);
}
