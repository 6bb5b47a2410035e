// A map from stream IDs to addresses, in order: the nodes of a stream by their first ID, and what is pending in a group
// or with a consumer. A B+-tree whose nodes are small blocks of the arena.
//
// Tree, 8 bytes inside the block that owns it:
//   offset size field
//        0    4 root     the topmost node, 0: the tree is empty
//        4    4 count    IDs in it
//
// Node, up to NODE_BYTES; only a root that is a leaf is smaller (LEAF_BYTES_MIN):
//        0    2 count    rows in use
//        2    2 level    0: a leaf
//        4    4 prev     the leaf before this one, 0: none; leaves only
//        8    4 next     the leaf after it
//       12    4 spare
//       16      rows     ms u64, seq u64, value u32: in a leaf an ID and what it stands for, above it a child node and a
//                        bound: no ID in the child is below it, and none in the children before it reaches it. The
//                        bound of the first row is not looked at.
//
// No node but the root is empty. A node that falls below ROWS_MIN joins a neighbour under the same parent, if both fit
// into one. A new last ID leaves a full node as it is and begins another: a stream that only grows has full nodes.
//
// A place is a row of a leaf: node address << 32 | row, 0 for none. It holds until the tree changes.
import { arenaAlloc, arenaFree, arenaRealloc, arenaSize } from '../../memory/arena';
import { movedBlock } from '../../memory/moving';

export const TREE_BYTES: u32 = 8;
const NODE_BYTES: u32 = 512;
const HEAD_BYTES: u32 = 16;
const ROW_BYTES: u32 = 20;
const ROWS_MAX: u32 = (NODE_BYTES - HEAD_BYTES) / ROW_BYTES;
const ROWS_MIN: u32 = 8;
/** A tree's only leaf has room for three IDs, then for eleven, then it is a node like the others. */
const LEAF_BYTES_MIN: u32 = 80;
const LEAF_BYTES_NEXT: u32 = 240;
/** Levels that a tree of 2^32 IDs could have, and more. */
const LEVELS_MAX: u32 = 16;

@unmanaged
class Tree { root: u32; count: u32; }
if (offsetof<Tree>() != TREE_BYTES) ERROR('Tree no longer matches its drawing');
@unmanaged
class Node { count: u16; level: u16; prev: u32; next: u32; spare: u32; }
if (offsetof<Node>() != HEAD_BYTES) ERROR('Node no longer matches its drawing');

@inline function treeAt(t: u32): Tree { return changetype<Tree>(t); }
@inline function at(node: u32): Node { return changetype<Node>(node); }
@inline function row(node: u32, i: u32): u32 { return node + HEAD_BYTES + i * ROW_BYTES; }
@inline function rowMs(r: u32): u64 { return load<u64>(r); }
@inline function rowSeq(r: u32): u64 { return load<u64>(r, 8); }
@inline function rowValue(r: u32): u32 { return load<u32>(r, 16); }
@inline function rowSet(r: u32, ms: u64, seq: u64, value: u32): void {
  store<u64>(r, ms);
  store<u64>(r, seq, 8);
  store<u32>(r, value, 16);
}
@inline function rowsCapacity(node: u32): u32 { return min((arenaSize(node) - HEAD_BYTES) / ROW_BYTES, ROWS_MAX); }
@inline function place(node: u32, i: u32): u64 { return <u64>node << 32 | <u64>i; }

/** Is ID a below ID b? */
@inline export function idBelow(ams: u64, aseq: u64, bms: u64, bseq: u64): bool {
  return ams < bms || (ams == bms && aseq < bseq);
}

@inline export function treeInit(t: u32): void { store<u64>(t, 0); }
@inline export function treeCount(t: u32): u32 { return treeAt(t).count; }

// Looking

