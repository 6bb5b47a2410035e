// What ZUNION, ZINTER, ZDIFF and ZINTERCARD work on: sorted sets, and sets, whose members count as having the score 1.
//
// Row, 24 bytes:
//   offset size field
//        0    4 entry     the key's, 0: there is none
//        4    4 size      members
//        8    8 weight    f64
//       16    4 index     among the keys, so that sorting leaves those of one size as they were
//       20    4 spare
// A few rows lie in the command's scratch, more of them in an arena block.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { replyOom, replyWrongType } from '../../resp/errors';
import { TYPE_SET, TYPE_ZSET, entryEncoding, entryPointer, entryType } from '../../table/entry';
import { lookupRead } from '../../table/keyspace';
import { memberFromText, memberLen, memberPtr, memberText } from '../../types/set/member';
import { setHas, setSize } from '../../types/set/set';
import { setWalkBegin, setWalkNext } from '../../types/set/walk';
import { PAIR_SCRATCH_BYTES } from '../../types/zset/packed';
import { foundScore, readLen, readPtr, readScore, zsetFindIn, zsetNext, zsetRead, zsetSize, zsetWalk } from '../../types/zset/zset';
import { argLen, argPtr, win } from '../context';

const ROW_BYTES: u32 = 24;
/** Rows in the scratch: the end of it is where pairs are put together. */
const FEW: u32 = 1024;
if (FEW * ROW_BYTES + PAIR_SCRATCH_BYTES > SCRATCH_BYTES) ERROR('the rows run into the scratch of pairs');

@inline function rowAt(rows: u32, i: u32): u32 { return rows + i * ROW_BYTES; }
@inline export function sourceEntry(rows: u32, i: u32): u32 { return load<u32>(rowAt(rows, i)); }
@inline export function sourceSize(rows: u32, i: u32): u32 { return load<u32>(rowAt(rows, i), 4); }
@inline export function sourceWeight(rows: u32, i: u32): f64 { return load<f64>(rowAt(rows, i), 8); }
@inline export function sourceSetWeight(rows: u32, i: u32, weight: f64): void { store<f64>(rowAt(rows, i), weight, 8); }

/** Looks up `count` keys from argument `first` on, all with weight 1. Answers the rows, or 0 after an error reply. */
export function sourcesRead(first: u32, count: u32): u32 {
  const rows = count <= FEW ? windowScratch(win) : arenaAlloc(count * ROW_BYTES);
  if (rows == 0) { replyOom(); return 0; }
  for (let i: u32 = 0; i < count; i++) {
    const e = lookupRead(argPtr(first + i), argLen(first + i));
    if (e != 0 && entryType(e) != TYPE_ZSET && entryType(e) != TYPE_SET) {
      replyWrongType();
      sourcesDrop(rows, count);
      return 0;
    }
    const row = rowAt(rows, i);
    store<u32>(row, e);
    store<u32>(row, e == 0 ? 0 : sizeOf(e), 4);
    store<f64>(row, 1, 8);
    store<u64>(row, i, 16);
  }
  return rows;
}
function sizeOf(e: u32): u32 { return entryType(e) == TYPE_SET ? setSize(e) : zsetSize(entryEncoding(e), entryPointer(e)); }

export function sourcesDrop(rows: u32, count: u32): void { if (count > FEW) arenaFree(rows); }

/** Sorts rows by size, the smallest first: a heap sort, so that thousands of keys do no harm. */
export function sourcesSort(rows: u32, count: u32): void {
  for (let i = count >>> 1; i != 0; i--) sink(rows, i - 1, count);
  for (let end = count; end > 1; end--) {
    swap(rows, 0, end - 1);
    sink(rows, 0, end - 1);
  }
}

@inline function swap(rows: u32, a: u32, b: u32): void {
  for (let k: u32 = 0; k < ROW_BYTES; k += 8) {
    const kept = load<u64>(rowAt(rows, a) + k);
    store<u64>(rowAt(rows, a) + k, load<u64>(rowAt(rows, b) + k));
    store<u64>(rowAt(rows, b) + k, kept);
  }
}

/** Does row a belong behind row b? */
function behind(rows: u32, a: u32, b: u32): bool {
  const sizeA = sourceSize(rows, a);
  const sizeB = sourceSize(rows, b);
  return sizeA != sizeB ? sizeA > sizeB : load<u32>(rowAt(rows, a), 16) > load<u32>(rowAt(rows, b), 16);
}

function sink(rows: u32, i: u32, count: u32): void {
  for (let child: u32 = 2 * i + 1; child < count; child = 2 * i + 1) {
    if (child + 1 < count && behind(rows, child + 1, child)) child++;
    if (!behind(rows, child, i)) return;
    swap(rows, i, child);
    i = child;
  }
}

// One source at a time is walked; its members are looked for in others meanwhile.

/** The member that the walk has come to, and its score. Its bytes hold until the next one. */
export let sourcePtr: u32 = 0;
export let sourceLen: u32 = 0;
export let sourceScore: f64 = 0;

let walkIsSet: bool = false;
let walkBegun: bool = false;
let walkLeft: u32 = 0;

/** Begins to walk row i. */
export function sourceWalk(rows: u32, i: u32): void {
  const e = sourceEntry(rows, i);
  walkLeft = sourceSize(rows, i);
  if (walkLeft == 0) return;
  walkIsSet = entryType(e) == TYPE_SET;
  walkBegun = false;
  if (walkIsSet) setWalkBegin(e);
  else zsetWalk(entryEncoding(e), entryPointer(e), 0);
}

/** On to the next member; false: there is none. */
export function sourceNext(): bool {
  if (walkLeft == 0) return false;
  walkLeft--;
  if (walkIsSet) {
    setWalkNext();
    memberText();
    sourcePtr = memberPtr;
    sourceLen = memberLen;
    sourceScore = 1;
    return true;
  }
  if (walkBegun) zsetNext();
  walkBegun = true;
  zsetRead();
  sourcePtr = readPtr;
  sourceLen = readLen;
  sourceScore = readScore;
  return true;
}

/** The score that `sourceHas` found. */
export let otherScore: f64 = 0;

/** Is the member that the walk has come to in row i, too? */
export function sourceHas(rows: u32, i: u32): bool {
  const e = sourceEntry(rows, i);
  if (e == 0) return false;
  if (entryType(e) == TYPE_SET) {
    memberFromText(sourcePtr, sourceLen);
    otherScore = 1;
    return setHas(e);
  }
  if (!zsetFindIn(entryEncoding(e), entryPointer(e), sourcePtr, sourceLen)) return false;
  otherScore = foundScore;
  return true;
}
