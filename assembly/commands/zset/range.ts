// ZRANGE, ZRANGESTORE and the older commands that ZRANGE has taken over: by rank, by score, by bytes, from either end.
// Behaviour and texts: redis-server 7.0's t_zset.c, pinned by tests/differential.
import { EVENT_ZRANGESTORE } from '../../events/names';
import { replyArray } from '../../resp/encode';
import { replyError, replyOom, replySyntax } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { lexRange, rangeCount, rangeFirst, scoreRange } from '../../types/zset/range';
import {
  readLen, readPtr, readScore, zsetDropHeld, zsetHoldNew, zsetPut, zsetRead, zsetSize, zsetStep, zsetWalk,
} from '../../types/zset/zset';
import { argIsWord, integer, integerArg } from '../arguments';
import { argc } from '../context';
import { WRONG, typedRead } from '../typed';
import { firstRank, highOpen, highScore, lexBounds, lowOpen, lowScore, rankBounds, rankSpan, scoreBounds } from './bounds';
import { BY_LEX, BY_RANK, BY_SCORE } from './remove';
import { replyRange, storeHeld, storeNothing } from './store';

/** The options say by what; and in which direction. */
export const BY_ANY: u32 = 3;
export const ANY_WAY: u32 = 2;

let by: u32 = 0;
let reverse: bool = false;
let withScores: bool = false;
let offset: i64 = 0;
/** Members at most; below 0: no limit. */
let limit: i64 = 0;

/** Reads the options from argument i on, or replies with the error and answers false. */
function options(i: u32, storing: bool, byGiven: u32, wayGiven: u32): bool {
  by = byGiven;
  let way = wayGiven;
  withScores = false;
  offset = 0;
  limit = -1;
  for (; i < argc; i++) {
    if (!storing && argIsWord(i, 'withscores')) withScores = true;
    else if (i + 2 < argc && argIsWord(i, 'limit')) {
      if (!integerArg(i + 1)) return false;
      offset = integer;
      if (!integerArg(i + 2)) return false;
      limit = integer;
      i += 2;
    } else if (way == ANY_WAY && argIsWord(i, 'rev')) way = 1;
    else if (by == BY_ANY && argIsWord(i, 'bylex')) by = BY_LEX;
    else if (by == BY_ANY && argIsWord(i, 'byscore')) by = BY_SCORE;
    else { replySyntax(); return false; }
  }
  reverse = way == 1;
  if (by == BY_ANY) by = BY_RANK;
  if (limit != -1 && by == BY_RANK) {
    replyError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX');
    return false;
  }
  if (withScores && by == BY_LEX) {
    replyError('ERR syntax error, WITHSCORES not supported in combination with BYLEX');
    return false;
  }
  return true;
}

/** Rank of the first member to reply with, in the direction that was asked for; and how many. */
let start: u32 = 0;
let count: u32 = 0;

/** Finds them in a set. */
function locate(encoding: u32, pointer: u32): void {
  const size = zsetSize(encoding, pointer);
  if (by == BY_RANK) {
    count = rankSpan(size);
    start = reverse ? size - 1 - <u32>firstRank : <u32>firstRank;
    return;
  }
  if (by == BY_SCORE) scoreRange(encoding, pointer, lowScore, lowOpen, highScore, highOpen);
  else lexRange(encoding, pointer, reverse);
  // A negative offset never ends counting down, as in Redis: nothing is left.
  const rest = offset < 0 ? 0 : max<i64>(<i64>rangeCount - offset, 0);
  count = <u32>(limit < 0 ? rest : min(limit, rest));
  start = reverse ? rangeFirst + rangeCount - 1 - <u32>offset : rangeFirst + <u32>offset;
}

/**
 * All of them.
 * @param key Argument of the set to read; 2 when argument 1 names where to store.
 */
export function zrange(key: u32, byGiven: u32, wayGiven: u32): void {
  const storing = key == 2;
  if (!options(key + 3, storing, byGiven, wayGiven)) return;
  // Downwards, ranges of scores and bytes are given with the higher bound first.
  const swapped: u32 = reverse && by != BY_RANK ? 1 : 0;
  const low = key + 1 + swapped;
  const high = key + 2 - swapped;
  if (by == BY_RANK ? !rankBounds(low, high) : by == BY_SCORE ? !scoreBounds(low, high) : !lexBounds(low, high)) return;
  const e = typedRead(key, TYPE_ZSET);
  if (e == WRONG) return;
  if (e == 0) {
    if (storing) storeNothing(1);
    else replyArray(0);
    return;
  }
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  locate(encoding, pointer);
  if (storing) storeRange(encoding, pointer);
  else replyRange(encoding, pointer, start, count, reverse, withScores);
}

function storeRange(encoding: u32, pointer: u32): void {
  if (!zsetHoldNew()) { replyOom(); return; }
  if (count != 0) zsetWalk(encoding, pointer, start);
  for (let k: u32 = 0; k < count; k++) {
    zsetRead();
    if (!zsetPut(readScore, readPtr, readLen)) { zsetDropHeld(); replyOom(); return; }
    zsetStep(reverse);
  }
  storeHeld(1, EVENT_ZRANGESTORE);
}
