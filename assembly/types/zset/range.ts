// Ranges of a sorted set as ranks: from scores, and from member bytes.
import { ENC_TREE, entryKey, entryKeyLen } from '../../table/entry';
import { lpAfter, lpFirst, lpLast, lpLen, lpNext, lpPrev, lpPtr, lpView } from '../listpack';
import { SEEK_LEX, SEEK_LEX_AFTER, SEEK_SCORE, SEEK_SCORE_AFTER, compareBytes, placeEntry, seekFor, treeSelect } from './seek';
import { treeWord, zsetSeekRank, zsetSize } from './zset';

/** The range that the last call found: the rank of its first member, and how many it has. */
export let rangeFirst: u32 = 0;
export let rangeCount: u32 = 0;

@inline function range(first: u32, end: u32): void {
  rangeFirst = first;
  rangeCount = end > first ? end - first : 0;
}

/** Members with scores from `low` to `high`, without the bound itself where it is open. */
export function scoreRange(encoding: u32, pointer: u32, low: f64, lowOpen: bool, high: f64, highOpen: bool): void {
  seekFor(lowOpen ? SEEK_SCORE_AFTER : SEEK_SCORE, low, 0, 0);
  const first = zsetSeekRank(encoding, pointer);
  seekFor(highOpen ? SEEK_SCORE : SEEK_SCORE_AFTER, high, 0, 0);
  range(first, zsetSeekRank(encoding, pointer));
}

/** A bound of a range of bytes: below everything, above everything, or bytes that are in the range or just outside. */
export const LEX_BELOW: u32 = 0;
export const LEX_ABOVE: u32 = 1;
export const LEX_CLOSED: u32 = 2;
export const LEX_OPEN: u32 = 3;

let lowKind: u32 = 0;
let lowPtr: u32 = 0;
let lowLen: u32 = 0;
let highKind: u32 = 0;
let highPtr: u32 = 0;
let highLen: u32 = 0;

export function lexLow(kind: u32, ptr: u32, length: u32): void { lowKind = kind; lowPtr = ptr; lowLen = length; }
export function lexHigh(kind: u32, ptr: u32, length: u32): void { highKind = kind; highPtr = ptr; highLen = length; }

function aboveLow(ptr: u32, length: u32): bool {
  if (lowKind <= LEX_ABOVE) return lowKind == LEX_BELOW;
  const order = compareBytes(ptr, length, lowPtr, lowLen);
  return lowKind == LEX_OPEN ? order > 0 : order >= 0;
}
function belowHigh(ptr: u32, length: u32): bool {
  if (highKind <= LEX_ABOVE) return highKind == LEX_ABOVE;
  const order = compareBytes(ptr, length, highPtr, highLen);
  return highKind == LEX_OPEN ? order < 0 : order <= 0;
}

/**
 * Members between the bounds last given to lexLow and lexHigh. In a set whose scores are not all the same this means
 * little; a listpack is then read as Redis reads one, from the end that `reverse` says.
 */
export function lexRange(encoding: u32, pointer: u32, reverse: bool): void {
  if (encoding != ENC_TREE) { lexPacked(pointer, zsetSize(encoding, pointer), reverse); return; }
  const size = zsetSize(encoding, pointer);
  range(0, 0);
  // As in a listpack, both ends are looked at first.
  if (!memberAbove(pointer, size - 1) || !memberBelow(pointer, 0)) return;
  let first: u32 = lowKind == LEX_BELOW ? 0 : size;
  if (lowKind > LEX_ABOVE) {
    seekFor(lowKind == LEX_OPEN ? SEEK_LEX_AFTER : SEEK_LEX, 0, lowPtr, lowLen);
    first = zsetSeekRank(encoding, pointer);
  }
  let end: u32 = highKind == LEX_BELOW ? 0 : size;
  if (highKind > LEX_ABOVE) {
    seekFor(highKind == LEX_OPEN ? SEEK_LEX : SEEK_LEX_AFTER, 0, highPtr, highLen);
    end = zsetSeekRank(encoding, pointer);
  }
  range(first, end);
}

function memberAbove(pointer: u32, rank: u32): bool {
  treeSelect(treeWord(pointer), rank);
  return aboveLow(entryKey(placeEntry()), entryKeyLen(placeEntry()));
}
function memberBelow(pointer: u32, rank: u32): bool {
  treeSelect(treeWord(pointer), rank);
  return belowHigh(entryKey(placeEntry()), entryKeyLen(placeEntry()));
}

function above(p: u32): bool { lpView(p, 1); return aboveLow(lpPtr, lpLen); }
function below(p: u32): bool { lpView(p, 1); return belowHigh(lpPtr, lpLen); }

function lexPacked(lp: u32, size: u32, reverse: bool): void {
  range(0, 0);
  const last = lpLast(lp);
  // Redis looks at both ends before it looks for anything.
  if (last == 0 || !above(lpPrev(lp, last)) || !below(lpFirst(lp))) return;
  if (reverse) {
    let rank = size;
    let p = lpPrev(lp, last);
    while (p != 0 && !below(p)) { p = pairBefore(lp, p); rank--; }
    const end = rank;
    while (p != 0 && above(p)) { p = pairBefore(lp, p); rank--; }
    range(rank, end);
    return;
  }
  let rank: u32 = 0;
  let p = lpFirst(lp);
  while (p != 0 && !above(p)) { p = lpNext(lp, lpAfter(p)); rank++; }
  const first = rank;
  while (p != 0 && below(p)) { p = lpNext(lp, lpAfter(p)); rank++; }
  range(first, rank);
}

function pairBefore(lp: u32, p: u32): u32 {
  const score = lpPrev(lp, p);
  return score == 0 ? 0 : lpPrev(lp, score);
}
