// HSCAN. A packed hash is given whole, whatever COUNT says, as Redis does; a table from cursor to cursor (table/scan.ts).
import { win } from '../context';
import { WRONG } from '../typed';
import { hashRead } from './common';
import { replyScanHead, scanCount, scanCursor, scanCursorArg, scanOptions, scanPattern, scanPatternLen } from '../member-scan';
import { windowScratch } from '../../memory/window';
import { replyBulk, replyFailed } from '../../resp/encode';
import { entryKey, entryKeyLen, entryPointer } from '../../table/entry';
import { walkDone, walkNext, walkTable, walkTableCursor } from '../../table/scan';
import { dictRoot } from '../../types/dict';
import { globMatches } from '../../types/glob';
import { hashIsPacked, hashReplyValue } from '../../types/hash/hash';
import { lpFirst, lpLen, lpNext, lpPtr, lpReplyElement, lpView } from '../../types/listpack';

/** Home buckets that one call visits at most per field asked for: it comes back even from a table that is empty. */
const BUCKETS_PER_COUNT: u64 = 10;

export function hscan(): void {
  if (!scanCursorArg(2)) return;
  const e = hashRead();
  if (e == WRONG) return;
  if (e == 0) { replyScanHead(0, 0); return; }
  if (!scanOptions(3)) return;
  if (hashIsPacked(e)) scanPacked(entryPointer(e));
  else scanTable(e);
}

@inline function wanted(ptr: u32, length: u32): bool { return scanPattern == 0 || globMatches(scanPattern, scanPatternLen, ptr, length); }

function scanPacked(lp: u32): void {
  let kept: u32 = 0;
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, lpNext(lp, p))) {
    lpView(p, 0);
    if (wanted(lpPtr, lpLen)) kept++;
  }
  replyScanHead(0, kept * 2);
  let p = lpFirst(lp);
  while (p != 0 && !replyFailed) {
    const value = lpNext(lp, p);
    lpView(p, 0);
    if (wanted(lpPtr, lpLen)) { replyBulk(lpPtr, lpLen); lpReplyElement(value); }
    p = lpNext(lp, value);
  }
}

/** Twice the same walk: the first counts, the second writes. */
function scanTable(e: u32): void {
  const r = dictRoot(entryPointer(e));
  const out = windowScratch(win);
  // A position is 32 bits: what is no cursor of ours ends the walk.
  const foreign = scanCursor >> 38 != 0;
  const position = <u32>(scanCursor >> 6);
  const bucket = <u32>scanCursor & 63;
  const bucketsMax = min<u64>(scanCount, 0xffffffff) * BUCKETS_PER_COUNT;
  let buckets: u64 = 0;
  let walked: u64 = 0;
  let kept: u32 = 0;
  walkTable(r, position, bucket);
  while (!foreign && !walkDone && walked < <u64>scanCount && buckets < bucketsMax) {
    const found = walkNext(out);
    walked += found;
    buckets++;
    for (let k: u32 = 0; k < found; k++) {
      const f = load<u32>(out + (k << 2));
      if (wanted(entryKey(f), entryKeyLen(f))) kept++;
    }
  }
  replyScanHead(foreign ? 0 : walkTableCursor(), kept * 2);
  if (kept == 0) return;
  walkTable(r, position, bucket);
  for (; buckets != 0 && !replyFailed; buckets--) {
    const found = walkNext(out);
    for (let k: u32 = 0; k < found; k++) {
      const f = load<u32>(out + (k << 2));
      if (!wanted(entryKey(f), entryKeyLen(f))) continue;
      replyBulk(entryKey(f), entryKeyLen(f));
      hashReplyValue(e, f);
    }
  }
}
