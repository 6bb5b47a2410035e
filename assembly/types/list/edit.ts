// Changing a list, in its entry. An element that is put in must not lie in this very list. Where memory is asked for and
// not had, the answer is false and the list is what it was; its form may have become that of nodes. Deletions need none.
import { arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES } from '../../memory/window';
import { ENC_NODES, ENC_PACKED, TYPE_LIST, entryEncoding, entryPointer, entrySetEncoding, entrySetPointer } from '../../table/entry';
import { blobBytes, blobNew } from '../blob';
import {
  lpAfter, lpAt, lpBytes, lpCount, lpDelete, lpDeleteRange, lpEncodedBytes, lpFirst, lpFree, lpInsert, lpNext, lpPutMeasured, lpReplace,
} from '../listpack';
import { lpCountEqual, lpDeleteEqual, lpGone } from '../listpack-sweep';
import {
  blobIs, curBlock, curNode, curPos, cursorFirst, cursorLast, cursorPrev, cursorSet, cursorView, elementLen, elementPtr, listCount,
} from './cursor';
import {
  ListRoot, chainFree, chainMayHold, fits, isLarge, linkAfter, mergeNext, nodeAround, nodeBlock, nodeChanged, nodeCount, nodeFree, nodeIsPlain,
  nodeNext, nodeOf, nodePrev, nodeSetBlob, nodeTakes, nodeWith, plainBytesOf, rootNew, rootOf, split, unlink,
} from './node';

/** Turns a packed list into one of nodes. */
export function toNodes(e: u32): bool {
  const lp = entryPointer(e);
  const root = rootNew();
  if (root == 0) return false;
  const count = lpCount(lp);
  if (count != 0) {
    const node = nodeAround(lp, count);
    if (node == 0) { arenaFree(root); return false; }
    linkAfter(root, 0, node);
  } else lpFree(lp);
  entrySetEncoding(e, TYPE_LIST, ENC_NODES);
  entrySetPointer(e, root);
  return true;
}

/** A list of nodes that has come down to one listpack becomes packed. */
function pack(e: u32): void {
  const root = entryPointer(e);
  const node = rootOf(root).head;
  if (rootOf(root).nodes != 1 || nodeIsPlain(node)) return;
  entrySetEncoding(e, TYPE_LIST, ENC_PACKED);
  entrySetPointer(e, nodeBlock(node));
  arenaFree(node);
  arenaFree(root);
}

/** Puts an element at an end. */
export function listPush(e: u32, atHead: bool, ptr: u32, length: u32): bool {
  const encoded = lpEncodedBytes(ptr, length);
  if (entryEncoding(e) == ENC_PACKED) {
    const lp = entryPointer(e);
    if (fits(lpBytes(lp) + encoded, lpCount(lp) + 1)) {
      const fresh = lpPutMeasured(lp, atHead);
      if (fresh != 0) entrySetPointer(e, fresh);
      return fresh != 0;
    }
    if (!toNodes(e)) return false;
  }
  const root = entryPointer(e);
  const end = atHead ? rootOf(root).head : rootOf(root).tail;
  if (nodeTakes(end, encoded)) {
    const fresh = lpPutMeasured(nodeBlock(end), atHead);
    if (fresh != 0) nodeChanged(root, end, fresh, 1);
    return fresh != 0;
  }
  const node = nodeWith(ptr, length, encoded);
  if (node == 0) return false;
  linkAfter(root, atHead ? 0 : end, node);
  return true;
}

/** Takes `count` elements, fewer than there are, from an end. */
export function listCut(e: u32, atHead: bool, count: u32): void {
  if (count == 0) return;
  if (entryEncoding(e) == ENC_PACKED) {
    entrySetPointer(e, lpDeleteRange(entryPointer(e), atHead ? 0 : -<i32>count, count));
    return;
  }
  const root = entryPointer(e);
  const r = rootOf(root);
  assert(count < r.count);
  const node = findCut(r, atHead, count);
  if (cutNodes != 0) {
    const first = atHead ? r.head : nodeNext(node);
    if (atHead) {
      nodeOf(nodePrev(node)).next = 0;
      nodeOf(node).prev = 0;
      r.head = node;
    } else {
      nodeOf(node).next = 0;
      r.tail = node;
    }
    if (chainMayHold(first, cutNodes, r.next)) r.next = atHead ? node : 0;
    r.nodes -= cutNodes;
    r.count -= count - cutInside;
    r.plainBytes -= cutPlainBytes;
    chainFree(first, cutNodes);
  }
  if (cutInside != 0) {
    const lp = lpDeleteRange(nodeBlock(node), atHead ? 0 : -<i32>cutInside, cutInside);
    nodeChanged(root, node, lp, -<i32>cutInside);
  }
  pack(e);
}

