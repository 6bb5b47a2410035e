// Taking members out: ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX, ZPOPMIN, ZPOPMAX, ZMPOP. Behaviour and
// texts: redis-server 7.0's t_zset.c, pinned by tests/differential.
import { fxArg, fxBegin, fxEnd, fxInt, logFrame, logOn } from '../../log/ring';
import { argChanged } from '../../events/arguments';
import { NOTIFY_ZSET } from '../../events/events';
import {
  EVENT_ZPOPMAX, EVENT_ZPOPMIN, EVENT_ZREM, EVENT_ZREMRANGEBYLEX, EVENT_ZREMRANGEBYRANK, EVENT_ZREMRANGEBYSCORE,
} from '../../events/names';
import { replyArray, replyBulk, replyDouble, replyFailed, replyInt, replyNullArray } from '../../resp/encode';
import { replyError, replySyntax, replyWrongType } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer, entryType } from '../../table/entry';
import { lookupWrite } from '../../table/keyspace';
import { parseI64, parsedI64 } from '../../types/integer';
import { lexRange, rangeCount, rangeFirst, scoreRange } from '../../types/zset/range';
import {
  heldSize, readLen, readPtr, readScore, zsetFind, zsetHoldKey, zsetKeepIn, zsetRead, zsetRemove, zsetRemoveRanks, zsetSize, zsetStep, zsetWalk,
} from '../../types/zset/zset';
import { argIsWord } from '../arguments';
import { argLen, argPtr, argc, changed, proto } from '../context';
import { WRONG, removeKey, typedWrite } from '../typed';
import { firstRank, highOpen, highScore, lexBounds, lowOpen, lowScore, rankBounds, rankSpan, scoreBounds } from './bounds';

/** The held set has lost members, by what `event` names: it is kept in its key's entry, and the key goes if nothing is left. */
function keep(e: u32, key: u32, event: u32): void {
  zsetKeepIn(e);
  argChanged(key, NOTIFY_ZSET, event);
  if (heldSize() == 0) removeKey(argPtr(key), argLen(key));
}

export function zrem(): void {
  const e = typedWrite(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  zsetHoldKey(e);
  let gone: u32 = 0;
  for (let i: u32 = 2; i < argc; i++) {
    if (!zsetFind(argPtr(i), argLen(i))) continue;
    zsetRemove();
    gone++;
  }
  if (gone == 0) zsetKeepIn(e);
  else {
    keep(e, 1, EVENT_ZREM);
    changed(gone);
    logFrame();
  }
  replyInt(gone);
}

export const BY_RANK: u32 = 0;
export const BY_SCORE: u32 = 1;
export const BY_LEX: u32 = 2;

/** ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX. */
export function zremrange(by: u32): void {
  if (by == BY_RANK ? !rankBounds(2, 3) : by == BY_SCORE ? !scoreBounds(2, 3) : !lexBounds(2, 3)) return;
  const e = typedWrite(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) { replyInt(0); return; }
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  let first: u32;
  let count: u32;
  if (by == BY_RANK) {
    count = rankSpan(zsetSize(encoding, pointer));
    first = <u32>firstRank;
  } else {
    if (by == BY_SCORE) scoreRange(encoding, pointer, lowScore, lowOpen, highScore, highOpen);
    else lexRange(encoding, pointer, false);
    first = rangeFirst;
    count = rangeCount;
  }
  if (count != 0) {
    zsetHoldKey(e);
    zsetRemoveRanks(first, count);
    keep(e, 1, by == BY_RANK ? EVENT_ZREMRANGEBYRANK : by == BY_SCORE ? EVENT_ZREMRANGEBYSCORE : EVENT_ZREMRANGEBYLEX);
    changed(count);
    logFrame();
  }
  replyInt(count);
}

/** Replies with `count` members from one end of the set, each a pair of its own if `nested`; then takes them out. */
function pop(e: u32, key: u32, count: u32, highest: bool, nested: bool): void {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  const size = zsetSize(encoding, pointer);
  zsetWalk(encoding, pointer, highest ? size - 1 : 0);
  for (let k: u32 = 0; k < count && !replyFailed; k++) {
    if (nested) replyArray(2);
    zsetRead();
    replyBulk(readPtr, readLen);
    replyDouble(readScore);
    zsetStep(highest);
  }
  if (replyFailed) return;
  zsetHoldKey(e);
  zsetRemoveRanks(highest ? size - count : 0, count);
  keep(e, key, highest ? EVENT_ZPOPMAX : EVENT_ZPOPMIN);
  changed(count);
}

/** ZPOPMIN and ZPOPMAX. */
export function zpop(highest: bool): void {
  if (argc > 3) { replySyntax(); return; }
  let count: i64 = 1;
  if (argc == 3) {
    if (!parseI64(argPtr(2), argLen(2)) || parsedI64 < 0) { replyError('ERR value is out of range, must be positive'); return; }
    count = parsedI64;
  }
  const e = typedWrite(1, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0 || count == 0) { replyArray(0); return; }
  const taken = <u32>min<i64>(count, zsetSize(entryEncoding(e), entryPointer(e)));
  const nested = proto == 3 && argc == 3;
  replyArray(nested ? taken : taken * 2);
  pop(e, 1, taken, highest, nested);
  if (!replyFailed) logFrame();
}

/** Reads argument i as an integer of 1 or more, or replies with this error and answers false. */
function positiveArg(i: u32, text: string): bool {
  if (parseI64(argPtr(i), argLen(i)) && parsedI64 > 0) return true;
  replyError(text);
  return false;
}

export function zmpop(): void {
  if (!positiveArg(1, 'ERR numkeys should be greater than 0')) return;
  if (parsedI64 + 2 >= <i64>argc || parsedI64 + 2 < 0) { replySyntax(); return; }
  const where = <u32>parsedI64 + 2;
  const highest = argIsWord(where, 'max');
  if (!highest && !argIsWord(where, 'min')) { replySyntax(); return; }
  let count: i64 = 1;
  for (let i = where + 1; i < argc; i += 2) {
    if (i != where + 1 || i + 1 >= argc || !argIsWord(i, 'count')) { replySyntax(); return; }
    if (!positiveArg(i + 1, 'ERR count should be greater than 0')) return;
    count = parsedI64;
  }
  for (let key: u32 = 2; key < where; key++) {
    const e = lookupWrite(argPtr(key), argLen(key));
    if (e == 0) continue;
    if (entryType(e) != TYPE_ZSET) { replyWrongType(); return; }
    popFrom(e, key, <u32>min<i64>(count, zsetSize(entryEncoding(e), entryPointer(e))), highest);
    return;
  }
  replyNullArray();
}

function popFrom(e: u32, key: u32, count: u32, highest: bool): void {
  replyArray(2);
  replyBulk(argPtr(key), argLen(key));
  replyArray(count);
  pop(e, key, count, highest, true);
  if (replyFailed || !logOn()) return;
  if (highest) fxBegin('ZPOPMAX');
  else fxBegin('ZPOPMIN');
  fxArg(argPtr(key), argLen(key));
  fxInt(count);
  fxEnd();
}
