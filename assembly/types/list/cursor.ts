// A place in a list, whatever its form: one cursor per instance, good until the list changes.
import { ENC_PACKED, bytesEqual, entryEncoding, entryPointer } from '../../table/entry';
import { replyBlob } from '../../resp/encode';
import { blobBytes, blobLength } from '../blob';
import {
  lpCount, lpFirst, lpIsWanted, lpLast, lpLen, lpNext, lpPrev, lpPtr, lpReplyElement, lpSeek, lpView, lpWant,
} from '../listpack';
import { nodeBlock, nodeCount, nodeIsPlain, nodeNext, nodePrev, rootOf } from './node';

/** The node that the cursor is in; 0: the list is packed. */
export let curNode: u32 = 0;
/** The listpack, or the blob of a plain node. */
export let curBlock: u32 = 0;
/** Position in the listpack; 0: the node is plain. */
export let curPos: u32 = 0;

/** Puts the cursor on a position in a node (0: in the packed list). */
export function cursorSet(node: u32, block: u32, pos: u32): void { curNode = node; curBlock = block; curPos = pos; }

/** Elements of a list. */
export function listCount(e: u32): u32 {
  return entryEncoding(e) == ENC_PACKED ? lpCount(entryPointer(e)) : rootOf(entryPointer(e)).count;
}

/** Goes to a node's first or last element. False: there is no node. */
function enter(node: u32, last: bool): bool {
  if (node == 0) return false;
  const block = nodeBlock(node);
  cursorSet(node, block, nodeIsPlain(node) ? 0 : last ? lpLast(block) : lpFirst(block));
  return true;
}
function enterAt(node: u32, index: u32): void {
  const block = nodeBlock(node);
  cursorSet(node, block, nodeIsPlain(node) ? 0 : lpSeek(block, <i32>index));
}
function enterPacked(lp: u32, pos: u32): bool {
  cursorSet(0, lp, pos);
  return pos != 0;
}

/** False: the list is empty, or (next, previous) has no more; the cursor is as it was then. */
export function cursorFirst(e: u32): bool {
  const pointer = entryPointer(e);
  return entryEncoding(e) == ENC_PACKED ? enterPacked(pointer, lpFirst(pointer)) : enter(rootOf(pointer).head, false);
}
export function cursorLast(e: u32): bool {
  const pointer = entryPointer(e);
  return entryEncoding(e) == ENC_PACKED ? enterPacked(pointer, lpLast(pointer)) : enter(rootOf(pointer).tail, true);
}
export function cursorNext(): bool {
  if (curPos != 0) {
    const next = lpNext(curBlock, curPos);
    if (next != 0) { curPos = next; return true; }
  }
  return curNode != 0 && enter(nodeNext(curNode), false);
}
export function cursorPrev(): bool {
  if (curPos != 0) {
    const prev = lpPrev(curBlock, curPos);
    if (prev != 0) { curPos = prev; return true; }
  }
  return curNode != 0 && enter(nodePrev(curNode), true);
}

/** Goes to the element at an index, from the nearer end. False: there is none. */
export function cursorSeek(e: u32, index: u32): bool {
  const pointer = entryPointer(e);
  const count = listCount(e);
  if (index >= count) return false;
  if (entryEncoding(e) == ENC_PACKED) return enterPacked(pointer, lpSeek(pointer, <i32>index));
  if (index <= count >>> 1) {
    let node = rootOf(pointer).head;
    while (index >= nodeCount(node)) { index -= nodeCount(node); node = nodeNext(node); }
    enterAt(node, index);
    return true;
  }
  let behind = count - 1 - index;
  let node = rootOf(pointer).tail;
  while (behind >= nodeCount(node)) { behind -= nodeCount(node); node = nodePrev(node); }
  enterAt(node, nodeCount(node) - 1 - behind);
  return true;
}

/** The element's bytes as text, from `cursorView`. Valid until the list changes, or the scratch of `place` is used again. */
export let elementPtr: u32 = 0;
export let elementLen: u32 = 0;
export function cursorView(place: u32): void {
  if (curPos == 0) { elementPtr = blobBytes(curBlock); elementLen = blobLength(curBlock); return; }
  lpView(curPos, place);
  elementPtr = lpPtr;
  elementLen = lpLen;
}

/** Replies with the element as a bulk string. */
export function cursorReply(): void {
  if (curPos != 0) lpReplyElement(curPos);
  else replyBlob(curBlock, 0, blobLength(curBlock));
}

// What is looked for: asked of many elements in a row.
let soughtPtr: u32 = 0;
let soughtLen: u32 = 0;
export function cursorSought(ptr: u32, length: u32): void {
  soughtPtr = ptr;
  soughtLen = length;
  lpWant(ptr, length);
}
/** Is the element what was last named to `cursorSought`? */
export function cursorMatches(): bool {
  return curPos != 0 ? lpIsWanted(curPos) : blobIs(curBlock, soughtPtr, soughtLen);
}

export function blobIs(blob: u32, ptr: u32, length: u32): bool {
  return blobLength(blob) == length && bytesEqual(blobBytes(blob), ptr, length);
}
