// GEOSEARCH, GEOSEARCHSTORE, GEORADIUS and GEORADIUSBYMEMBER. Behaviour: redis-server 7.0's geo.c, pinned by
// tests/differential.
import { AREAS, areaScores, foundDistance, scoreEnd, scoreMin, shapeAreas, shapeHolds, unitMetres } from '../../types/geo-areas';
import { geohashDecode, scoreInteger } from '../../types/geohash';
import { replyArray, replyBulk, replyFailed, replyInt } from '../../resp/encode';
import { replyOom } from '../../resp/errors';
import { TYPE_ZSET, entryEncoding, entryPointer } from '../../table/entry';
import { SEEK_SCORE, seekFor } from '../../types/zset/seek';
import { readLen, readPtr, zsetNext, zsetPlace, zsetPlaceScore, zsetReadPlace, zsetSeekRank, zsetWalk } from '../../types/zset/zset';
import { WRONG, typedRead } from '../typed';
import { NO_PROBLEM, replyProblem } from './arguments';
import {
  ANY, ASCENDING, DESCENDING, WITH_DISTANCE, WITH_PLACE, WITH_SCORE, countMax, options, readOptions, sourceIndex, storeIndex,
} from './options';
import { replyDistance, replyPlace } from './replies';
import { resultAdd, resultCount, resultDistance, resultMember, resultScore, resultsBegin, resultsEnd, resultsSort } from './results';
import { areasPlace } from './scratch';
import { storeNothing } from '../zset/store';
import { storeResults } from './store';

export function search(): void {
  const e = typedRead(sourceIndex(), TYPE_ZSET);
  if (e == WRONG) return;
  const problem = readOptions(e);
  if (problem != NO_PROBLEM) { replyProblem(problem); return; }
  resultsBegin();
  if (e != 0 && !find(e)) replyOom();
  else answer(e);
  resultsEnd();
}

/** Members in front of a score. */
function rankOf(e: u32, score: f64): u32 {
  seekFor(SEEK_SCORE, score, 0, 0);
  return zsetSeekRank(entryEncoding(e), entryPointer(e));
}

/** Gathers what lies in the shape, area by area and by score within each; false: no memory. */
function find(e: u32): bool {
  const areas = areasPlace();
  const most = (options & ANY) != 0 ? countMax : u64.MAX_VALUE;
  shapeAreas(areas);
  for (let i: u32 = 0; i < AREAS && resultCount < most; i++) {
    if (!areaScores(areas, i)) continue;
    const first = rankOf(e, scoreMin);
    let left = rankOf(e, scoreEnd) - first;
    if (left == 0) continue;
    zsetWalk(entryEncoding(e), entryPointer(e), first);
    for (; left != 0 && resultCount < most; left--) {
      const score = zsetPlaceScore();
      if (shapeHolds(score) && !resultAdd(foundDistance, score, zsetPlace())) return false;
      zsetNext();
    }
  }
  return true;
}

/** Members that a search in `e` with the options read last would look at. */
export function searchCost(e: u32): u32 {
  const areas = areasPlace();
  let sum: u32 = 0;
  shapeAreas(areas);
  for (let i: u32 = 0; i < AREAS; i++) if (areaScores(areas, i)) sum += rankOf(e, scoreEnd) - rankOf(e, scoreMin);
  return sum;
}

function answer(e: u32): void {
  const wanted = countMax == 0 || resultCount < countMax ? resultCount : <u32>countMax;
  if ((options & (ASCENDING | DESCENDING)) != 0 && !resultsSort(wanted, (options & DESCENDING) != 0)) { replyOom(); return; }
  if (storeIndex == 0) replyResults(e, wanted);
  else if (wanted == 0) storeNothing(storeIndex);
  else storeResults(e, wanted);
}

function replyResults(e: u32, wanted: u32): void {
  const extras = options & (WITH_DISTANCE | WITH_SCORE | WITH_PLACE);
  replyArray(wanted);
  for (let i: u32 = 0; i < wanted && !replyFailed; i++) {
    if (extras != 0) replyArray(1 + <u32>popcnt(extras));
    zsetReadPlace(entryEncoding(e), resultMember(i));
    replyBulk(readPtr, readLen);
    if ((options & WITH_DISTANCE) != 0) replyDistance(resultDistance(i) / unitMetres);
    if ((options & WITH_SCORE) != 0) replyInt(scoreInteger(resultScore(i)));
    if ((options & WITH_PLACE) != 0) {
      geohashDecode(resultScore(i));
      replyPlace();
    }
  }
}
