// Lists in payloads. Type 18, as Redis 7 writes it: a count of nodes, and for each 1 and the bytes of one element, or 2
// and a listpack. Read are also those of older versions: 14, nodes that are ziplists; 10, one ziplist; 1, elements.
import { LOAD_OK, loadCorrupt, loadCount, loadFault, loadLen, loadLength, loadNoMemory, loadPtr, loadString, loaded } from '../../rdb/reader';
import { saveLength, saveString } from '../../rdb/writer';
import { ziplistToListpack } from '../../rdb/ziplist';
import { ENC_PACKED, entryEncoding, entryPointer } from '../../table/entry';
import { blobBytes, blobLength } from '../blob';
import { lpBytes, lpCopy } from '../listpack';
import { lpValid } from '../listpack-valid';
import {
  builtEncoding, builtPointer, listBuilderBegin, listBuilderCount, listBuilderDrop, listBuilderEnd, listBuilderPush, listBuilderTake,
} from './builder';
import { nodeBlock, nodeIsPlain, nodeNext, rootOf } from './node';

export const RDB_LIST: u32 = 1;
export const RDB_LIST_ZIPLIST: u32 = 10;
export const RDB_LIST_QUICKLIST: u32 = 14;
export const RDB_LIST_QUICKLIST_2: u32 = 18;
const NODE_PLAIN: u32 = 1;
const NODE_PACKED: u32 = 2;

/** Writes the body of type 18. */
export function listSave(e: u32): void {
  const pointer = entryPointer(e);
  if (entryEncoding(e) == ENC_PACKED) {
    saveLength(1);
    saveNode(NODE_PACKED, pointer, lpBytes(pointer));
    return;
  }
  saveLength(rootOf(pointer).nodes);
  for (let node = rootOf(pointer).head; node != 0; node = nodeNext(node)) {
    const block = nodeBlock(node);
    if (nodeIsPlain(node)) saveNode(NODE_PLAIN, blobBytes(block), blobLength(block));
    else saveNode(NODE_PACKED, block, lpBytes(block));
  }
}

function saveNode(kind: u32, ptr: u32, length: u32): void {
  saveLength(kind);
  saveString(ptr, length);
}

/** Reads a body of any of the four types and hands it to `loaded`. */
export function listLoad(rdbType: u32): void {
  if (!listBuilderBegin()) { loadNoMemory(); return; }
  if (rdbType == RDB_LIST_ZIPLIST) loadNode(rdbType);
  else {
    // A node of type 18 has two bytes at least, an element or a ziplist one.
    const count = loadCount(rdbType == RDB_LIST_QUICKLIST_2 ? 2 : 1);
    for (let i: u32 = 0; i < count && loadFault == LOAD_OK; i++) loadNode(rdbType);
  }
  if (loadFault == LOAD_OK && listBuilderCount() == 0) loadCorrupt();
  if (loadFault != LOAD_OK) { listBuilderDrop(); return; }
  listBuilderEnd();
  loaded(builtEncoding, builtPointer, 0);
}

function loadNode(rdbType: u32): void {
  const kind: u64 = rdbType == RDB_LIST_QUICKLIST_2 ? loadLength() : rdbType == RDB_LIST ? NODE_PLAIN : NODE_PACKED;
  if (kind != NODE_PLAIN && kind != NODE_PACKED) loadCorrupt();
  if (!loadString()) return;
  if (kind == NODE_PLAIN) {
    if (!listBuilderPush(loadPtr, loadLen)) loadNoMemory();
    return;
  }
  let lp: u32 = 0;
  if (rdbType != RDB_LIST_QUICKLIST_2) lp = ziplistToListpack(loadPtr, loadLen);
  else if (lpValid(loadPtr, loadLen, false)) {
    lp = lpCopy(loadPtr, loadLen);
    if (lp == 0) loadNoMemory();
  } else loadCorrupt();
  if (lp != 0 && !listBuilderTake(lp)) loadNoMemory();
}
