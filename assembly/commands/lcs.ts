// LCS. Behaviour and texts: redis-server 7.0's t_string.c. The table itself: types/lcs.ts.
import { argIsWord, integer, integerArg } from './arguments';
import { argLen, argPtr, argc, bulkBytesMax, win } from './context';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { windowScratch } from '../memory/window';
import { replyArray, replyBulk, replyInt, replyMap, replyRaw } from '../resp/encode';
import { replyError, replySyntax } from '../resp/errors';
import { lookupRead } from '../table/keyspace';
import { lcsAboveIsGreater, lcsLength, lcsPrepare } from '../types/lcs';
import { isString, stringView, viewLen, viewPtr } from '../types/string';

const MATCHES: u32 = <u32>memory.data<u8>([0x24, 0x37, 0x0d, 0x0a, 0x6d, 0x61, 0x74, 0x63, 0x68, 0x65, 0x73, 0x0d, 0x0a]); // "$7\r\nmatches\r\n"
const LEN: u32 = <u32>memory.data<u8>([0x24, 0x33, 0x0d, 0x0a, 0x6c, 0x65, 0x6e, 0x0d, 0x0a]); // "$3\r\nlen\r\n"

// What was asked for.
let wantsIndexes: bool = false;
let wantsLength: bool = false;
let withMatchLen: bool = false;
let matchLenMin: i64 = 0;

// The two strings.
let a: u32 = 0;
let aLen: u32 = 0;
let b: u32 = 0;
let bLen: u32 = 0;

/** Reads the options; false after an error reply. */
function readOptions(): bool {
  wantsIndexes = false;
  wantsLength = false;
  withMatchLen = false;
  matchLenMin = 0;
  for (let i: u32 = 3; i < argc; i++) {
    if (argIsWord(i, 'idx')) wantsIndexes = true;
    else if (argIsWord(i, 'len')) wantsLength = true;
    else if (argIsWord(i, 'withmatchlen')) withMatchLen = true;
    else if (i + 1 < argc && argIsWord(i, 'minmatchlen')) {
      if (!integerArg(++i)) return false;
      matchLenMin = max<i64>(integer, 0);
    } else { replySyntax(); return false; }
  }
  if (wantsIndexes && wantsLength) {
    replyError('ERR If you want both the length and indexes, please just use IDX.');
    return false;
  }
  return true;
}

/** Brings the strings of arguments 1 and 2 into view; false after an error reply. */
function viewStrings(): bool {
  const first = lookupRead(argPtr(1), argLen(1));
  // The second lookup may delete an expired key, never the first one's: that has just been found alive.
  const second = lookupRead(argPtr(2), argLen(2));
  if ((first != 0 && !isString(first)) || (second != 0 && !isString(second))) {
    replyError('ERR The specified keys must contain string values');
    return false;
  }
  aLen = 0;
  bLen = 0;
  if (first != 0) { stringView(first, 0); a = viewPtr; aLen = viewLen; }
  if (second != 0) { stringView(second, 1); b = viewPtr; bLen = viewLen; }
  return true;
}

export function lcs(): void {
  if (!viewStrings() || !readOptions()) return;
  // Redis's limit is on its own table of u32; ours is smaller, the answer must not be.
  const cells = (<u64>aLen + 1) * (<u64>bLen + 1);
  if (cells > <u64>(bulkBytesMax >>> 2)) {
    replyError('ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len');
    return;
  }
  const tableBytes = lcsPrepare(a, aLen, b, bLen, windowScratch(win), !wantsLength);
  // The subsequence itself, written backwards, follows the table.
  const bytes = tableBytes + <u64>min(aLen, bLen);
  const block = bytes < 0xf0000000 ? arenaAlloc(<u32>bytes) : 0;
  if (block == 0) { replyError('ERR Insufficient memory, failed allocating transient memory for LCS'); return; }
  const length = lcsLength(a, aLen, b, bLen, block, <u32>tableBytes);
  if (wantsLength) replyInt(length);
  else if (wantsIndexes) {
    replyMap(2);
    replyRaw(MATCHES, 13);
    replyArray(walk(0, length, false));
    walk(0, length, true);
    replyRaw(LEN, 9);
    replyInt(length);
  } else {
    const result = block + <u32>tableBytes;
    walk(result, length, false);
    replyBulk(result, length);
  }
  arenaFree(block);
}

/**
 * Walks the table from its last cell back to an edge, as Redis does: along the diagonal where the bytes are equal, up
 * where the cell above is greater, else left.
 * @param result Where the subsequence of `length` bytes goes, or 0.
 * @param emit Reply with each range of equal bytes.
 * @returns how many ranges are long enough.
 */
function walk(result: u32, length: u32, emit: bool): u32 {
  let i = aLen;
  let j = bLen;
  let left = length;
  let ranges: u32 = 0;
  let run: u32 = 0; // bytes of the range in hand, which begins at (i, j)
  while (i > 0 && j > 0) {
    const byte = load<u8>(a + i - 1);
    if (byte == load<u8>(b + j - 1)) {
      i--; j--; left--;
      if (result != 0) store<u8>(result + left, byte);
      run++;
      if (i != 0 && j != 0) continue;
    }
    if (run != 0 && (matchLenMin == 0 || <i64>run >= matchLenMin)) {
      ranges++;
      if (emit) replyRange(i, j, run);
    }
    run = 0;
    if (i == 0 || j == 0) break;
    if (lcsAboveIsGreater(i, j)) i--;
    else j--;
  }
  return ranges;
}

function replyRange(i: u32, j: u32, run: u32): void {
  replyArray(withMatchLen ? 3 : 2);
  replyArray(2);
  replyInt(i);
  replyInt(i + run - 1);
  replyArray(2);
  replyInt(j);
  replyInt(j + run - 1);
  if (withMatchLen) replyInt(run);
}