/** What `findCut` found: nodes that go as a whole, the bytes of plain ones among them, elements that go of the next node. */
let cutNodes: u32 = 0;
let cutPlainBytes: u64 = 0;
let cutInside: u32 = 0;

/** The node that keeps the first element to stay when `count` go from an end; looked for from the nearer end of the list. */
function findCut(r: ListRoot, atHead: bool, count: u32): u32 {
  if (count <= r.count >>> 1) {
    let node = atHead ? r.head : r.tail;
    cutNodes = 0;
    cutPlainBytes = 0;
    while (count >= nodeCount(node)) {
      count -= nodeCount(node);
      cutNodes++;
      cutPlainBytes += plainBytesOf(node);
      node = atHead ? nodeNext(node) : nodePrev(node);
    }
    cutInside = count;
    return node;
  }
  let stay = r.count - count;
  let node = atHead ? r.tail : r.head;
  cutNodes = r.nodes - 1;
  cutPlainBytes = r.plainBytes - plainBytesOf(node);
  while (stay > nodeCount(node)) {
    stay -= nodeCount(node);
    node = atHead ? nodePrev(node) : nodeNext(node);
    cutNodes--;
    cutPlainBytes -= plainBytesOf(node);
  }
  cutInside = nodeCount(node) - stay;
  return node;
}

/** Puts an element in front of the cursor's, or behind it. The cursor is on the new one afterwards. */
export function listInsert(e: u32, after: bool, ptr: u32, length: u32): bool {
  const encoded = lpEncodedBytes(ptr, length);
  if (entryEncoding(e) == ENC_PACKED) {
    if (fits(lpBytes(curBlock) + encoded, lpCount(curBlock) + 1)) {
      const fresh = lpInsert(curBlock, after ? lpNext(curBlock, curPos) : curPos, ptr, length);
      if (fresh == 0) return false;
      entrySetPointer(e, fresh);
      cursorSet(0, fresh, lpAt);
      return true;
    }
    if (!toNodes(e)) return false;
    cursorSet(rootOf(entryPointer(e)).head, curBlock, curPos);
  }
  const root = entryPointer(e);
  let node = curNode;
  const plain = nodeIsPlain(node);
  const at = plain ? 0 : after ? lpNext(curBlock, curPos) : curPos; // 0: behind the node's last
  if (nodeTakes(node, encoded)) return insertInto(root, node, at, ptr, length);
  const atStart = plain ? !after : at == lpFirst(curBlock);
  if (atStart) node = nodePrev(node);
  else if (at != 0) {
    if (!split(root, node, at)) return false;
    mergeNext(root, nodeNext(node));
  }
  // The new element goes between `node`, 0 if that is the list's start, and the node behind it.
  if (nodeTakes(node, encoded)) return insertInto(root, node, 0, ptr, length);
  const next = node != 0 ? nodeNext(node) : rootOf(root).head;
  if (nodeTakes(next, encoded)) return insertInto(root, next, lpFirst(nodeBlock(next)), ptr, length);
  const fresh = nodeWith(ptr, length, encoded);
  if (fresh == 0) return false;
  linkAfter(root, node, fresh);
  cursorSet(fresh, nodeBlock(fresh), nodeIsPlain(fresh) ? 0 : lpFirst(nodeBlock(fresh)));
  return true;
}

function insertInto(root: u32, node: u32, at: u32, ptr: u32, length: u32): bool {
  const fresh = lpInsert(nodeBlock(node), at, ptr, length);
  if (fresh == 0) return false;
  const pos = lpAt;
  nodeChanged(root, node, fresh, 1);
  cursorSet(node, fresh, pos);
  return true;
}

/** Puts an element in the place of the cursor's. The cursor is void afterwards. */
export function listReplace(e: u32, ptr: u32, length: u32): bool {
  const encoded = lpEncodedBytes(ptr, length);
  if (curPos != 0) {
    const had = lpAfter(curPos) - curPos;
    if (encoded <= had || fits(lpBytes(curBlock) - had + encoded, 1)) {
      const fresh = lpReplace(curBlock, curPos, ptr, length);
      if (fresh == 0) return false;
      if (curNode != 0) nodeChanged(entryPointer(e), curNode, fresh, 0);
      else entrySetPointer(e, fresh);
      return true;
    }
  } else if (isLarge(encoded)) {
    const blob = blobNew(length, length);
    if (blob == 0) return false;
    memory.copy(blobBytes(blob), ptr, length);
    nodeSetBlob(entryPointer(e), curNode, blob);
    return true;
  }
  if (!listInsert(e, true, ptr, length)) return false;
  cursorPrev();
  listDelete(e);
  return true;
}

