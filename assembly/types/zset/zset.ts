// Sorted sets, whatever their form: a listpack of pairs (types/zset/packed.ts, ENC_PACKED), or ENC_TREE:
//
//   offset size field
//        0   40 dict      of the members (types/dict.ts): entries whose value is the score, 8 bytes, marked ENC_INT
//       40    4 tree      root node of the ranked tree over them (types/zset/node.ts), 0 while it is empty
//       44    4 spare
//
// Reading takes a form and the address of its block. Changing is done to the one set that is held: `zsetHold` or
// `zsetHoldKey` takes it up, and when the changes are made, `zsetKeepIn` says in its key's entry where it lies now. A
// change that fails for want of memory leaves the held set as it was, so the entry stays right too.
import { fxArg, fxInt } from '../../log/ring';
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { limits } from '../../memory/layout';
import {
  ENC_INT, ENC_PACKED, ENC_TREE, ENTRY_LARGE, TYPE_ZSET, entryEncoding, entryFlags, entryFree, entryKey, entryKeyLen, entryNew, entryPointer,
  entrySetEncoding, entrySetFlags, entrySetPointer, entryValue,
} from '../../table/entry';
import { DICT_BYTES, dictAdd, dictBytes, dictCount, dictFind, dictGrowthBytes, dictReclaim, dictRemove } from '../dict';
import {
  LP_BYTES_MAX, lpAfter, lpBytes, lpCount, lpDeleteRange, lpEncodedBytes, lpFirst, lpInt, lpIsInt, lpLen, lpNew, lpNext, lpPrev, lpPtr, lpSeek, lpView,
} from '../listpack';
import { SCORE_BYTES_MAX, packedFind, packedInsert, packedRank, packedRemove, packedRescore, packedScore, packedSeek, packedSetScore } from './packed';
import {
  placeEntry, placeIndex, placeLeaf, placeNext, placePrev, placeScore, placeSet, seekMember, treeRank, treeSelect,
} from './seek';
import { treeInsert, treeRemove, treeRescore, treeReserve, treeResign, treeUnreserve } from './tree';
import { treeBytes, treeReclaim } from './tree-whole';

export const TREE_OFFSET: u32 = DICT_BYTES;
const ROOT_BYTES: u32 = DICT_BYTES + 8;

@inline export function treeWord(pointer: u32): u32 { return pointer + TREE_OFFSET; }
@inline function storeScore(member: u32, score: f64): void { store<f64>(entryValue(member), score); }
@inline export function memberScore(member: u32): f64 { return load<f64>(entryValue(member)); }

/** Members. */
export function zsetSize(encoding: u32, pointer: u32): u32 {
  return encoding == ENC_PACKED ? lpCount(pointer) >>> 1 : dictCount(pointer);
}

// Finding

/** Score of the member that the last zsetFindIn or zsetRankIn found. */
export let foundScore: f64 = 0;
/** Its position in the listpack, or its entry. */
let foundAt: u32 = 0;

/** Is this a member? */
export function zsetFindIn(encoding: u32, pointer: u32, ptr: u32, length: u32): bool {
  if (encoding == ENC_PACKED) {
    foundAt = packedFind(pointer, ptr, length);
    if (foundAt == 0) return false;
    foundScore = packedScore(lpAfter(foundAt));
    return true;
  }
  foundAt = dictFind(pointer, ptr, length);
  if (foundAt == 0) return false;
  foundScore = memberScore(foundAt);
  return true;
}

/** How many members come before this one, -1: it is none. Sets foundScore. */
export function zsetRankIn(encoding: u32, pointer: u32, ptr: u32, length: u32): i64 {
  if (!zsetFindIn(encoding, pointer, ptr, length)) return -1;
  if (encoding == ENC_TREE) {
    seekMember(foundScore, foundAt);
    return treeRank(treeWord(pointer));
  }
  let rank: i64 = 0;
  for (let p = lpFirst(pointer); p != foundAt; p = lpNext(pointer, lpAfter(p))) rank++;
  return rank;
}

/** How many members come before the place that `seekFor` (types/zset/seek.ts) named. */
export function zsetSeekRank(encoding: u32, pointer: u32): u32 {
  if (encoding == ENC_TREE) return treeRank(treeWord(pointer));
  packedSeek(pointer);
  return packedRank;
}

