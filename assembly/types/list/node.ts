// A list that does not fit one listpack: a chain of nodes, each with a listpack or, alone, an element too large for one.
//
// Root, 32 bytes: what the key's entry points at (ENC_NODES).
//   offset size field
//        0    4 next        while it is dropped (types/value.ts); before that, the node where moving goes on, or 0
//        4    4 kind        while it is dropped
//        8    4 head        first node, 0: none
//       12    4 tail        last node
//       16    4 nodes       how many
//       20    4 count       elements in all of them
//       24    8 plainBytes  bytes of the elements that are alone
//
// Node, 16 bytes:
//        0    4 prev        0: it is the head
//        4    4 next        0: it is the tail
//        8    4 block       a listpack; or a blob, if the node is plain
//       12    4 count       elements; bit 31: plain, and one element
//
// How much goes into a node is list-max-listpack-size, as Redis reads it: -1..-5 for 4, 8, 16, 32, 64 KiB, or a number of
// elements that take 8 KiB at most. Nodes that were filled under another limit stay as they are.
import { arenaAlloc, arenaFree, arenaSize } from '../../memory/arena';
import { limits } from '../../memory/layout';
import { ENC_NODES, TYPE_LIST } from '../../table/entry';
import { blobBytes, blobDrop, blobLength, blobNew } from '../blob';
import { LP_EMPTY_BYTES, lpAppend, lpBytes, lpDeleteSpan, lpFirst, lpFree, lpInsertSpan, lpNew, lpNext } from '../listpack';
import { dropLater } from '../value';

@unmanaged
export class ListRoot { next: u32; kind: u32; head: u32; tail: u32; nodes: u32; count: u32; plainBytes: u64; }
export const ROOT_BYTES: u32 = 32;
if (offsetof<ListRoot>() != ROOT_BYTES) ERROR('ListRoot no longer matches its drawing');

@unmanaged
export class ListNode { prev: u32; next: u32; block: u32; meta: u32; }
const NODE_BYTES: u32 = 16;
if (offsetof<ListNode>() != NODE_BYTES) ERROR('ListNode no longer matches its drawing');

const PLAIN: u32 = 0x80000000;
const BYTES_WITH_COUNT: u32 = 8192;
/** Redis keeps a node's count in sixteen bits. */
const COUNT_MAX: i32 = 32767;
/** A chain of more nodes is freed in slices. */
const FREE_AT_ONCE_MAX: u32 = 32;

@inline export function rootOf(pointer: u32): ListRoot { return changetype<ListRoot>(pointer); }
@inline export function nodeOf(pointer: u32): ListNode { return changetype<ListNode>(pointer); }
@inline export function nodeIsPlain(node: u32): bool { return (nodeOf(node).meta & PLAIN) != 0; }
@inline export function nodeCount(node: u32): u32 { return nodeOf(node).meta & ~PLAIN; }
@inline export function nodeBlock(node: u32): u32 { return nodeOf(node).block; }
@inline export function nodeNext(node: u32): u32 { return nodeOf(node).next; }
@inline export function nodePrev(node: u32): u32 { return nodeOf(node).prev; }
/** What the node adds to its root's plainBytes. */
@inline export function plainBytesOf(node: u32): u32 { return nodeIsPlain(node) ? blobLength(nodeBlock(node)) : 0; }

export function nodeBytesMax(): u32 {
  const size = limits().listMaxListpackSize;
  return size >= 0 ? BYTES_WITH_COUNT : 2048 << <u32>(-max(size, -5));
}
export function nodeCountMax(): u32 {
  const size = limits().listMaxListpackSize;
  return <u32>(size < 0 ? i32.MAX_VALUE : min(max(size, 1), COUNT_MAX));
}
/** May a listpack have so many bytes and elements? */
@inline export function fits(bytes: u64, count: u32): bool { return bytes <= <u64>nodeBytesMax() && count <= nodeCountMax(); }
/** Is an element of so many encoded bytes too large for any listpack? */
@inline export function isLarge(encodedBytes: u64): bool { return encodedBytes + LP_EMPTY_BYTES > <u64>nodeBytesMax(); }
/** May the node's listpack take one more element of so many encoded bytes? 0 is no node. */
export function nodeTakes(node: u32, encodedBytes: u64): bool {
  if (node == 0 || nodeIsPlain(node)) return false;
  return fits(lpBytes(nodeBlock(node)) + encodedBytes, nodeCount(node) + 1);
}

/** An empty root. 0: no memory. */
export function rootNew(): u32 {
  const root = arenaAlloc(ROOT_BYTES);
  if (root != 0) memory.fill(root, 0, ROOT_BYTES);
  return root;
}

/** A node around a listpack of `count` elements, which is its from then on. Not linked. 0: no memory. */
export function nodeAround(lp: u32, count: u32): u32 {
  const node = arenaAlloc(NODE_BYTES);
  if (node == 0) return 0;
  nodeOf(node).prev = 0;
  nodeOf(node).next = 0;
  nodeOf(node).block = lp;
  nodeOf(node).meta = count;
  return node;
}

/** A node of one element, in the form that its size asks for. Not linked. 0: no memory. */
export function nodeWith(ptr: u32, length: u32, encodedBytes: u64): u32 {
  const node = nodeAround(0, 1);
  if (node == 0) return 0;
  let block: u32;
  if (isLarge(encodedBytes)) {
    nodeOf(node).meta = 1 | PLAIN;
    block = blobNew(length, length);
    if (block != 0) memory.copy(blobBytes(block), ptr, length);
  } else {
    block = lpNew(LP_EMPTY_BYTES + <u32>encodedBytes);
    if (block != 0) block = lpAppend(block, ptr, length);
  }
  if (block == 0) { arenaFree(node); return 0; }
  nodeOf(node).block = block;
  return node;
}

