// Sorting rows by a number, into the very order that Redis gives them, ties included. Whole results are sorted stably, as
// glibc's qsort does. Where only the first few are wanted, Redis sorts just those, by Bentley and McIlroy's quicksort
// without the parts that nobody asked for: which of several equal rows come first then depends on each of its swaps.
//
//   row, ROW_BYTES:  offset 0  key f64  |  8  sixteen bytes that go with it
export const ROW_BYTES: u32 = 24;
/** Scratch of `sortFirstRows`: parts still to be sorted, as first row u32 and count u32. */
export const ROW_STACK_BYTES: u32 = 32 * 8;

/** Below 0, 0 or above it: how the rows are to stand. A key that is no number stands before any other. */
@inline function compare(a: u32, b: u32, descending: bool): i32 {
  const x = load<f64>(a);
  const y = load<f64>(b);
  const order = x > y ? 1 : x == y ? 0 : -1;
  return descending ? -order : order;
}

@inline function copyRow(to: u32, from: u32): void {
  v128.store(to, v128.load(from));
  store<u64>(to, load<u64>(from, 16), 16);
}

function swapRows(a: u32, b: u32): void {
  const first = v128.load(a);
  const last = load<u64>(a, 16);
  copyRow(a, b);
  v128.store(b, first);
  store<u64>(b, last, 16);
}

/**
 * Sorts all rows, equal ones in the order they had.
 * @param spare Room for as many rows; its contents are of no value afterwards.
 */
export function sortRows(rows: u32, count: u32, descending: bool, spare: u32): void {
  let from = rows;
  let to = spare;
  // Runs of `width` rows are in order; each pass merges them in pairs. Ends after 32 passes at most.
  for (let width: u32 = 1; width < count; width <<= 1) {
    for (let start: u32 = 0; start < count; start += 2 * width) {
      const middle = min(start + width, count);
      mergeRuns(from, to, start, middle, min(middle + width, count), descending);
    }
    const other = from;
    from = to;
    to = other;
  }
  if (from != rows) memory.copy(rows, from, count * ROW_BYTES);
}

function mergeRuns(from: u32, to: u32, start: u32, middle: u32, end: u32, descending: bool): void {
  let left = from + start * ROW_BYTES;
  let right = from + middle * ROW_BYTES;
  const leftEnd = right;
  const rightEnd = from + end * ROW_BYTES;
  const outEnd = to + end * ROW_BYTES;
  for (let out = to + start * ROW_BYTES; out < outEnd; out += ROW_BYTES) {
    if (left < leftEnd && (right >= rightEnd || compare(left, right, descending) <= 0)) {
      copyRow(out, left);
      left += ROW_BYTES;
    } else {
      copyRow(out, right);
      right += ROW_BYTES;
    }
  }
}

/**
 * Brings the rows that come first into their places, `wanted` of them; the rest is left in some order.
 * @param stack ROW_STACK_BYTES.
 */
export function sortFirstRows(rows: u32, count: u32, wanted: u32, descending: bool, stack: u32): void {
  const wantedEnd = rows + wanted * ROW_BYTES;
  let top = stack;
  let first = rows;
  let n = count;
  // Each round either ends a part or cuts it in three and keeps two: fewer rounds than rows. The larger part waits on the
  // stack, so that its depth is the logarithm of the count.
  for (;;) {
    if (n < 7) insertionSort(first, n, descending);
    else {
      partition(first, n, descending);
      const left = belowCount;
      const right = aboveCount;
      const rightFirst = first + (n - right) * ROW_BYTES;
      const leftWanted = left > 1 && first < wantedEnd;
      const rightWanted = right > 1 && rightFirst < wantedEnd;
      if (leftWanted && rightWanted) {
        const leftWaits = left > right;
        assert(top < stack + ROW_STACK_BYTES);
        store<u32>(top, leftWaits ? first : rightFirst);
        store<u32>(top, leftWaits ? left : right, 4);
        top += 8;
        first = leftWaits ? rightFirst : first;
        n = leftWaits ? right : left;
        continue;
      }
      if (leftWanted) { n = left; continue; }
      if (rightWanted) { first = rightFirst; n = right; continue; }
    }
    if (top == stack) return;
    top -= 8;
    first = load<u32>(top);
    n = load<u32>(top, 4);
  }
}

function insertionSort(first: u32, n: u32, descending: bool): void {
  const end = first + n * ROW_BYTES;
  for (let next = first + ROW_BYTES; next < end; next += ROW_BYTES) {
    for (let at = next; at > first && compare(at - ROW_BYTES, at, descending) > 0; at -= ROW_BYTES) swapRows(at, at - ROW_BYTES);
  }
}

function medianOf(a: u32, b: u32, c: u32, descending: bool): u32 {
  if (compare(a, b, descending) < 0) {
    return compare(b, c, descending) < 0 ? b : compare(a, c, descending) < 0 ? c : a;
  }
  return compare(b, c, descending) > 0 ? b : compare(a, c, descending) < 0 ? a : c;
}

/** The row to compare the others with: the middle one, the median of three, or of nine from a part of more than forty. */
function choosePivot(first: u32, n: u32, descending: bool): u32 {
  let middle = first + (n >> 1) * ROW_BYTES;
  if (n == 7) return middle;
  let low = first;
  let high = first + (n - 1) * ROW_BYTES;
  if (n > 40) {
    const step = (n >> 3) * ROW_BYTES;
    low = medianOf(low, low + step, low + 2 * step, descending);
    middle = medianOf(middle - step, middle, middle + step, descending);
    high = medianOf(high - 2 * step, high - step, high, descending);
  }
  return medianOf(low, middle, high, descending);
}

/** Rows below and above the pivot after the last `partition`: the first and the last of the part. */
let belowCount: u32 = 0;
let aboveCount: u32 = 0;

/**
 * Orders a part of seven rows and more as: below the pivot, equal, above. While it runs, equal rows gather at both ends:
 *
 *    equal | below | not seen yet | above | equal
 *    first   equalEnd  low     high   equalStart  end
 */
function partition(first: u32, n: u32, descending: bool): void {
  swapRows(first, choosePivot(first, n, descending));
  let equalEnd = first + ROW_BYTES;
  let low = equalEnd;
  let high = first + (n - 1) * ROW_BYTES;
  let equalStart = high;
  for (;;) {
    while (low <= high) {
      const order = compare(low, first, descending);
      if (order > 0) break;
      if (order == 0) { swapRows(equalEnd, low); equalEnd += ROW_BYTES; }
      low += ROW_BYTES;
    }
    while (low <= high) {
      const order = compare(high, first, descending);
      if (order < 0) break;
      if (order == 0) { swapRows(high, equalStart); equalStart -= ROW_BYTES; }
      high -= ROW_BYTES;
    }
    if (low > high) break;
    swapRows(low, high);
    low += ROW_BYTES;
    high -= ROW_BYTES;
  }
  const end = first + n * ROW_BYTES;
  const below = low - equalEnd;
  const above = equalStart - high;
  swapRanges(first, low, min(equalEnd - first, below));
  swapRanges(low, end, min(above, end - equalStart - ROW_BYTES));
  belowCount = below / ROW_BYTES;
  aboveCount = above / ROW_BYTES;
}

/** Swaps the `bytes` from `start` on with as many in front of `end`. */
function swapRanges(start: u32, end: u32, bytes: u32): void {
  let other = end - bytes;
  for (let at = start; other < end; at += ROW_BYTES, other += ROW_BYTES) swapRows(at, other);
}