// Walking: one walk at a time, over a set that is not changed meanwhile.

let walkPacked: bool = false;
let walkPointer: u32 = 0;
/** Position of the member in a listpack. */
let walkAt: u32 = 0;
let walkLeaf: u32 = 0;
let walkIndex: u32 = 0;

/** Begins at the member of this rank, which must be there. */
export function zsetWalk(encoding: u32, pointer: u32, rank: u32): void {
  walkPointer = pointer;
  walkPacked = encoding == ENC_PACKED;
  if (walkPacked) { walkAt = lpSeek(pointer, <i32>(rank << 1)); return; }
  treeSelect(treeWord(pointer), rank);
  keepPlace();
}
@inline function keepPlace(): void { walkLeaf = placeLeaf; walkIndex = placeIndex; }

/** On to the next member, or the one before; false: there is none, and the walk is over. */
export function zsetNext(): bool {
  if (walkPacked) { walkAt = lpNext(walkPointer, lpAfter(walkAt)); return walkAt != 0; }
  placeSet(walkLeaf, walkIndex);
  const more = placeNext();
  keepPlace();
  return more;
}
export function zsetPrev(): bool {
  if (walkPacked) {
    const score = lpPrev(walkPointer, walkAt);
    walkAt = score == 0 ? 0 : lpPrev(walkPointer, score);
    return walkAt != 0;
  }
  placeSet(walkLeaf, walkIndex);
  const more = placePrev();
  keepPlace();
  return more;
}
@inline export function zsetStep(reverse: bool): bool { return reverse ? zsetPrev() : zsetNext(); }

/** The member that the walk is at, as `zsetRead` saw it. Its bytes hold until the set changes or, if it is an integer in
 * a listpack, until the next one is read. */
export let readPtr: u32 = 0;
export let readLen: u32 = 0;
export let readScore: f64 = 0;

/** Where the walk is, as a number that `zsetReadPlace` takes while the set does not change; and the score there. */
export function zsetPlace(): u32 {
  if (walkPacked) return walkAt;
  placeSet(walkLeaf, walkIndex);
  return placeEntry();
}
export function zsetPlaceScore(): f64 {
  if (walkPacked) return packedScore(lpAfter(walkAt));
  placeSet(walkLeaf, walkIndex);
  return placeScore();
}
/** Reads the member at a place that zsetPlace gave, into readPtr and readLen. */
export function zsetReadPlace(encoding: u32, place: u32): void {
  if (encoding == ENC_PACKED) {
    lpView(place, 0);
    readPtr = lpPtr;
    readLen = lpLen;
    return;
  }
  readPtr = entryKey(place);
  readLen = entryKeyLen(place);
}

export function zsetRead(): void {
  if (walkPacked) {
    readScore = packedScore(lpAfter(walkAt));
    lpView(walkAt, 0);
    readPtr = lpPtr;
    readLen = lpLen;
    return;
  }
  placeSet(walkLeaf, walkIndex);
  const member = placeEntry();
  readScore = placeScore();
  readPtr = entryKey(member);
  readLen = entryKeyLen(member);
}

/** Adds the member that the walk is at to the effect that is being put together. */
export function zsetLogMember(): void {
  zsetRead();
  if (walkPacked && lpIsInt) fxInt(lpInt);
  else fxArg(readPtr, readLen);
}

// Changing

/** The set that is held: its form, its block, and whether it reports `skiplist` (ENTRY_LARGE). */
export let heldEncoding: u32 = 0;
export let heldPointer: u32 = 0;
export let heldLarge: bool = false;
/**
 * Redis's listpacks keep scores that are integers as such, so in them -0 becomes 0. A set that reports `listpack` does
 * the same, at once, or, while this is set, when it is settled: what Redis builds as a skip list first keeps the sign
 * if it stays one.
 */
let heldSigned: bool = false;
/** A listpack that comes from Redis stays one however long its members are. */
let heldAnyLength: bool = false;

export function zsetHold(encoding: u32, pointer: u32, large: bool): void {
  heldEncoding = encoding;
  heldPointer = pointer;
  heldLarge = large;
  heldSigned = false;
  heldAnyLength = false;
}
@inline function stored(score: f64, large: bool): f64 { return score == 0 && !large && !heldSigned ? 0 : score; }
export function zsetHoldKey(e: u32): void { zsetHold(entryEncoding(e), entryPointer(e), (entryFlags(e) & ENTRY_LARGE) != 0); }

