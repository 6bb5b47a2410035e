// ZSCAN. A small set is given whole, whatever COUNT says, as Redis does with a listpack.
import { windowScratch } from '../../memory/window';
import { replyBulk, replyBulkInt, replyFailed } from '../../resp/encode';
import { ENC_PACKED, ENTRY_LARGE, TYPE_ZSET, entryEncoding, entryFlags, entryKey, entryKeyLen, entryPointer } from '../../table/entry';
import { walkDone, walkNext, walkTable, walkTableCursor } from '../../table/scan';
import { dictRoot } from '../../types/dict';
import { formatDouble17 } from '../../types/double';
import { globMatches } from '../../types/glob';
import { memberScore, readLen, readPtr, readScore, zsetNext, zsetRead, zsetSize, zsetWalk } from '../../types/zset/zset';
import { win } from '../context';
import { replyScanHead, scanCount, scanCursor, scanCursorArg, scanOptions, scanPattern, scanPatternLen } from '../member-scan';
import { WRONG, typedRead } from '../typed';

/** Home buckets that one call visits at most per member asked for. */
const BUCKETS_PER_COUNT: u64 = 10;
/** Where a score's digits go: behind the walk's own scratch. */
const TEXT_OFFSET: u32 = 1024;

export function zscan(): void {
  if (!scanCursorArg(2)) return;
  const e = typedRead(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyScanHead(0, 0); return; }
  if (!scanOptions(3)) return;
  if (entryEncoding(e) == ENC_PACKED) scanPacked(entryPointer(e), (entryFlags(e) & ENTRY_LARGE) == 0);
  else scanTable(entryPointer(e));
}

@inline function isWanted(ptr: u32, length: u32): bool {
  return scanPattern == 0 || globMatches(scanPattern, scanPatternLen, ptr, length);
}

/** Integers up to here Redis keeps as such in its listpacks, and prints as such where it prints what lies there. */
const LISTPACK_INTEGER_MAX: f64 = 4611686018427387904;

/** Scores are bulk strings here, under RESP3 too. */
function replyPair(ptr: u32, length: u32, score: f64, listpack: bool): void {
  replyBulk(ptr, length);
  if (listpack && abs(score) <= LISTPACK_INTEGER_MAX && trunc(score) == score) { replyBulkInt(<i64>score); return; }
  const text = windowScratch(win) + TEXT_OFFSET;
  replyBulk(text, formatDouble17(score, text));
}

function scanPacked(lp: u32, listpack: bool): void {
  const size = zsetSize(ENC_PACKED, lp);
  let kept = size;
  if (scanPattern != 0) {
    kept = 0;
    zsetWalk(ENC_PACKED, lp, 0);
    for (let k: u32 = 0; k < size; k++, zsetNext()) {
      zsetRead();
      if (isWanted(readPtr, readLen)) kept++;
    }
  }
  replyScanHead(0, kept * 2);
  zsetWalk(ENC_PACKED, lp, 0);
  for (let k: u32 = 0; k < size && !replyFailed; k++, zsetNext()) {
    zsetRead();
    if (isWanted(readPtr, readLen)) replyPair(readPtr, readLen, readScore, listpack);
  }
}

/** The same walk twice: the first counts, the second replies. */
function scanTable(pointer: u32): void {
  const out = windowScratch(win);
  const position = <u32>(scanCursor >> 6);
  const bucket = <u32>scanCursor & 63;
  const bucketsMax = min<u64>(<u64>scanCount, 0xffffffff) * BUCKETS_PER_COUNT;
  let buckets: u64 = 0;
  let walked: u64 = 0;
  let kept: u32 = 0;
  walkTable(dictRoot(pointer), position, bucket);
  while (!walkDone && walked < <u64>scanCount && buckets < bucketsMax) {
    const count = walkNext(out);
    walked += count;
    buckets++;
    for (let k: u32 = 0; k < count; k++) {
      const member = load<u32>(out + (k << 2));
      if (isWanted(entryKey(member), entryKeyLen(member))) kept++;
    }
  }
  replyScanHead(walkTableCursor(), kept * 2);
  walkTable(dictRoot(pointer), position, bucket);
  for (; buckets != 0 && !replyFailed; buckets--) {
    const count = walkNext(out);
    for (let k: u32 = 0; k < count; k++) {
      const member = load<u32>(out + (k << 2));
      if (isWanted(entryKey(member), entryKeyLen(member))) replyPair(entryKey(member), entryKeyLen(member), memberScore(member), false);
    }
  }
}
