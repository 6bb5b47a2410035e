// ZUNION, ZINTER, ZDIFF, their storing forms, and ZINTERCARD. Behaviour and texts: redis-server 7.0's t_zset.c, its order
// of adding scores up included: sums of doubles depend on it.
import { EVENT_ZDIFFSTORE, EVENT_ZINTERSTORE, EVENT_ZUNIONSTORE } from '../../events/names';
import { replyInt } from '../../resp/encode';
import { replyError, replyErrorWith, replyOom, replySyntax } from '../../resp/errors';
import { parseDouble, parsedDouble } from '../../types/double';
import { parseI64, parsedI64 } from '../../types/integer';
import { foundScore, heldEncoding, heldPointer, heldSize, zsetDropHeld, zsetFind, zsetHoldSigned, zsetInsert, zsetRescore, zsetSettle } from '../../types/zset/zset';
import { argIsWord, integer, integerArg } from '../arguments';
import { argLen, argPtr, argc } from '../context';
import {
  otherScore, sourceEntry, sourceHas, sourceLen, sourceNext, sourcePtr, sourceScore, sourceSetWeight, sourceSize, sourceWalk, sourceWeight, sourcesDrop,
  sourcesRead, sourcesSort,
} from './sources';
import { replyRange, storeHeld } from './store';

export const UNION: u32 = 0;
export const INTER: u32 = 1;
export const DIFF: u32 = 2;

const SUM: u32 = 0;
const MIN: u32 = 1;
const MAX: u32 = 2;

let aggregate: u32 = 0;
let withScores: bool = false;
/** Members that ZINTERCARD counts at most; 0: all. */
let limit: i64 = 0;

/** Two scores of one member as one. Infinities that cancel make 0. */
function joined(score: f64, value: f64): f64 {
  if (aggregate == MIN) return value < score ? value : score;
  if (aggregate == MAX) return value > score ? value : score;
  const sum = score + value;
  return sum != sum ? 0 : sum;
}
@inline function weighted(rows: u32, i: u32): f64 {
  const score = sourceWeight(rows, i) * sourceScore;
  return score != score ? 0 : score;
}

/** Reads the options from argument i on, or replies with the error and answers false. */
function options(i: u32, rows: u32, count: u32, op: u32, storing: bool, counting: bool): bool {
  aggregate = SUM;
  withScores = false;
  limit = 0;
  const combines = op != DIFF && !counting;
  while (i < argc) {
    const left = argc - i;
    if (combines && left >= count + 1 && argIsWord(i, 'weights')) {
      for (let k: u32 = 0; k < count; k++) {
        const at = i + 1 + k;
        if (!parseDouble(argPtr(at), argLen(at))) { replyError('ERR weight value is not a float'); return false; }
        sourceSetWeight(rows, k, parsedDouble);
      }
      i += count + 1;
    } else if (combines && left >= 2 && argIsWord(i, 'aggregate')) {
      if (argIsWord(i + 1, 'sum')) aggregate = SUM;
      else if (argIsWord(i + 1, 'min')) aggregate = MIN;
      else if (argIsWord(i + 1, 'max')) aggregate = MAX;
      else { replySyntax(); return false; }
      i += 2;
    } else if (!storing && !counting && argIsWord(i, 'withscores')) {
      withScores = true;
      i++;
    } else if (counting && left >= 2 && argIsWord(i, 'limit')) {
      if (!parseI64(argPtr(i + 1), argLen(i + 1)) || parsedI64 < 0) { replyError("ERR LIMIT can't be negative"); return false; }
      limit = parsedI64;
      i += 2;
    } else { replySyntax(); return false; }
  }
  return true;
}

/** Adds all members of all sources to the held set, scores joined. False: no memory. */
function unite(rows: u32, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    sourceWalk(rows, i);
    while (sourceNext()) {
      const score = weighted(rows, i);
      if (!zsetFind(sourcePtr, sourceLen)) {
        if (!zsetInsert(score, sourcePtr, sourceLen)) return false;
        continue;
      }
      const sum = joined(foundScore, score);
      if (reinterpret<u64>(sum) != reinterpret<u64>(foundScore) && !zsetRescore(sum, sourcePtr, sourceLen)) return false;
    }
  }
  return true;
}