/** Rows at the front whose ID, or bound, is at most the one looked for. */
@inline function rowsUpTo(node: u32, from: u32, ms: u64, seq: u64): u32 {
  let low = from;
  let high = <u32>at(node).count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const r = row(node, middle);
    if (idBelow(ms, seq, rowMs(r), rowSeq(r))) high = middle;
    else low = middle + 1;
  }
  return low;
}
/** The row of an inner node whose child covers this ID. */
@inline function childFor(node: u32, ms: u64, seq: u64): u32 { return rowsUpTo(node, 1, ms, seq) - 1; }

/** The last place whose ID is at most this one, or 0. */
export function treeSeekUpTo(t: u32, ms: u64, seq: u64): u64 {
  let node = treeAt(t).root;
  if (node == 0) return 0;
  while (at(node).level != 0) node = rowValue(row(node, childFor(node, ms, seq)));
  const upTo = rowsUpTo(node, 0, ms, seq);
  if (upTo != 0) return place(node, upTo - 1);
  const prev = at(node).prev;
  return prev != 0 ? place(prev, at(prev).count - 1) : 0;
}

/** The first place whose ID is at least this one, or 0. */
export function treeSeekFrom(t: u32, ms: u64, seq: u64): u64 {
  const p = treeSeekUpTo(t, ms, seq);
  if (p == 0) return treeFirst(t);
  return treeMs(p) == ms && treeSeq(p) == seq ? p : treeNext(p);
}

/** The place of exactly this ID, or 0. */
export function treeFind(t: u32, ms: u64, seq: u64): u64 {
  const p = treeSeekUpTo(t, ms, seq);
  return p != 0 && treeMs(p) == ms && treeSeq(p) == seq ? p : 0;
}

export function treeFirst(t: u32): u64 {
  let node = treeAt(t).root;
  if (node == 0) return 0;
  while (at(node).level != 0) node = rowValue(row(node, 0));
  return place(node, 0);
}
export function treeLast(t: u32): u64 {
  let node = treeAt(t).root;
  if (node == 0) return 0;
  while (at(node).level != 0) node = rowValue(row(node, at(node).count - 1));
  return place(node, at(node).count - 1);
}

@inline function placeNode(p: u64): u32 { return <u32>(p >> 32); }
@inline function placeRow(p: u64): u32 { return row(<u32>(p >> 32), <u32>p); }
@inline export function treeMs(p: u64): u64 { return rowMs(placeRow(p)); }
@inline export function treeSeq(p: u64): u64 { return rowSeq(placeRow(p)); }
@inline export function treeValue(p: u64): u32 { return rowValue(placeRow(p)); }
@inline export function treeSetValue(p: u64, value: u32): void { store<u32>(placeRow(p), value, 16); }
export function treeNext(p: u64): u64 {
  const node = placeNode(p);
  if (<u32>p + 1 < <u32>at(node).count) return p + 1;
  return at(node).next != 0 ? place(at(node).next, 0) : 0;
}
export function treePrev(p: u64): u64 {
  if (<u32>p != 0) return p - 1;
  const prev = at(placeNode(p)).prev;
  return prev != 0 ? place(prev, at(prev).count - 1) : 0;
}

// Adding. The nodes that the splits will take are had before anything is changed; they wait in a chain.

let spares: u32 = 0;

function sparesTake(count: u32): bool {
  spares = 0;
  for (let i: u32 = 0; i < count; i++) {
    const node = arenaAlloc(NODE_BYTES);
    if (node == 0) {
      while (spares != 0) { const next = load<u32>(spares); arenaFree(spares); spares = next; }
      return false;
    }
    store<u32>(node, spares);
    spares = node;
  }
  return true;
}
function spareNode(level: u32): u32 {
  const node = spares;
  assert(node != 0);
  spares = load<u32>(node);
  memory.fill(node, 0, HEAD_BYTES);
  at(node).level = <u16>level;
  return node;
}

/** An upper bound of what adding `count` IDs asks for, in blocks of three sizes at most. */
export function treeGrowthBytes(count: u64): u64 { return (count / (ROWS_MAX / 2) + LEVELS_MAX / 2) * NODE_BYTES; }

