// Changing the ranked tree (types/zset/node.ts): inserting and removing members, and giving them other scores.
//
// The tree is named by the address of a word that holds its root node, 0 for an empty tree. A node is never empty; the
// root is a leaf or has two children at least. An insert takes the nodes that it will need before it changes anything.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import {
  CHILDREN, NODE_BYTES, SCORES, SIZES, capacityOf, childOf, countOf, entriesOffset, entryOf, levelOf, membersOf, nextOf, prevOf, scoreOf, setCount,
  setFirst, setNext, setPrev, setSize, sizeOf,
} from './node';
import { belowIn, childFor, isBelow, placeIndex, placeLeaf, seekEntry, seekMember, seekRescored, seekScore, treeRank } from './seek';

/** Nodes taken for an insert and not used yet, linked by their `next`. */
let reserve: u32 = 0;

/** Gives back what an insert did not need. */
export function treeUnreserve(): void {
  while (reserve != 0) {
    const next = nextOf(reserve);
    arenaFree(reserve);
    reserve = next;
  }
}

/** Takes the nodes that inserting at the place looked for needs. False: no memory, nothing taken. */
export function treeReserve(tree: u32): bool {
  reserve = 0;
  let node = load<u32>(tree);
  // Full nodes at the lower end of the way split, and when all are full, so does the root.
  let wanted: u32 = 0;
  let levels: u32 = 0;
  while (node != 0) {
    const level = levelOf(node);
    levels++;
    wanted = countOf(node) == capacityOf(level) ? wanted + 1 : 0;
    node = level == 0 ? 0 : childOf(node, childFor(node, level));
  }
  if (wanted == levels) wanted++;
  for (; wanted != 0; wanted--) {
    const fresh = arenaAlloc(NODE_BYTES);
    if (fresh == 0) { treeUnreserve(); return false; }
    setNext(fresh, reserve);
    reserve = fresh;
  }
  return true;
}

function takeNode(level: u32): u32 {
  const node = reserve;
  assert(node != 0);
  reserve = nextOf(node);
  store<u64>(node, <u64>level << 16);
  store<u64>(node, 0, 8);
  return node;
}

/** Moves the members, or children, of a node from index `from` on by `by` places, up to `count`. */
@inline function shift<T>(base: u32, from: u32, count: u32, by: i32): void {
  const at = base + from * sizeof<T>();
  memory.copy(at + by * sizeof<T>(), at, (count - from) * sizeof<T>());
}
function shiftAll(node: u32, level: u32, from: u32, by: i32): void {
  const count = countOf(node);
  shift<f64>(node + SCORES, from, count, by);
  shift<u32>(node + entriesOffset(level), from, count, by);
  if (level == 0) return;
  shift<u32>(node + CHILDREN, from, count, by);
  shift<u32>(node + SIZES, from, count, by);
}

/** Copies `count` members or children behind those of another node of the level. */
function appendPart(to: u32, from: u32, level: u32, index: u32, count: u32): void {
  const at = countOf(to);
  memory.copy(to + SCORES + (at << 3), from + SCORES + (index << 3), count << 3);
  memory.copy(to + entriesOffset(level) + (at << 2), from + entriesOffset(level) + (index << 2), count << 2);
  if (level != 0) {
    memory.copy(to + CHILDREN + (at << 2), from + CHILDREN + (index << 2), count << 2);
    memory.copy(to + SIZES + (at << 2), from + SIZES + (index << 2), count << 2);
  }
  setCount(to, at + count);
}

/** The node that came to the right of the one in hand when it split, or 0. */
let splitNode: u32 = 0;

/**
 * Splits a full node before something is put at index `at`. At either end of its level all stays on one side, so that
 * members that come in order leave full nodes behind.
 */
function split(node: u32, level: u32, at: u32, first: bool, last: bool): u32 {
  const count = countOf(node);
  const keep = last && at == count ? count : first && at == 0 ? 0 : count >>> 1;
  const right = takeNode(level);
  appendPart(right, node, level, keep, count - keep);
  setCount(node, keep);
  if (level == 0) {
    const next = nextOf(node);
    setNext(right, next);
    setPrev(right, node);
    if (next != 0) setPrev(next, right);
    setNext(node, right);
  }
  splitNode = right;
  return keep;
}

/** Puts a member or child at index `at`, splitting the node if it is full. Answers the node it went to. */
function putAt(node: u32, level: u32, at: u32, first: bool, last: bool): u32 {
  splitNode = 0;
  if (countOf(node) == capacityOf(level)) {
    const keep = split(node, level, at, first, last);
    if (at > keep || (at == keep && keep == capacityOf(level))) { node = splitNode; at -= keep; }
  }
  shiftAll(node, level, at, 1);
  setCount(node, countOf(node) + 1);
  putIndex = at;
  return node;
}
let putIndex: u32 = 0;

/** Inserts below a node. `first`, `last`: whether it is at that end of its level. Sets splitNode. */
function insertBelow(node: u32, level: u32, score: f64, entry: u32, first: bool, last: bool): void {
  if (level == 0) {
    const at = belowIn(node, 0);
    const target = putAt(node, 0, at, first, last);
    setFirst(target, 0, putIndex, score, entry);
    return;
  }
  const i = childFor(node, level);
  const child = childOf(node, i);
  insertBelow(child, level - 1, score, entry, first && i == 0, last && i + 1 == countOf(node));
  const right = splitNode;
  setFirst(node, level, i, scoreOf(child, 0), entryOf(child, level - 1, 0));
  splitNode = 0;
  if (right == 0) { setSize(node, i, sizeOf(node, i) + 1); return; }
  setSize(node, i, membersOf(child));
  const target = putAt(node, level, i + 1, first, last);
  setFirst(target, level, putIndex, scoreOf(right, 0), entryOf(right, level - 1, 0));
  store<u32>(target + (putIndex << 2), right, CHILDREN);
  setSize(target, putIndex, membersOf(right));
}

