// A ranked B+-tree: the members of a large sorted set in the order of (score, member bytes). It holds addresses of the
// members' entries (types/zset/members.ts owns them) beside their scores, and each inner node knows how many members lie
// below each child, so that a rank is found, and a member by its rank, in one way down.
//
// This file has the nodes; seek.ts finds places in the tree, tree.ts changes it, tree-whole.ts measures, checks and frees it.
//
// Node, 512 bytes:
//   offset size field
//        0    2 count     members of a leaf, or children
//        2    2 level     0: a leaf
//        4    4 prev      the leaf before, 0 none (leaves only)
//        8    4 next      the leaf behind, 0 none (leaves only); the next spare node, while a node is in reserve
//       12    4 spare
// Leaf:
//       16  328 scores    41 f64
//      344  164 entries   41 addresses
// Inner node; of child i, its first member's score and entry, its address, and how many members lie below it:
//       16  192 scores    24 f64
//      208   96 entries   24 addresses
//      304   96 children  24 addresses
//      400   96 sizes     24 u32
//
// The tree is named by the address of a word that holds its root node, 0 for an empty tree. A node is never empty; the
// root is a leaf or has two children at least. An insert takes the nodes that it will need before it changes anything.
export const NODE_BYTES: u32 = 512;
export const LEAF_MAX: u32 = 41;
export const INNER_MAX: u32 = 24;
export const SCORES: u32 = 16;
const LEAF_ENTRIES: u32 = SCORES + LEAF_MAX * 8;
const INNER_ENTRIES: u32 = SCORES + INNER_MAX * 8;
export const CHILDREN: u32 = INNER_ENTRIES + INNER_MAX * 4;
export const SIZES: u32 = CHILDREN + INNER_MAX * 4;
if (LEAF_ENTRIES + LEAF_MAX * 4 > NODE_BYTES) ERROR('a leaf is too large');
if (SIZES + INNER_MAX * 4 > NODE_BYTES) ERROR('an inner node is too large');
@inline export function countOf(node: u32): u32 { return load<u16>(node); }
@inline export function setCount(node: u32, count: u32): void { store<u16>(node, count); }
@inline export function levelOf(node: u32): u32 { return load<u16>(node, 2); }
@inline export function prevOf(node: u32): u32 { return load<u32>(node, 4); }
@inline export function setPrev(node: u32, prev: u32): void { store<u32>(node, prev, 4); }
@inline export function nextOf(node: u32): u32 { return load<u32>(node, 8); }
@inline export function setNext(node: u32, next: u32): void { store<u32>(node, next, 8); }
@inline export function capacityOf(level: u32): u32 { return level == 0 ? LEAF_MAX : INNER_MAX; }
@inline export function entriesOffset(level: u32): u32 { return level == 0 ? LEAF_ENTRIES : INNER_ENTRIES; }
@inline export function scoreOf(node: u32, i: u32): f64 { return load<f64>(node + (i << 3), SCORES); }
@inline export function entryOf(node: u32, level: u32, i: u32): u32 { return load<u32>(node + entriesOffset(level) + (i << 2)); }
@inline export function childOf(node: u32, i: u32): u32 { return load<u32>(node + (i << 2), CHILDREN); }
@inline export function sizeOf(node: u32, i: u32): u32 { return load<u32>(node + (i << 2), SIZES); }
@inline export function setSize(node: u32, i: u32, size: u32): void { store<u32>(node + (i << 2), size, SIZES); }

/** Names a leaf's member i, or the first member of child i. */
export function setFirst(node: u32, level: u32, i: u32, score: f64, entry: u32): void {
  store<f64>(node + (i << 3), score, SCORES);
  store<u32>(node + entriesOffset(level) + (i << 2), entry);
}

/** Members below a node. */
export function membersOf(node: u32): u32 {
  if (levelOf(node) == 0) return countOf(node);
  let sum: u32 = 0;
  for (let i: u32 = 0; i < countOf(node); i++) sum += sizeOf(node, i);
  return sum;
}
