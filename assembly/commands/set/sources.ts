// The sets that a command over several sets works on: rows of entries, 0 for a key that is not there.
import { replyOom, replyWrongType } from '../../resp/errors';
import { TYPE_SET, entryType } from '../../table/entry';
import { lookupRead } from '../../table/keyspace';
import { setSize } from '../../types/set/set';
import { argLen, argPtr } from '../context';
import { rowsDrop, setRows } from './rows';

/** Keys that `sourcesRead` did not find; and whether the first set was named again. */
export let sourcesAbsent: u32 = 0;
export let sourcesTwice: bool = false;

/** Looks up `count` keys from argument `first` on. Answers the rows, or 0 after an error reply. `rowsDrop` frees them. */
export function sourcesRead(first: u32, count: u32): u32 {
  const rows = setRows(count);
  if (rows == 0) { replyOom(); return 0; }
  sourcesAbsent = 0;
  sourcesTwice = false;
  for (let i: u32 = 0; i < count; i++) {
    const e = lookupRead(argPtr(first + i), argLen(first + i));
    if (e == 0) sourcesAbsent++;
    else if (entryType(e) != TYPE_SET) { replyWrongType(); rowsDrop(rows); return 0; }
    else if (i != 0 && e == sourceAt(rows, 0)) sourcesTwice = true;
    store<u32>(rows + (i << 2), e);
  }
  return rows;
}

@inline export function sourceAt(rows: u32, i: u32): u32 { return load<u32>(rows + (i << 2)); }
@inline function put(rows: u32, i: u32, e: u32): void { store<u32>(rows + (i << 2), e); }
@inline function sizeAt(rows: u32, i: u32): u32 { const e = sourceAt(rows, i); return e != 0 ? setSize(e) : 0; }

/** Sorts rows by size: a heap sort, so that thousands of keys do no harm. The smallest is first unless `descending`. */
export function sourcesSort(rows: u32, count: u32, descending: bool): void {
  for (let i = count >>> 1; i != 0; i--) sink(rows, i - 1, count, descending);
  for (let end = count; end > 1; end--) {
    swap(rows, 0, end - 1);
    sink(rows, 0, end - 1, descending);
  }
}

@inline function swap(rows: u32, a: u32, b: u32): void {
  const kept = sourceAt(rows, a);
  put(rows, a, sourceAt(rows, b));
  put(rows, b, kept);
}

/** Does row a belong behind row b? */
@inline function behind(rows: u32, a: u32, b: u32, descending: bool): bool {
  return descending ? sizeAt(rows, a) < sizeAt(rows, b) : sizeAt(rows, a) > sizeAt(rows, b);
}

function sink(rows: u32, i: u32, count: u32, descending: bool): void {
  for (let child: u32 = 2 * i + 1; child < count; child = 2 * i + 1) {
    if (child + 1 < count && behind(rows, child + 1, child, descending)) child++;
    if (!behind(rows, child, i, descending)) return;
    swap(rows, i, child);
    i = child;
  }
}