/** Takes up a new, empty set. False: no memory. */
export function zsetHoldNew(): bool {
  const lp = lpNew(0);
  zsetHold(ENC_PACKED, lp, false);
  return lp != 0;
}

/** The same for one whose members are allowed any length in a listpack. */
export function zsetHoldListpack(): bool {
  const ok = zsetHoldNew();
  heldAnyLength = true;
  return ok;
}

/** The same for a set that Redis would build as a skip list, and only then turn into a listpack: `zsetSettle` ends it. */
export function zsetHoldSigned(): bool {
  const ok = zsetHoldNew();
  heldSigned = true;
  return ok;
}

/** A set that zsetHoldSigned began keeps the sign of a zero: it reports `skiplist` from now on. */
export function zsetKeepSign(): void { heldLarge = true; }

/** Ends what zsetHoldSigned began. False: no memory; the set is to be dropped then. */
export function zsetSettle(): bool {
  heldSigned = false;
  if (heldLarge) return true;
  for (let p = lpFirst(heldPointer); p != 0; ) {
    const score = packedScore(lpAfter(p));
    if (reinterpret<u64>(score) == MINUS_ZERO) {
      const offset = p - heldPointer;
      const lp = packedSetScore(heldPointer, p, 0);
      if (lp == 0) return false;
      heldPointer = lp;
      p = lp + offset;
    }
    p = lpNext(heldPointer, lpAfter(p));
  }
  return true;
}
const MINUS_ZERO: u64 = 0x8000000000000000;

/** Stores where the held set lies in the entry that it belongs to. */
export function zsetKeepIn(e: u32): void {
  entrySetEncoding(e, TYPE_ZSET, heldEncoding);
  entrySetPointer(e, heldPointer);
  if (heldLarge) entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
}
@inline export function heldSize(): u32 { return zsetSize(heldEncoding, heldPointer); }
@inline export function heldFlags(): u32 { return heldLarge ? ENTRY_LARGE : 0; }

/** Is this a member of the held set? */
@inline export function zsetFind(ptr: u32, length: u32): bool { return zsetFindIn(heldEncoding, heldPointer, ptr, length); }

/** Puts in a member that zsetFind has just not found. Its bytes lie outside of the set. False: no memory, nothing changed. */
export function zsetInsert(score: f64, ptr: u32, length: u32): bool {
  if (heldEncoding == ENC_PACKED) {
    const l = limits();
    const count = heldSize() + 1;
    const bytes = <u64>lpBytes(heldPointer) + lpEncodedBytes(ptr, length) + SCORE_BYTES_MAX;
    const long = length > l.zsetMaxListpackValue && !heldAnyLength;
    const large = heldLarge || count > l.zsetMaxListpackEntries || long || bytes > LP_BYTES_MAX;
    if (!large || (count <= l.packedEntriesMax && bytes <= <u64>l.packedBytesMax)) {
      const lp = packedInsert(heldPointer, stored(score, large), ptr, length);
      if (lp == 0) return false;
      heldPointer = lp;
      heldLarge = large;
      return true;
    }
    if (!spread(score, ptr, length)) return false;
    heldLarge = true;
    return true;
  }
  return addMember(heldPointer, score, ptr, length);
}

/** Adds to the tree form; the last dictFind in it has been of this member, and found nothing. */
function addMember(pointer: u32, score: f64, ptr: u32, length: u32): bool {
  const member = entryNew(ptr, length, -1, 8);
  if (member == 0) return false;
  entrySetEncoding(member, 0, ENC_INT);
  storeScore(member, score);
  seekMember(score, member);
  if (!treeReserve(treeWord(pointer)) || !dictAdd(pointer, member)) {
    treeUnreserve();
    entryFree(member);
    return false;
  }
  treeInsert(treeWord(pointer), score, member);
  return true;
}