/** Makes room in the tree's only node, a leaf, for one more row. False: no memory, nothing changed. */
function leafReady(tree: Tree): bool {
  const root = tree.root;
  if (root == 0) {
    const leaf = arenaAlloc(LEAF_BYTES_MIN);
    if (leaf == 0) return false;
    memory.fill(leaf, 0, HEAD_BYTES);
    tree.root = leaf;
    return true;
  }
  if (at(root).level != 0 || <u32>at(root).count < rowsCapacity(root) || arenaSize(root) >= NODE_BYTES) return true;
  const used = row(root, at(root).count) - root;
  const wide = arenaRealloc(root, used, arenaSize(root) < LEAF_BYTES_NEXT ? LEAF_BYTES_NEXT : NODE_BYTES);
  if (wide == 0) return false;
  tree.root = wide;
  return true;
}

/**
 * Adds an ID that the tree does not have.
 * @returns false: no memory, nothing changed.
 */
export function treeAdd(t: u32, ms: u64, seq: u64, value: u32): bool {
  const tree = treeAt(t);
  if (!leafReady(tree)) return false;
  // Full nodes at the lower end of the way down are those that will split; if all are, a new root comes on top.
  let full: u32 = 0;
  let node = tree.root;
  let levels: u32 = 1;
  while (true) {
    full = <u32>at(node).count == ROWS_MAX ? full + 1 : 0;
    if (at(node).level == 0) break;
    node = rowValue(row(node, childFor(node, ms, seq)));
    levels++;
  }
  if (full != 0 && !sparesTake(full == levels ? full + 1 : full)) return false;
  const beside = addBelow(tree.root, ms, seq, value);
  if (beside != 0) {
    const root = spareNode(at(tree.root).level + 1);
    at(root).count = 2;
    rowSet(row(root, 0), 0, 0, tree.root);
    rowSet(row(root, 1), rowMs(row(beside, 0)), rowSeq(row(beside, 0)), beside);
    tree.root = root;
  }
  tree.count++;
  return true;
}

/** Adds under `node`; answers the node that stands to the right of it if it had to split. Its first row is the bound. */
function addBelow(node: u32, ms: u64, seq: u64, value: u32): u32 {
  if (at(node).level == 0) return putRow(node, rowsUpTo(node, 0, ms, seq), ms, seq, value);
  const i = childFor(node, ms, seq);
  const beside = addBelow(rowValue(row(node, i)), ms, seq, value);
  if (beside == 0) return 0;
  // An inner node's first row holds its bound as long as nobody looks at it.
  return putRow(node, i + 1, rowMs(row(beside, 0)), rowSeq(row(beside, 0)), beside);
}

/** Puts a row at index i of a node, splitting it if it is full. */
function putRow(node: u32, i: u32, ms: u64, seq: u64, value: u32): u32 {
  const n = at(node);
  const count = <u32>n.count;
  if (count < ROWS_MAX) { shiftIn(node, i, ms, seq, value); return 0; }
  const beside = spareNode(n.level);
  const b = at(beside);
  const keep = i == count && n.next == 0 ? count : count >>> 1;
  b.count = <u16>(count - keep);
  n.count = <u16>keep;
  memory.copy(row(beside, 0), row(node, keep), (count - keep) * ROW_BYTES);
  if (n.level == 0) {
    b.next = n.next;
    b.prev = node;
    if (n.next != 0) at(n.next).prev = beside;
    n.next = beside;
  }
  if (i < keep || (i == keep && keep != count)) shiftIn(node, i, ms, seq, value);
  else shiftIn(beside, i - keep, ms, seq, value);
  return beside;
}
function shiftIn(node: u32, i: u32, ms: u64, seq: u64, value: u32): void {
  const count = <u32>at(node).count;
  memory.copy(row(node, i + 1), row(node, i), (count - i) * ROW_BYTES);
  rowSet(row(node, i), ms, seq, value);
  at(node).count = <u16>(count + 1);
}

