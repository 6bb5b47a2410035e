// What every type of value answers to (types/value.ts), for lists.
import { kevyHash } from '../../routing/kevyhash';
import { arenaFree, arenaSize } from '../../memory/arena';
import { defragState, moveCost, movedBlock } from '../../memory/moving';
import { ENC_NODES, ENC_PACKED, entryEncoding, entryPointer } from '../../table/entry';
import { blobCapacity, blobLength, blobPinned } from '../blob';
import { lpBytes, lpCount } from '../listpack';
import { lpValid } from '../listpack-valid';
import { movePointer } from '../moving';
import { mixDigest } from '../value';
import { cursorFirst, cursorNext, cursorView, elementLen, elementPtr, listCount } from './cursor';
import {
  ListRoot, nodeBlock, nodeCount, nodeIsPlain, nodeNext, nodeOf, nodePrev, plainBytesOf, rootBlockBytes, rootDrop, rootOf, rootReclaim,
} from './node';
import { RDB_LIST_QUICKLIST_2 } from './rdb';

export { listCount } from './cursor';
export { listLoad, listSave } from './rdb';

export function listDrop(encoding: u32, pointer: u32): void {
  if (encoding == ENC_PACKED) arenaFree(pointer);
  else rootDrop(pointer);
}
export function listReclaim(pointer: u32, budget: i32): i32 { return rootReclaim(pointer, budget); }

export function listBytes(e: u32): u64 {
  return entryEncoding(e) == ENC_PACKED ? arenaSize(entryPointer(e)) : rootBlockBytes(entryPointer(e));
}
/** About the bytes of a chain: its nodes are mostly full, and it knows what lies outside of them. */
export function listSize(e: u32): u64 {
  const root = rootOf(entryPointer(e));
  return (<u64>root.nodes << 13) + root.plainBytes;
}
export function listEncoding(e: u32): string { return 'quicklist'; }
export function listSaveType(e: u32): u32 { return RDB_LIST_QUICKLIST_2; }

export function listDigest(e: u32): u64 {
  let digest: u64 = listCount(e);
  for (let more = cursorFirst(e); more; more = cursorNext()) {
    cursorView(0);
    digest = mixDigest(digest, kevyHash(elementPtr, elementLen));
  }
  return digest;
}

/** 0, or the number of the rule that is broken. */
export function listCheck(e: u32): u32 {
  const pointer = entryPointer(e);
  if (entryEncoding(e) == ENC_PACKED) return listpackIsSound(pointer) ? 0 : 1;
  if (entryEncoding(e) != ENC_NODES) return 2;
  let prev: u32 = 0;
  let nodes: u32 = 0;
  let count: u32 = 0;
  let plain: u64 = 0;
  for (let node = rootOf(pointer).head; node != 0; node = nodeNext(node)) {
    if (nodePrev(node) != prev) return 3;
    const block = nodeBlock(node);
    if (nodeIsPlain(node)) {
      if (nodeCount(node) != 1 || blobLength(block) > blobCapacity(block)) return 4;
    } else {
      if (!listpackIsSound(block)) return 5;
      if (lpCount(block) != nodeCount(node)) return 6;
    }
    prev = node;
    nodes++;
    count += nodeCount(node);
    plain += plainBytesOf(node);
  }
  if (rootOf(pointer).tail != prev) return 7;
  if (rootOf(pointer).nodes != nodes || nodes == 0) return 8;
  if (rootOf(pointer).count != count || rootOf(pointer).plainBytes != plain) return 9;
  return 0;
}

function listpackIsSound(lp: u32): bool {
  return lpBytes(lp) <= arenaSize(lp) && lpValid(lp, lpBytes(lp), false) && lpCount(lp) != 0;
}

/**
 * Moves blocks that would lie better elsewhere, in slices: the root knows the node to go on with.
 * @returns what is left of the budget; 0 or less: `inside` of memory/moving.ts is not 0, and there is more.
 */
export function listDefrag(e: u32, budget: i32): i32 {
  const d = defragState();
  let left = budget;
  if (d.inside == 0) {
    left = movePointer(e, left);
    rootOf(entryPointer(e)).next = rootOf(entryPointer(e)).head;
    d.inside = 1;
  }
  const root = rootOf(entryPointer(e));
  while (root.next != 0) {
    if (left <= 0) return 0;
    left -= moveNode(root, root.next);
  }
  d.inside = 0;
  return max(left, 1);
}

/** Moves a node and its block, and goes on to the next one; answers what it cost. */
function moveNode(root: ListRoot, old: u32): i32 {
  const node = movedBlock(old);
  if (node != old) {
    if (nodePrev(node) != 0) nodeOf(nodePrev(node)).next = node;
    else root.head = node;
    if (nodeNext(node) != 0) nodeOf(nodeNext(node)).prev = node;
    else root.tail = node;
  }
  root.next = nodeNext(node);
  // A pinned blob is being read without the latch.
  if (nodeIsPlain(node) && blobPinned(nodeBlock(node))) return moveCost(node);
  nodeOf(node).block = movedBlock(nodeBlock(node));
  return moveCost(node) + moveCost(nodeBlock(node));
}
