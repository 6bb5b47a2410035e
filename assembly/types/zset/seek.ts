// Finding places in the ranked tree (types/zset/node.ts): what is looked for is a place in the order, named by what lies
// in front of it. The small form (types/zset/packed.ts) compares by the same rules.
import { entryKey, entryKeyLen } from '../../table/entry';
import { childOf, countOf, entryOf, levelOf, nextOf, prevOf, scoreOf, sizeOf } from './node';

/** In front lie members with a lower score, or the same score and lower bytes. */
export const SEEK_MEMBER: u32 = 0;
/** In front lie members with a lower score; or with a lower or the same one. */
export const SEEK_SCORE: u32 = 1;
export const SEEK_SCORE_AFTER: u32 = 2;
/** In front lie members with lower bytes; or with lower or the same ones. For sets in which all scores are the same. */
export const SEEK_LEX: u32 = 3;
export const SEEK_LEX_AFTER: u32 = 4;

export let seekMode: u32 = 0;
export let seekScore: f64 = 0;
let seekPtr: u32 = 0;
let seekLen: u32 = 0;
/** The member's own entry, when one that is in the tree is looked for. */
export let seekEntry: u32 = 0;

/** Names the place that is looked for from now on. */
export function seekFor(mode: u32, score: f64, ptr: u32, length: u32): void {
  seekMode = mode;
  seekScore = score;
  seekPtr = ptr;
  seekLen = length;
  seekEntry = 0;
}

/** Looks for a member by its score and entry, from now on. */
export function seekMember(score: f64, entry: u32): void {
  seekFor(SEEK_MEMBER, score, entryKey(entry), entryKeyLen(entry));
  seekEntry = entry;
}

/** Order of two byte strings: below, at or above 0, as memcmp and then the lengths say. */
export function compareBytes(a: u32, aLen: u32, b: u32, bLen: u32): i32 {
  const common = min(aLen, bLen);
  let i: u32 = 0;
  for (; i + 8 <= common; i += 8) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x != y) return bswap<u64>(x) < bswap<u64>(y) ? -1 : 1;
  }
  for (; i < common; i++) {
    const difference = <i32>load<u8>(a + i) - <i32>load<u8>(b + i);
    if (difference != 0) return difference;
  }
  return aLen == bLen ? 0 : aLen < bLen ? -1 : 1;
}

/** Does a member lie in front of the place that is looked for? */
export function seekBelow(score: f64, ptr: u32, length: u32): bool {
  switch (seekMode) {
    case SEEK_MEMBER: return score < seekScore || (score == seekScore && compareBytes(ptr, length, seekPtr, seekLen) < 0);
    case SEEK_SCORE: return score < seekScore;
    case SEEK_SCORE_AFTER: return score <= seekScore;
    case SEEK_LEX: return compareBytes(ptr, length, seekPtr, seekLen) < 0;
    default: return compareBytes(ptr, length, seekPtr, seekLen) <= 0;
  }
}

@inline export function isBelow(score: f64, entry: u32): bool {
  // The score alone decides most comparisons: the entry is then not looked at.
  if (seekMode <= SEEK_SCORE_AFTER && score != seekScore) return score < seekScore;
  return seekBelow(score, entryKey(entry), entryKeyLen(entry));
}

/** How many of the node's members, or children's first members, lie in front. */
export function belowIn(node: u32, level: u32): u32 {
  let low: u32 = 0;
  let high = countOf(node);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(scoreOf(node, middle), entryOf(node, level, middle))) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The child that the place lies in: the last one whose first member is in front of it, or else the first child; and the
 * one whose first member is the very one looked for.
 */
export function childFor(node: u32, level: u32): u32 {
  const below = belowIn(node, level);
  if (seekEntry != 0 && below < countOf(node) && entryOf(node, level, below) == seekEntry && scoreOf(node, below) == seekScore) return below;
  return below == 0 ? 0 : below - 1;
}

/** A place in the tree: a leaf and the index of a member in it. */
export let placeLeaf: u32 = 0;
export let placeIndex: u32 = 0;

/**
 * Finds the place looked for; answers how many members lie in front of it. It may be behind the last of its leaf, unless
 * a member in the tree is looked for.
 */
export function treeRank(tree: u32): u32 {
  let node = load<u32>(tree);
  placeLeaf = 0;
  placeIndex = 0;
  if (node == 0) return 0;
  let rank: u32 = 0;
  for (let level = levelOf(node); level != 0; level--) {
    const i = childFor(node, level);
    for (let k: u32 = 0; k < i; k++) rank += sizeOf(node, k);
    node = childOf(node, i);
  }
  placeLeaf = node;
  placeIndex = belowIn(node, 0);
  return rank + placeIndex;
}

/** Finds the member of a rank, which must be there. */
export function treeSelect(tree: u32, rank: u32): void {
  let node = load<u32>(tree);
  assert(node != 0);
  for (let level = levelOf(node); level != 0; level--) {
    let i: u32 = 0;
    const last = countOf(node) - 1;
    while (i < last && rank >= sizeOf(node, i)) rank -= sizeOf(node, i++);
    node = childOf(node, i);
  }
  assert(rank < countOf(node));
  placeLeaf = node;
  placeIndex = rank;
}

/** Looks for the same member under another score from now on. */
@inline export function seekRescored(score: f64): void { seekScore = score; }

@inline export function placeScore(): f64 { return scoreOf(placeLeaf, placeIndex); }
@inline export function placeEntry(): u32 { return entryOf(placeLeaf, 0, placeIndex); }
@inline export function placeSet(leaf: u32, index: u32): void { placeLeaf = leaf; placeIndex = index; }

/** On to the next member; false: there is none. */
export function placeNext(): bool {
  if (++placeIndex < countOf(placeLeaf)) return true;
  placeLeaf = nextOf(placeLeaf);
  placeIndex = 0;
  return placeLeaf != 0;
}
export function placePrev(): bool {
  if (placeIndex != 0) { placeIndex--; return true; }
  placeLeaf = prevOf(placeLeaf);
  if (placeLeaf == 0) return false;
  placeIndex = countOf(placeLeaf) - 1;
  return true;
}