/** Turns the held listpack into the tree form, with one more member. False: no memory, and it is as it was. */
function spread(score: f64, ptr: u32, length: u32): bool {
  const pointer = arenaAlloc(ROOT_BYTES);
  if (pointer == 0) return false;
  memory.fill(pointer, 0, ROOT_BYTES);
  const lp = heldPointer;
  // The new one first: its bytes may be digits in the scratch that `lpView` uses below.
  let ok = addFresh(pointer, score, ptr, length);
  for (let p = lpFirst(lp); p != 0 && ok; p = lpNext(lp, lpAfter(p))) {
    const old = packedScore(lpAfter(p));
    lpView(p, 0);
    ok = addFresh(pointer, old, lpPtr, lpLen);
  }
  if (!ok) { zsetFree(pointer); return false; }
  arenaFree(lp);
  heldEncoding = ENC_TREE;
  heldPointer = pointer;
  return true;
}
function addFresh(pointer: u32, score: f64, ptr: u32, length: u32): bool {
  return dictFind(pointer, ptr, length) == 0 && addMember(pointer, score, ptr, length);
}

/**
 * Gives the member that zsetFind has just found another score; `ptr` are its bytes, outside of the set. False: no memory,
 * nothing changed. A score that only differs by the sign of 0 is stored, too.
 */
export function zsetRescore(score: f64, ptr: u32, length: u32): bool {
  if (heldEncoding == ENC_PACKED) {
    const lp = packedRescore(heldPointer, foundAt, stored(score, heldLarge), ptr, length);
    if (lp != 0) heldPointer = lp;
    return lp != 0;
  }
  const tree = treeWord(heldPointer);
  const member = foundAt;
  if (score == foundScore) treeResign(tree, foundScore, member, score);
  else if (!treeRescore(tree, foundScore, member, score)) {
    seekMember(score, member);
    if (!treeReserve(tree)) return false;
    treeInsert(tree, score, member);
    treeRemove(tree, foundScore, member);
  }
  storeScore(member, score);
  return true;
}

/** Takes out the member that zsetFind has just found. Needs no memory. */
export function zsetRemove(): void {
  if (heldEncoding == ENC_PACKED) { heldPointer = packedRemove(heldPointer, foundAt); return; }
  treeRemove(treeWord(heldPointer), foundScore, foundAt);
  entryFree(dictRemove(heldPointer));
}

/** Takes out the members of ranks [first, first + count), which must be there. Needs no memory. */
export function zsetRemoveRanks(first: u32, count: u32): void {
  if (heldEncoding == ENC_PACKED) { heldPointer = lpDeleteRange(heldPointer, <i32>(first << 1), count << 1); return; }
  const tree = treeWord(heldPointer);
  for (; count != 0; count--) {
    treeSelect(tree, first);
    const member = placeEntry();
    dictFind(heldPointer, entryKey(member), entryKeyLen(member));
    treeRemove(tree, placeScore(), member);
    entryFree(dictRemove(heldPointer));
  }
}

/** Puts a member in, or gives it this score. False: no memory, nothing changed. */
export function zsetPut(score: f64, ptr: u32, length: u32): bool {
  if (!zsetFind(ptr, length)) return zsetInsert(score, ptr, length);
  return reinterpret<u64>(score) == reinterpret<u64>(foundScore) || zsetRescore(score, ptr, length);
}

/** Bytes that adding `count` members with `bytes` bytes in all may ask for, a change of form included. */
export function zsetGrowthBytes(encoding: u32, pointer: u32, count: u64, bytes: u64): u64 {
  if (encoding == ENC_TREE) return bytes + count * MEMBER_BYTES + dictGrowthBytes(pointer, count);
  const had = <u64>lpBytes(pointer);
  const members = count + <u64>zsetSize(encoding, pointer);
  // Twice a listpack while it grows; then a tree beside it.
  return (had + bytes + count * SCORE_BYTES_MAX) * 2 + members * MEMBER_BYTES + (members >> 7) * 4096 + 8192;
}
/** An entry without its member's bytes, and its share of nodes that are half full. */
const MEMBER_BYTES: u64 = 64;

/** Frees the held set at once: one that was taken up anew and is not wanted. */
export function zsetDropHeld(): void {
  if (heldEncoding == ENC_TREE) zsetFree(heldPointer);
  else arenaFree(heldPointer);
}

/** Frees the tree form at once. */
export function zsetFree(pointer: u32): void {
  treeReclaim(treeWord(pointer), i32.MAX_VALUE);
  dictReclaim(pointer, i32.MAX_VALUE);
}

/** Bytes of all blocks of the tree form. */
export function zsetTreeBytes(pointer: u32): u64 { return dictBytes(pointer) + treeBytes(treeWord(pointer)); }
