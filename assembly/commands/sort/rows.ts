// What SORT sorts: rows of an element and what it is compared by. Elements and texts lie where the values keep them,
// which stay as they are during the command.
//
// Row, 24 bytes (ROW_BYTES of types/row-sort.ts):
//   offset size field
//        0    8 weight   f64 · or a text: ptr u32, bytes u32 · or an integer that stands for its text: i64
//        8    8 element  a text: ptr u32, bytes u32 · or an integer: i64
//       16    4 flags    ROW_*
//       20    4 index    place in the order in which the elements were found
import { header } from '../../memory/layout';
import { replyBulk, replyBulkInt } from '../../resp/encode';
import { TYPE_LIST, TYPE_SET, entryEncoding, entryPointer, entryType } from '../../table/entry';
import { formatI64, parseI64, parsedI64 } from '../../types/integer';
import { cursorNext, cursorPrev, cursorSeek, cursorView, elementLen, elementPtr } from '../../types/list/cursor';
import { ROW_BYTES } from '../../types/row-sort';
import { memberLen, memberPtr, memberText } from '../../types/set/member';
import { setWalkBegin, setWalkNext } from '../../types/set/walk';
import { readLen, readPtr, zsetRead, zsetStep, zsetWalk } from '../../types/zset/zset';
import { win } from '../context';

const ELEMENT_INT: u32 = 1;
const WEIGHT_INT: u32 = 2;
/** No weight: the key that BY named is not there. It comes first. */
const WEIGHT_NONE: u32 = 4;

/** Digits of integers that are shown: two places of 32 bytes in the window's spare part. */
const DIGITS: u32 = 11904;

@inline export function rowAt(rows: u32, i: u32): u32 { return rows + i * ROW_BYTES; }
@inline export function rowScore(row: u32): f64 { return load<f64>(row); }
@inline export function rowSetScore(row: u32, score: f64): void { store<f64>(row, score); }
@inline export function rowIndex(row: u32): u32 { return load<u32>(row, 20); }
@inline export function rowHasWeight(row: u32): bool { return (load<u32>(row, 16) & WEIGHT_NONE) == 0; }
@inline export function rowIsInt(row: u32): bool { return (load<u32>(row, 16) & ELEMENT_INT) != 0; }
@inline export function rowInt(row: u32): i64 { return load<i64>(row, 8); }

/** The text that `rowText` or `rowWeight` showed. That of an integer holds until the same place is used again. */
export let rowPtr: u32 = 0;
export let rowLen: u32 = 0;

@inline function show(at: u32, isInt: bool, place: u32): void {
  if (isInt) {
    rowPtr = win + DIGITS + (place << 5);
    rowLen = formatI64(load<i64>(at), rowPtr);
  } else {
    rowPtr = load<u32>(at);
    rowLen = load<u32>(at, 4);
  }
}
/** Shows the element, or the text it is compared by. `place` 0 or 1. */
export function rowText(row: u32, place: u32): void { show(row + 8, rowIsInt(row), place); }
export function rowWeight(row: u32, place: u32): void { show(row, (load<u32>(row, 16) & WEIGHT_INT) != 0, place); }

export function rowReply(row: u32): void {
  if (rowIsInt(row)) replyBulkInt(rowInt(row));
  else replyBulk(load<u32>(row, 8), load<u32>(row, 12));
}

/** Does the text lie in the window, so that it will soon be written over? Values show their integers there. */
@inline function passes(ptr: u32): bool { return ptr - win < header().windowBytes; }

/** Keeps a text at `at`, 8 bytes; true: as the integer that it is. */
function keep(at: u32, ptr: u32, length: u32): bool {
  if (!passes(ptr)) {
    store<u32>(at, ptr);
    store<u32>(at, length, 4);
    return false;
  }
  const isInt = parseI64(ptr, length);
  assert(isInt);
  store<i64>(at, parsedI64);
  return true;
}

function putElement(rows: u32, i: u32, ptr: u32, length: u32): void {
  const row = rowAt(rows, i);
  store<u64>(row, 0);
  store<u32>(row, (keep(row + 8, ptr, length) ? ELEMENT_INT : 0) | WEIGHT_NONE, 16);
  store<u32>(row, i, 20);
}

/** Gives the row a text to be compared by. */
export function rowSetWeight(row: u32, ptr: u32, length: u32): void {
  const isInt = keep(row, ptr, length);
  store<u32>(row, (load<u32>(row, 16) & ELEMENT_INT) | (isInt ? WEIGHT_INT : 0), 16);
}

/**
 * Fills rows with `count` elements of a list, a set or a sorted set.
 * @param start The first element's place in a list or a sorted set, from the end if `reverse`; a set is given whole.
 */
export function rowsFill(rows: u32, e: u32, size: u32, start: u32, count: u32, reverse: bool): void {
  if (count == 0) return;
  const type = entryType(e);
  const first = reverse ? size - 1 - start : start;
  if (type == TYPE_LIST) fillFromList(rows, e, first, count, reverse);
  else if (type == TYPE_SET) fillFromSet(rows, e, count);
  else fillFromSortedSet(rows, e, first, count, reverse);
}

function fillFromList(rows: u32, e: u32, first: u32, count: u32, reverse: bool): void {
  let more = cursorSeek(e, first);
  for (let i: u32 = 0; i < count; i++) {
    assert(more);
    cursorView(0);
    putElement(rows, i, elementPtr, elementLen);
    more = reverse ? cursorPrev() : cursorNext();
  }
}

function fillFromSet(rows: u32, e: u32, count: u32): void {
  setWalkBegin(e);
  for (let i: u32 = 0; i < count && setWalkNext(); i++) {
    memberText();
    putElement(rows, i, memberPtr, memberLen);
  }
}

function fillFromSortedSet(rows: u32, e: u32, first: u32, count: u32, reverse: bool): void {
  zsetWalk(entryEncoding(e), entryPointer(e), first);
  for (let i: u32 = 0; i < count; i++) {
    zsetRead();
    putElement(rows, i, readPtr, readLen);
    zsetStep(reverse);
  }
}