/** Inserts a member at the place looked for (SEEK_MEMBER of itself), for which `treeReserve` has just taken nodes. */
export function treeInsert(tree: u32, score: f64, entry: u32): void {
  const node = load<u32>(tree);
  if (node == 0) {
    const leaf = takeNode(0);
    setCount(leaf, 1);
    setFirst(leaf, 0, 0, score, entry);
    store<u32>(tree, leaf);
  } else {
    const level = levelOf(node);
    insertBelow(node, level, score, entry, true, true);
    if (splitNode != 0) {
      const right = splitNode;
      const top = takeNode(level + 1);
      addChild(top, node);
      addChild(top, right);
      store<u32>(tree, top);
    }
  }
  treeUnreserve();
}

function addChild(node: u32, child: u32): void {
  const i = countOf(node);
  setFirst(node, levelOf(node), i, scoreOf(child, 0), entryOf(child, levelOf(child), 0));
  store<u32>(node + (i << 2), child, CHILDREN);
  setSize(node, i, membersOf(child));
  setCount(node, i + 1);
}

// Removing

function dropIndex(node: u32, level: u32, at: u32): void {
  shiftAll(node, level, at + 1, -1);
  setCount(node, countOf(node) - 1);
}

/** Joins child i+1 of a node to child i, if the two fit one node with some room to spare. */
function join(node: u32, level: u32, i: u32): bool {
  const left = childOf(node, i);
  const right = childOf(node, i + 1);
  const capacity = capacityOf(level - 1);
  if (countOf(left) + countOf(right) > capacity - (capacity >>> 3)) return false;
  appendPart(left, right, level - 1, 0, countOf(right));
  setSize(node, i, sizeOf(node, i) + sizeOf(node, i + 1));
  freeChild(node, level, i + 1);
  return true;
}

/** Frees a child whose members are gone. */
function freeChild(node: u32, level: u32, i: u32): void {
  const child = childOf(node, i);
  if (level == 1) {
    const prev = prevOf(child);
    const next = nextOf(child);
    if (prev != 0) setNext(prev, next);
    if (next != 0) setPrev(next, prev);
  }
  arenaFree(child);
  dropIndex(node, level, i);
}

/** Removes the member looked for from below a node, which may be empty afterwards. */
function removeBelow(node: u32, level: u32): void {
  if (level == 0) {
    const at = belowIn(node, 0);
    assert(at < countOf(node));
    assert(entryOf(node, 0, at) == seekEntry);
    dropIndex(node, 0, at);
    return;
  }
  const i = childFor(node, level);
  const child = childOf(node, i);
  removeBelow(child, level - 1);
  setSize(node, i, sizeOf(node, i) - 1);
  const left = countOf(child);
  if (left == 0) { freeChild(node, level, i); return; }
  setFirst(node, level, i, scoreOf(child, 0), entryOf(child, level - 1, 0));
  if (left > capacityOf(level - 1) >>> 2) return;
  if (i + 1 < countOf(node) && join(node, level, i)) return;
  if (i != 0) join(node, level, i - 1);
}

/** Removes a member. Needs no memory. */
export function treeRemove(tree: u32, score: f64, entry: u32): void {
  seekMember(score, entry);
  let node = load<u32>(tree);
  assert(node != 0);
  removeBelow(node, levelOf(node));
  while (node != 0 && (countOf(node) == 0 || (levelOf(node) != 0 && countOf(node) == 1))) {
    const below = countOf(node) == 0 ? 0 : childOf(node, 0);
    arenaFree(node);
    store<u32>(tree, below);
    node = below;
  }
}

/**
 * Changes a member's score where it lies, if it keeps its place between its neighbours in the leaf. False: it does not,
 * and nothing was changed.
 */
export function treeRescore(tree: u32, score: f64, entry: u32, fresh: f64): bool {
  seekMember(score, entry);
  treeRank(tree);
  const leaf = placeLeaf;
  const i = placeIndex;
  assert(i < countOf(leaf));
  assert(entryOf(leaf, 0, i) == entry);
  if (i == 0) return false;
  seekRescored(fresh);
  if (!isBelow(scoreOf(leaf, i - 1), entryOf(leaf, 0, i - 1))) return false;
  if (i + 1 == countOf(leaf) ? nextOf(leaf) != 0 : isBelow(scoreOf(leaf, i + 1), entryOf(leaf, 0, i + 1))) return false;
  setFirst(leaf, 0, i, fresh, entry);
  return true;
}

/** Replaces the bits of a member's score by others that mean the same place: 0 and -0. */
export function treeResign(tree: u32, score: f64, entry: u32, fresh: f64): void {
  seekMember(score, entry);
  visit(tree, entry, fresh);
}

/** Names another address for a member's entry; both blocks hold the same bytes. */
export function treeReaddress(tree: u32, score: f64, entry: u32, fresh: u32): void {
  seekMember(score, entry);
  visit(tree, fresh, score);
}

/** Stores entry and score anew wherever the member looked for is named. */
function visit(tree: u32, entry: u32, score: f64): void {
  const old = seekEntry;
  let node = load<u32>(tree);
  let level = levelOf(node);
  for (; level != 0; level--) {
    const i = childFor(node, level);
    const child = childOf(node, i);
    if (entryOf(node, level, i) == old && scoreOf(node, i) == seekScore) setFirst(node, level, i, score, entry);
    node = child;
  }
  const at = belowIn(node, 0);
  assert(entryOf(node, 0, at) == old);
  setFirst(node, 0, at, score, entry);
}