/** The score that `inAll` joined. */
let common: f64 = 0;

/** Is the member that row 0's walk has come to in all other sources? */
function inAll(rows: u32, count: u32): bool {
  common = weighted(rows, 0);
  for (let i: u32 = 1; i < count; i++) {
    if (sourceEntry(rows, i) == sourceEntry(rows, 0)) common = joined(common, sourceScore * sourceWeight(rows, i));
    else if (sourceHas(rows, i)) common = joined(common, otherScore * sourceWeight(rows, i));
    else return false;
  }
  return true;
}

function intersect(rows: u32, count: u32): bool {
  sourceWalk(rows, 0);
  while (sourceNext()) {
    if (inAll(rows, count) && !zsetInsertNew(common)) return false;
  }
  return true;
}

/** Puts the walk's member into the held set, which has not got it. */
function zsetInsertNew(score: f64): bool { return !zsetFind(sourcePtr, sourceLen) && zsetInsert(score, sourcePtr, sourceLen); }

function subtract(rows: u32, count: u32): bool {
  for (let i: u32 = 1; i < count; i++) if (sourceEntry(rows, i) == sourceEntry(rows, 0)) return true;
  sourceWalk(rows, 0);
  while (sourceNext()) {
    let kept = true;
    for (let i: u32 = 1; i < count && kept; i++) kept = !sourceHas(rows, i);
    if (kept && !zsetInsertNew(sourceScore)) return false;
  }
  return true;
}

/** Members of row 0 that all other sources have, `limit` at most. */
function countCommon(rows: u32, count: u32): i64 {
  let size: i64 = 0;
  sourceWalk(rows, 0);
  while (sourceNext()) {
    if (!inAll(rows, count)) continue;
    size++;
    if (size == limit) break;
  }
  return size;
}

/** The number of keys in argument i, or 0 after an error reply. */
function keysArg(i: u32): u32 {
  if (!integerArg(i)) return 0;
  if (integer < 1) {
    replyErrorWith("ERR at least 1 input key is needed for '", argPtr(0), argLen(0), "' command", true);
    return 0;
  }
  if (integer > <i64>(argc - i - 1)) { replySyntax(); return 0; }
  return <u32>integer;
}

/** The commands that make a set, of the keys behind argument 1, or 2 when argument 1 names where to store it. */
export function zcombine(op: u32, storing: bool): void {
  const at: u32 = storing ? 2 : 1;
  const count = keysArg(at);
  if (count == 0) return;
  const rows = sourcesRead(at + 1, count);
  if (rows == 0) return;
  if (options(at + 1 + count, rows, count, op, storing, false)) combine(rows, count, op, storing);
  sourcesDrop(rows, count);
}

function combine(rows: u32, count: u32, op: u32, storing: bool): void {
  if (!zsetHoldSigned()) { replyOom(); return; }
  if (op != DIFF) sourcesSort(rows, count);
  const done = op == UNION ? unite(rows, count) : op == INTER ? intersect(rows, count) : subtract(rows, count);
  if (!done) { zsetDropHeld(); replyOom(); return; }
  if (storing) {
    if (zsetSettle()) storeHeld(1, op == UNION ? EVENT_ZUNIONSTORE : op == INTER ? EVENT_ZINTERSTORE : EVENT_ZDIFFSTORE);
    else { zsetDropHeld(); replyOom(); }
    return;
  }
  replyRange(heldEncoding, heldPointer, 0, heldSize(), false, withScores);
  zsetDropHeld();
}

export function zintercard(): void {
  const count = keysArg(1);
  if (count == 0) return;
  const rows = sourcesRead(2, count);
  if (rows == 0) return;
  if (options(2 + count, rows, count, INTER, false, true)) {
    sourcesSort(rows, count);
    replyInt(countCommon(rows, count));
  }
  sourcesDrop(rows, count);
}