/** Links a node behind `prev` (0: in front of all), with its elements. */
export function linkAfter(root: u32, prev: u32, node: u32): void {
  const r = rootOf(root);
  const next = prev != 0 ? nodeNext(prev) : r.head;
  nodeOf(node).prev = prev;
  nodeOf(node).next = next;
  if (prev != 0) nodeOf(prev).next = node;
  else r.head = node;
  if (next != 0) nodeOf(next).prev = node;
  else r.tail = node;
  r.nodes++;
  r.count += nodeCount(node);
  r.plainBytes += plainBytesOf(node);
}

/** Takes a node out, with its elements. It is the caller's then. */
export function unlink(root: u32, node: u32): void {
  const r = rootOf(root);
  const prev = nodePrev(node);
  const next = nodeNext(node);
  if (prev != 0) nodeOf(prev).next = next;
  else r.head = next;
  if (next != 0) nodeOf(next).prev = prev;
  else r.tail = prev;
  if (r.next == node) r.next = next;
  r.nodes--;
  r.count -= nodeCount(node);
  r.plainBytes -= plainBytesOf(node);
}

/** Frees a node that is linked nowhere, and its block. */
export function nodeFree(node: u32): void {
  if (nodeIsPlain(node)) blobDrop(nodeBlock(node));
  else lpFree(nodeBlock(node));
  arenaFree(node);
}

/** The listpack of a node has changed: its address, and its count by `added`. */
@inline export function nodeChanged(root: u32, node: u32, lp: u32, added: i32): void {
  nodeOf(node).block = lp;
  nodeOf(node).meta += <u32>added;
  rootOf(root).count += <u32>added;
}

/** The blob of a plain node is replaced. */
export function nodeSetBlob(root: u32, node: u32, blob: u32): void {
  rootOf(root).plainBytes += blobLength(blob);
  rootOf(root).plainBytes -= blobLength(nodeBlock(node));
  blobDrop(nodeBlock(node));
  nodeOf(node).block = blob;
}

/**
 * Moves the elements from `p` on, which is not the first, to a node of their own behind this one.
 * False: no memory, nothing changed. Positions in the node are void.
 */
export function split(root: u32, node: u32, p: u32): bool {
  const lp = nodeBlock(node);
  const end = lp + lpBytes(lp) - 1;
  let moved: u32 = 0;
  for (let q = p; q != 0; q = lpNext(lp, q)) moved++;
  const other = lpNew(LP_EMPTY_BYTES + end - p);
  if (other == 0) return false;
  const right = nodeAround(other, moved);
  if (right == 0) { lpFree(other); return false; }
  // The block was made large enough, so it stays where it is.
  lpInsertSpan(other, 0, p, end - p, moved);
  nodeChanged(root, node, lpDeleteSpan(lp, p, end, moved), -<i32>moved);
  linkAfter(root, node, right);
  return true;
}

/** Moves the elements of the node behind this one to its end, if one node can hold both and there is memory. */
export function mergeNext(root: u32, node: u32): bool {
  const next = nodeNext(node);
  if (next == 0 || nodeIsPlain(node) || nodeIsPlain(next)) return false;
  const from = nodeBlock(next);
  const bytes = lpBytes(from) - LP_EMPTY_BYTES;
  const moved = nodeCount(next);
  if (!fits(<u64>lpBytes(nodeBlock(node)) + bytes, nodeCount(node) + moved)) return false;
  const lp = lpInsertSpan(nodeBlock(node), 0, lpFirst(from), bytes, moved);
  if (lp == 0) return false;
  unlink(root, next);
  nodeFree(next);
  nodeChanged(root, node, lp, <i32>moved);
  return true;
}

/** Is this node one of the chain's? A long chain is not walked: it may be. */
export function chainMayHold(first: u32, nodes: u32, wanted: u32): bool {
  if (wanted == 0 || nodes > FREE_AT_ONCE_MAX) return wanted != 0;
  let node = first;
  while (node != 0 && node != wanted) node = nodeNext(node);
  return node != 0;
}

/** Frees the nodes from `first` on, linked nowhere any more: at once if they are few, else in slices. */
export function chainFree(first: u32, nodes: u32): void {
  if (first == 0) return;
  const root = nodes > FREE_AT_ONCE_MAX ? rootNew() : 0;
  if (root != 0) {
    rootOf(root).head = first;
    rootOf(root).nodes = nodes;
    dropLater(TYPE_LIST, ENC_NODES, root);
    return;
  }
  for (let node = first; node != 0; ) {
    const next = nodeNext(node);
    nodeFree(node);
    node = next;
  }
}

/** Gives a list of nodes up. */
export function rootDrop(root: u32): void {
  if (rootOf(root).nodes > FREE_AT_ONCE_MAX) { dropLater(TYPE_LIST, ENC_NODES, root); return; }
  chainFree(rootOf(root).head, 0);
  arenaFree(root);
}

/** Frees up to `budget` nodes of a dropped list; what is left of the budget, above 0 once the root is gone, too. */
export function rootReclaim(root: u32, budget: i32): i32 {
  const r = rootOf(root);
  while (r.head != 0) {
    if (budget <= 0) return 0;
    const node = r.head;
    r.head = nodeNext(node);
    nodeFree(node);
    budget--;
  }
  if (budget <= 0) return 0;
  arenaFree(root);
  return budget;
}

/** Bytes of the root and of all that hangs on it. */
export function rootBlockBytes(root: u32): u64 {
  let sum: u64 = arenaSize(root);
  for (let node = rootOf(root).head; node != 0; node = nodeNext(node)) sum += arenaSize(node) + arenaSize(nodeBlock(node));
  return sum;
}
