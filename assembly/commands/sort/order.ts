// Puts SORT's rows in order: a merge sort from the bottom up over their addresses, n log n comparisons at most, equal
// rows in the order they had. That is what Redis's own sorting gives (glibc's qsort), with one exception: when LIMIT cuts
// off a part of what BY sorts, Redis sorts by a partial quicksort, and the order of equal rows is what that makes of
// them. It only shows when texts are compared, since equal numbers are told apart by the elements themselves.
import { ROW_BYTES, ROW_STACK_BYTES, sortFirstRows } from '../../types/row-sort';
import { windowScratch } from '../../memory/window';
import { win } from '../context';
import { sortAlpha, sortBy, sortDescending, sortStore } from './options';
import { rowAt, rowHasWeight, rowInt, rowIsInt, rowLen, rowPtr, rowScore, rowSetScore, rowText, rowWeight } from './rows';

/** How the bytes of two texts compare: below 0, 0, above it. */
function compareBytes(a: u32, aLen: u32, b: u32, bLen: u32): i32 {
  const order = memory.compare(a, b, min(aLen, bLen));
  return order != 0 ? order : aLen == bLen ? 0 : aLen < bLen ? -1 : 1;
}

/** The same for C's strings, which end at a zero byte. */
function compareTexts(a: u32, aLen: u32, b: u32, bLen: u32): i32 {
  const common = min(aLen, bLen);
  for (let i: u32 = 0; i < common; i++) {
    const x = <i32>load<u8>(a + i);
    const y = <i32>load<u8>(b + i);
    if (x != y) return x - y;
    if (x == 0) return 0;
  }
  const aEnds = aLen == common || load<u8>(a + common) == 0;
  const bEnds = bLen == common || load<u8>(b + common) == 0;
  return aEnds ? (bEnds ? 0 : -1) : 1;
}

function compareElements(a: u32, b: u32, whole: bool): i32 {
  if (rowIsInt(a) && rowIsInt(b) && rowInt(a) == rowInt(b)) return 0;
  rowText(a, 0);
  const ptr = rowPtr;
  const length = rowLen;
  rowText(b, 1);
  return whole ? compareBytes(ptr, length, rowPtr, rowLen) : compareTexts(ptr, length, rowPtr, rowLen);
}

function compareWeights(a: u32, b: u32): i32 {
  if (!rowHasWeight(a) || !rowHasWeight(b)) return <i32>rowHasWeight(a) - <i32>rowHasWeight(b);
  rowWeight(a, 0);
  const ptr = rowPtr;
  const length = rowLen;
  rowWeight(b, 1);
  // What is stored is compared byte by byte; what is replied, as the locale has it: C's.
  return sortStore != 0 ? compareBytes(ptr, length, rowPtr, rowLen) : compareTexts(ptr, length, rowPtr, rowLen);
}

/** Below 0: row a comes first; 0: as they stood; above: row b. */
function compareRows(a: u32, b: u32): i32 {
  let order: i32;
  if (sortAlpha) order = sortBy != 0 ? compareWeights(a, b) : compareElements(a, b, sortStore != 0);
  else {
    const x = rowScore(a);
    const y = rowScore(b);
    order = x > y ? 1 : x < y ? -1 : compareElements(a, b, true);
  }
  return sortDescending ? -order : order;
}

@inline function at(rows: u32, i: u32): u32 { return load<u32>(rows + (i << 2)); }

/**
 * Sorts `count` rows.
 * @param order Room for twice as many addresses.
 * @param first,end The rows that are wanted of the result.
 * @returns where the sorted addresses are: in one half of `order` or the other.
 */
export function sortedRows(rows: u32, count: u32, order: u32, first: u32, end: u32): u32 {
  for (let i: u32 = 0; i < count; i++) store<u32>(order + (i << 2), rowAt(rows, i));
  let from = order;
  let to = order + (count << 2);
  // Runs of `width` are in order; each pass merges them in pairs: 32 passes at most.
  for (let width: u32 = 1; width < count; width <<= 1) {
    for (let start: u32 = 0; start < count; start += 2 * width) {
      mergeRuns(from, to, start, min(start + width, count), min(start + 2 * width, count));
    }
    const other = from;
    from = to;
    to = other;
  }
  if (sortAlpha && sortBy != 0 && (first != 0 || end != count)) orderTies(rows, count, from, end);
  return from;
}

function mergeRuns(from: u32, to: u32, start: u32, middle: u32, end: u32): void {
  if (middle == end || compareRows(at(from, middle - 1), at(from, middle)) <= 0) {
    memory.copy(to + (start << 2), from + (start << 2), (end - start) << 2);
    return;
  }
  let left = start;
  let right = middle;
  for (let out = start; out < end; out++) {
    const takesLeft = left < middle && (right >= end || compareRows(at(from, left), at(from, right)) <= 0);
    store<u32>(to + (out << 2), at(from, takesLeft ? left : right));
    if (takesLeft) left++;
    else right++;
  }
}

/**
 * Gives equal rows the order that Redis's partial quicksort would have left them in: the rows, still as they were found,
 * get their rank for a number and are sorted by it the same way. Rows without equals in reach are right as they are.
 */
function orderTies(rows: u32, count: u32, sorted: u32, end: u32): void {
  let rank: f64 = 0;
  let ties = false;
  for (let i: u32 = 0; i < count; i++) {
    const isLast = i + 1 == count;
    const differs = isLast || compareRows(at(sorted, i), at(sorted, i + 1)) != 0;
    if (!differs && i < end) ties = true;
    // The weight is not looked at any more.
    rowSetScore(at(sorted, i), rank);
    if (differs) rank++;
  }
  if (!ties) return;
  sortFirstRows(rows, count, end, false, windowScratch(win));
  for (let i: u32 = 0; i < end; i++) store<u32>(sorted + (i << 2), rows + i * ROW_BYTES);
}
if (ROW_STACK_BYTES > 1024) ERROR('the stack of the partial quicksort is larger than what is set aside for it');