/** Takes the cursor's element out; it is not the only one. The cursor is void afterwards. */
export function listDelete(e: u32): void {
  if (curNode == 0) { entrySetPointer(e, lpDelete(curBlock, curPos)); return; }
  const root = entryPointer(e);
  const node = curNode;
  if (nodeCount(node) == 1) dropNode(root, node);
  else {
    nodeChanged(root, node, lpDelete(curBlock, curPos), -1);
    settle(root, node);
  }
  pack(e);
}

function dropNode(root: u32, node: u32): void {
  const prev = nodePrev(node);
  unlink(root, node);
  nodeFree(node);
  if (prev != 0) mergeNext(root, prev);
}

/** A node that has become smaller may be one with a neighbour. */
function settle(root: u32, node: u32): void {
  mergeNext(root, node);
  if (nodePrev(node) != 0) mergeNext(root, nodePrev(node));
}

/**
 * Takes out up to `limit` elements that equal these bytes, from the head on or from the tail on.
 * @returns how many; if it is all there were, the list is empty and the caller's to remove.
 */
export function listDeleteEqual(e: u32, ptr: u32, length: u32, limit: u32, fromTail: bool): u32 {
  if (entryEncoding(e) == ENC_PACKED) {
    entrySetPointer(e, deleteFrom(entryPointer(e), ptr, length, limit, fromTail));
    return lpGone;
  }
  const root = entryPointer(e);
  let left = limit;
  let node = fromTail ? rootOf(root).tail : rootOf(root).head;
  while (node != 0 && left != 0) {
    const beyond = fromTail ? nodePrev(node) : nodeNext(node);
    if (nodeIsPlain(node)) {
      if (blobIs(nodeBlock(node), ptr, length)) { unlink(root, node); nodeFree(node); left--; }
    } else {
      const lp = deleteFrom(nodeBlock(node), ptr, length, left, fromTail);
      const gone = lpGone;
      nodeChanged(root, node, lp, -<i32>gone);
      left -= gone;
      if (nodeCount(node) == 0) { unlink(root, node); nodeFree(node); }
      // Its neighbour on the side already walked; the other one's turn comes with that one itself.
      else if (gone != 0) {
        if (!fromTail && nodePrev(node) != 0) mergeNext(root, nodePrev(node));
        else if (fromTail) mergeNext(root, node);
      }
    }
    node = beyond;
  }
  pack(e);
  return limit - left;
}

function deleteFrom(lp: u32, ptr: u32, length: u32, limit: u32, fromTail: bool): u32 {
  if (!fromTail) return lpDeleteEqual(lp, ptr, length, 0, limit);
  const count = lpCountEqual(lp, ptr, length);
  return lpDeleteEqual(lp, ptr, length, count > limit ? count - limit : 0, limit);
}

/** Moves the element at one end to the other end. `scratch` is room for what a listpack can hold in one element. */
export function listRotate(e: u32, fromHead: bool, scratch: u32): bool {
  if (entryEncoding(e) == ENC_NODES) {
    const root = entryPointer(e);
    const node = fromHead ? rootOf(root).head : rootOf(root).tail;
    if (nodeCount(node) == 1) {
      unlink(root, node);
      linkAfter(root, fromHead ? rootOf(root).tail : 0, node);
      return true;
    }
  }
  if (fromHead) cursorFirst(e);
  else cursorLast(e);
  cursorView(0);
  const length = elementLen;
  assert(length < SCRATCH_BYTES);
  memory.copy(scratch, elementPtr, length);
  if (!listPush(e, !fromHead, scratch, length)) return false;
  listCut(e, fromHead, 1);
  return true;
}

/**
 * Moves the element at an end of `from` to an end of another list. If it was the only one, what is left of `from` is the
 * caller's to remove; as is `to` if it had none and the answer is false.
 */
export function listMove(from: u32, fromHead: bool, to: u32, toHead: bool): bool {
  if (fromHead) cursorFirst(from);
  else cursorLast(from);
  if (curPos == 0) {
    // A large element is not copied: its node goes over.
    if (entryEncoding(to) == ENC_PACKED && !toNodes(to)) return false;
    const node = curNode;
    unlink(entryPointer(from), node);
    linkAfter(entryPointer(to), toHead ? 0 : rootOf(entryPointer(to)).tail, node);
    pack(from);
    return true;
  }
  cursorView(0);
  if (!listPush(to, toHead, elementPtr, elementLen)) return false;
  if (listCount(from) == 1) return true;
  listCut(from, fromHead, 1);
  return true;
}
