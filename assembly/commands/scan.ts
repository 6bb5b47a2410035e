// Commands over a whole database of this shard: SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHALL, FLUSHDB, SWAPDB. With several
// shards the host leads: SCAN and RANDOMKEY go to one shard, the others to each.
import { CALL_CLUSTER } from '../abi';
import { argIs, argLen, argPtr, argc, callFlags, changed, db, win } from './context';
import { argIsWord, integer, integerArg } from './arguments';
import { scanCursor, scanCursorArg } from './member-scan';
import { databaseModified, databasesFlushed } from '../events/interest';
import { fxBegin, fxEnd, logFrame, logOn } from '../log/ring';
import { header } from '../memory/layout';
import { windowScratch } from '../memory/window';
import { replyArray, replyBulk, replyInt, replyNull, replyOk } from '../resp/encode';
import { replyError, replySyntax } from '../resp/errors';
import { entryKey, entryKeyLen } from '../table/entry';
import { flushDatabase, swapDatabases } from '../table/flush';
import { randomEntry, walkBegin, walkCursor, walkDone, walkNext } from '../table/scan';
import { root } from '../table/table';
import { globIsAll, globMatches } from '../types/glob';
import { valueTypeName } from '../types/value';
import { formatI64, parseI64, parsedI64 } from '../types/integer';

/** Home buckets that one SCAN call visits at most per key asked for: it comes back even from a table that is empty. */
const BUCKETS_PER_COUNT: u64 = 10;

export function scan(): void {
  if (!scanCursorArg(1)) return;
  const cursor = scanCursor;
  let count: i64 = 10;
  let pattern: u32 = 0;
  let patternLen: u32 = 0;
  let type: u32 = 0;
  for (let i: u32 = 2; i < argc; i += 2) {
    const last = i + 1 >= argc;
    if (!last && argIs(i, 0x746e756f63, 5)) {
      if (!integerArg(i + 1)) return;
      count = integer;
      if (count < 1) { replySyntax(); return; }
    } else if (!last && argIs(i, 0x686374616d, 5)) {
      pattern = argPtr(i + 1);
      patternLen = argLen(i + 1);
      if (globIsAll(pattern, patternLen)) pattern = 0;
    } else if (!last && argIs(i, 0x65707974, 4)) type = i + 1;
    else { replySyntax(); return; }
  }
  const h = header();
  const position = <u32>(cursor >> 6);
  const bucket = <u32>cursor & 63;
  // A cluster port knows its own shard's keys alone: 0 begins with that, whichever it is.
  const here = cursor == 0 && (callFlags & CALL_CLUSTER) != 0;
  if (!here && cursor >> 38 != <u64>h.shardIndex) {
    // No cursor of ours, or one of a layout that is gone.
    scanReply(0, 0, 0, 0, 0, 0, 0, 0);
    return;
  }
  // Twice the same walk: the first counts, the second writes. The first has expired what was due, so they agree.
  walkBegin(position, bucket);
  const out = windowScratch(win);
  const bucketsMax = min<u64>(count, 0xffffffff) * BUCKETS_PER_COUNT;
  let buckets: u64 = 0;
  let walked: u64 = 0;
  let kept: u32 = 0;
  while (!walkDone && walked < <u64>count && buckets < bucketsMax) {
    const found = walkNext(out);
    walked += found;
    buckets++;
    for (let k: u32 = 0; k < found; k++) {
      const e = load<u32>(out + (k << 2));
      if (wanted(e, pattern, patternLen, type)) kept++;
    }
  }
  const next = walkCursor();
  scanReply(next, kept, position, bucket, buckets, pattern, patternLen, type);
}

/** Does the key match the pattern (0: all do), and its value the type that argument `type` names (0: all do)? */
function wanted(e: u32, pattern: u32, patternLen: u32, type: u32): bool {
  if (type != 0 && !argIsWord(type, valueTypeName(e))) return false;
  return pattern == 0 || globMatches(pattern, patternLen, entryKey(e), entryKeyLen(e));
}

function scanReply(next: u64, kept: u32, position: u32, bucket: u32, buckets: u64, pattern: u32, patternLen: u32, type: u32): void {
  replyArray(2);
  const text = windowScratch(win) + 1024;
  replyBulk(text, formatI64(<i64>next, text));
  replyArray(kept);
  if (kept == 0) return;
  const out = windowScratch(win);
  walkBegin(position, bucket);
  for (; buckets != 0; buckets--) {
    const found = walkNext(out);
    for (let k: u32 = 0; k < found; k++) {
      const e = load<u32>(out + (k << 2));
      if (wanted(e, pattern, patternLen, type)) replyBulk(entryKey(e), entryKeyLen(e));
    }
  }
}

export function keys(): void {
  const pattern = globIsAll(argPtr(1), argLen(1)) ? 0 : argPtr(1);
  const out = windowScratch(win);
  for (let pass = 0; pass < 2; pass++) {
    let count: u32 = 0;
    walkBegin(0, 0);
    while (!walkDone) {
      const found = walkNext(out);
      for (let k: u32 = 0; k < found; k++) {
        const e = load<u32>(out + (k << 2));
        if (pattern != 0 && !globMatches(pattern, argLen(1), entryKey(e), entryKeyLen(e))) continue;
        count++;
        if (pass == 1) replyBulk(entryKey(e), entryKeyLen(e));
      }
    }
    if (pass == 0) replyArray(count);
  }
}

export function randomkey(): void {
  const e = randomEntry(windowScratch(win));
  if (e == 0) replyNull();
  else replyBulk(entryKey(e), entryKeyLen(e));
}

export function dbsize(): void { replyInt(root(db).count); }

/** FLUSHALL and FLUSHDB. SYNC and ASYNC mean the same here: keys are gone at once, their memory comes back in slices. */
export function flush(all: bool): void {
  if (argc > 2 || (argc == 2 && !argIs(1, 0x636e7973, 4) && !argIs(1, 0x636e797361, 5))) { replySyntax(); return; }
  let count: u32 = 0;
  if (all) for (let i: u32 = 0; i < header().databaseCount; i++) count += flushWhole(i);
  else count = flushWhole(db);
  databasesFlushed((callFlags & CALL_CLUSTER) != 0);
  changed(all ? count + 1 : count);
  if (logOn()) {
    if (all) fxBegin('FLUSHALL');
    else fxBegin('FLUSHDB');
    fxEnd();
  }
  replyOk();
}

function flushWhole(database: u32): u32 {
  databaseModified(database, database);
  return flushDatabase(database);
}

function swapArg(i: u32, text: string): bool {
  if (parseI64(argPtr(i), argLen(i)) && parsedI64 >= -2147483648 && parsedI64 <= 2147483647) return true;
  replyError(text);
  return false;
}

export function swapdb(): void {
  if (!swapArg(1, 'ERR invalid first DB index')) return;
  const a = parsedI64;
  if (!swapArg(2, 'ERR invalid second DB index')) return;
  const b = parsedI64;
  const count = <i64>header().databaseCount;
  if (a < 0 || a >= count || b < 0 || b >= count) { replyError('ERR DB index is out of range'); return; }
  databaseModified(<u32>a, <u32>b);
  databaseModified(<u32>b, <u32>a);
  swapDatabases(<u32>a, <u32>b);
  changed(1);
  logFrame();
  replyOk();
}