// Taking out: needs no memory

/** Takes an ID out, if it is there; answers what it stood for, or 0. */
export function treeRemove(t: u32, ms: u64, seq: u64): u32 {
  const tree = treeAt(t);
  if (tree.root == 0) return 0;
  removed = 0;
  removeBelow(tree.root, ms, seq);
  if (removed == 0) return 0;
  tree.count--;
  while (at(tree.root).level != 0 && at(tree.root).count == 1) {
    const child = rowValue(row(tree.root, 0));
    arenaFree(tree.root);
    tree.root = child;
  }
  if (at(tree.root).count == 0) {
    arenaFree(tree.root);
    tree.root = 0;
  }
  return removed;
}

let removed: u32 = 0;

function removeBelow(node: u32, ms: u64, seq: u64): void {
  if (at(node).level == 0) {
    const upTo = rowsUpTo(node, 0, ms, seq);
    if (upTo == 0) return;
    const r = row(node, upTo - 1);
    if (rowMs(r) != ms || rowSeq(r) != seq) return;
    removed = rowValue(r);
    shiftOut(node, upTo - 1);
    return;
  }
  const i = childFor(node, ms, seq);
  const child = rowValue(row(node, i));
  removeBelow(child, ms, seq);
  if (removed != 0 && <u32>at(child).count < ROWS_MIN) settle(node, i);
}
function shiftOut(node: u32, i: u32): void {
  const count = <u32>at(node).count;
  memory.copy(row(node, i), row(node, i + 1), (count - i - 1) * ROW_BYTES);
  at(node).count = <u16>(count - 1);
}

/** Child i of a node has few rows left: it goes if it is empty, and joins a neighbour if both fit into one. */
function settle(node: u32, i: u32): void {
  const child = rowValue(row(node, i));
  if (at(child).count == 0) { unchain(child); shiftOut(node, i); arenaFree(child); return; }
  if (i + 1 < <u32>at(node).count && joins(node, i)) return;
  if (i != 0) joins(node, i - 1);
}

/** Brings the rows of child i + 1 over to child i, if there is room. */
function joins(node: u32, i: u32): bool {
  const left = rowValue(row(node, i));
  const right = rowValue(row(node, i + 1));
  const had = <u32>at(left).count;
  const more = <u32>at(right).count;
  if (had + more > ROWS_MAX) return false;
  memory.copy(row(left, had), row(right, 0), more * ROW_BYTES);
  // The bound of the right one's first row was never looked at: it is the one that the parent has for it.
  if (at(left).level != 0) {
    const bound = row(node, i + 1);
    store<u64>(row(left, had), rowMs(bound));
    store<u64>(row(left, had), rowSeq(bound), 8);
  }
  at(left).count = <u16>(had + more);
  unchain(right);
  shiftOut(node, i + 1);
  arenaFree(right);
  return true;
}
function unchain(node: u32): void {
  const n = at(node);
  if (n.level != 0) return;
  if (n.prev != 0) at(n.prev).next = n.next;
  if (n.next != 0) at(n.next).prev = n.prev;
}

// The whole tree

/**
 * Frees rows from the end, and with `owned` the block behind each, until nothing is left or the budget is used up. The
 * tree can no longer be looked into once this has begun.
 * @returns what is left of the budget; the tree is empty when `treeGone` says so.
 */
export function treeReclaim(t: u32, owned: bool, budget: i32): i32 {
  const tree = treeAt(t);
  let left = budget;
  while (tree.root != 0 && left > 0) {
    let node = tree.root;
    let parent: u32 = 0;
    while (at(node).level != 0 && at(node).count != 0) {
      parent = node;
      node = rowValue(row(node, at(node).count - 1));
    }
    let count = <u32>at(node).count;
    if (!owned) { left -= 1; count = 0; }
    while (count != 0 && left > 0) {
      count--;
      arenaFree(rowValue(row(node, count)));
      left--;
    }
    at(node).count = <u16>count;
    if (count != 0) break;
    arenaFree(node);
    left--;
    if (parent != 0) at(parent).count--;
    else tree.root = 0;
  }
  return left;
}
@inline export function treeGone(t: u32): bool { return treeAt(t).root == 0; }

