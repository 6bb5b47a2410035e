// What SSCAN, HSCAN and ZSCAN have in common: the cursor, COUNT and MATCH. Behaviour and texts: redis-server 7.0's
// scanGenericCommand, which looks at the cursor before it looks for the key, and at the options after it.
import { globIsAll } from '../types/glob';
import { formatU64 } from '../types/integer';
import { replyArray, replyBulk, replyReserve } from '../resp/encode';
import { replyError, replySyntax } from '../resp/errors';
import { windowScratch } from '../memory/window';
import { integer, integerArg } from './arguments';
import { argIs, argLen, argPtr, argc, win } from './context';

/** The cursor that `scanCursorArg` read. */
export let scanCursor: u64 = 0;
/** Elements to look at, 1 or more. */
export let scanCount: i64 = 10;
/** The pattern's bytes; 0 stands for none, or one that takes everything. */
export let scanPattern: u32 = 0;
export let scanPatternLen: u32 = 0;

/** Reads a cursor as strtoul does: up to the first zero byte, a sign allowed, nothing else but digits. */
export function parseCursor(p: u32, length: u32): bool {
  scanCursor = 0;
  let end = p;
  while (end < p + length && load<u8>(end) != 0) end++;
  if (p == end) return true;
  const negative = load<u8>(p) == 0x2d;
  if (negative || load<u8>(p) == 0x2b) p++;
  if (p == end) return false;
  let value: u64 = 0;
  for (; p < end; p++) {
    const digit = <u64>load<u8>(p) - 48;
    if (digit > 9) return false;
    if (value > (u64.MAX_VALUE - digit) / 10) return false;
    value = value * 10 + digit;
  }
  scanCursor = negative ? 0 - value : value;
  return true;
}

/** Reads argument i as a cursor, or replies with the error and answers false. */
export function scanCursorArg(i: u32): bool {
  if (parseCursor(argPtr(i), argLen(i))) return true;
  replyError('ERR invalid cursor');
  return false;
}

/** Reads COUNT and MATCH from argument i on, or replies with the error and answers false. */
export function scanOptions(i: u32): bool {
  scanCount = 10;
  scanPattern = 0;
  scanPatternLen = 0;
  for (; i < argc; i += 2) {
    const last = i + 1 >= argc;
    if (!last && argIs(i, 0x746e756f63, 5)) {
      if (!integerArg(i + 1)) return false;
      scanCount = integer;
      if (scanCount < 1) { replySyntax(); return false; }
    } else if (!last && argIs(i, 0x686374616d, 5)) {
      scanPattern = argPtr(i + 1);
      scanPatternLen = argLen(i + 1);
      if (globIsAll(scanPattern, scanPatternLen)) scanPattern = 0;
    } else { replySyntax(); return false; }
  }
  return true;
}

/** The head of the reply: the cursor to go on with, and how many elements follow. */
export function replyScanHead(next: u64, elements: u32): void {
  if (!replyReserve(64)) return;
  replyArray(2);
  const text = windowScratch(win);
  replyBulk(text, formatU64(next, text));
  replyArray(elements);
}