/**
 * Moves the nodes on the way down to the leaf of an ID that would lie better elsewhere. Answers the leaf's first place,
 * 0: the tree is empty.
 */
export function treeMoveTo(t: u32, ms: u64, seq: u64): u64 {
  const tree = treeAt(t);
  if (tree.root == 0) return 0;
  let node = movedBlock(tree.root);
  tree.root = node;
  while (at(node).level != 0) {
    const r = row(node, childFor(node, ms, seq));
    const child = rowValue(r);
    node = movedBlock(child);
    if (node == child) continue;
    store<u32>(r, node, 16);
    if (at(node).level != 0) continue;
    if (at(node).prev != 0) at(at(node).prev).next = node;
    if (at(node).next != 0) at(at(node).next).prev = node;
  }
  return place(node, 0);
}

/** Bytes of the tree's own nodes. */
export function treeBytes(t: u32): u64 { return treeAt(t).root != 0 ? bytesBelow(treeAt(t).root) : 0; }
function bytesBelow(node: u32): u64 {
  let sum: u64 = arenaSize(node);
  if (at(node).level == 0) return sum;
  const count = <u32>at(node).count;
  for (let i: u32 = 0; i < count; i++) sum += bytesBelow(rowValue(row(node, i)));
  return sum;
}

let checkedCount: u32 = 0;
let checkedLeaf: u32 = 0;
let checkedMs: u64 = 0;
let checkedSeq: u64 = 0;

/** The tree's integrity check: 0, or the number of the rule that is broken. */
export function treeCheck(t: u32): u32 {
  const tree = treeAt(t);
  if (tree.root == 0) return tree.count == 0 ? 0 : 1;
  checkedCount = 0;
  checkedLeaf = 0;
  if (at(tree.root).count == 0) return 2;
  if (at(tree.root).level != 0 && at(tree.root).count == 1) return 3;
  const reason = checkBelow(tree.root, true, 0, 0);
  if (reason != 0) return reason;
  if (checkedCount != tree.count) return 4;
  return at(checkedLeaf).next == 0 ? 0 : 5;
}
function checkBelow(node: u32, isRoot: bool, ms: u64, seq: u64): u32 {
  const n = at(node);
  const count = <u32>n.count;
  if (count == 0 || count > rowsCapacity(node)) return 6;
  if (n.level >= LEVELS_MAX) return 7;
  if (arenaSize(node) < NODE_BYTES && (!isRoot || n.level != 0)) return 8;
  if (n.level == 0 && (n.prev != checkedLeaf || (checkedLeaf != 0 && at(checkedLeaf).next != node))) return 9;
  for (let i: u32 = 0; i < count; i++) {
    const r = row(node, i);
    if (n.level != 0) {
      if (at(rowValue(r)).level != n.level - 1) return 10;
      const reason = i == 0 ? checkBelow(rowValue(r), false, ms, seq) : checkBelow(rowValue(r), false, rowMs(r), rowSeq(r));
      if (reason != 0) return reason;
      // The next bound is above everything in this child.
      if (i + 1 < count && !idBelow(checkedMs, checkedSeq, rowMs(row(node, i + 1)), rowSeq(row(node, i + 1)))) return 11;
      continue;
    }
    if (idBelow(rowMs(r), rowSeq(r), ms, seq)) return 12;
    if (checkedCount != 0 && !idBelow(checkedMs, checkedSeq, rowMs(r), rowSeq(r))) return 13;
    if (rowValue(r) == 0) return 14;
    checkedMs = rowMs(r);
    checkedSeq = rowSeq(r);
    checkedCount++;
  }
  if (n.level == 0) checkedLeaf = node;
  return 0;
}
