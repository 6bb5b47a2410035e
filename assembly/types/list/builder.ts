// Makes a list that belongs to no key yet: from a payload, or from a result that is to be stored. One builder per
// instance. It keeps the list in an entry of its own, without a key, until it is handed over.
import { arenaFree } from '../../memory/arena';
import { ENC_NODES, ENC_PACKED, TYPE_LIST, entryEncoding, entryFree, entryNew, entryPointer, entrySetEncoding, entrySetPointer } from '../../table/entry';
import { LP_EMPTY_BYTES, lpBytes, lpCount, lpFirst, lpFree, lpLen, lpNew, lpNext, lpPtr, lpView } from '../listpack';
import { listCount } from './cursor';
import { listPush, toNodes } from './edit';
import { fits, linkAfter, nodeAround, rootDrop, rootOf } from './node';

let building: u32 = 0;

/** What the last `listBuilderEnd` handed over. */
export let builtEncoding: u32 = 0;
export let builtPointer: u32 = 0;

/** Starts an empty list. False: no memory. Every begin that succeeds has its end, or its drop. */
export function listBuilderBegin(): bool {
  building = entryNew(0, 0, -1, 4);
  if (building == 0) return false;
  const lp = lpNew(LP_EMPTY_BYTES);
  if (lp == 0) { entryFree(building); return false; }
  entrySetEncoding(building, TYPE_LIST, ENC_PACKED);
  entrySetPointer(building, lp);
  return true;
}

/** Adds an element at the end. False: no memory; the list is as it was. */
export function listBuilderPush(ptr: u32, length: u32): bool { return listPush(building, false, ptr, length); }

/** Adds the elements of a listpack, which is the builder's from then on, whatever the answer. False: no memory. */
export function listBuilderTake(lp: u32): bool {
  const count = lpCount(lp);
  if (count != 0 && fits(lpBytes(lp), count)) return takeWhole(lp, count);
  let ok = true;
  // It is larger than lists' own listpacks are.
  for (let p = lpFirst(lp); p != 0 && ok; p = lpNext(lp, p)) {
    lpView(p, 0);
    ok = listBuilderPush(lpPtr, lpLen);
  }
  lpFree(lp);
  return ok;
}

function takeWhole(lp: u32, count: u32): bool {
  if (listBuilderCount() == 0) {
    // Nothing has been added, so the list is packed.
    lpFree(entryPointer(building));
    entrySetPointer(building, lp);
    return true;
  }
  const node = entryEncoding(building) == ENC_NODES || toNodes(building) ? nodeAround(lp, count) : 0;
  if (node == 0) { lpFree(lp); return false; }
  linkAfter(entryPointer(building), rootOf(entryPointer(building)).tail, node);
  return true;
}

export function listBuilderCount(): u32 { return listCount(building); }

/** Hands the list over: builtEncoding and builtPointer, the caller's from now on. */
export function listBuilderEnd(): void {
  builtEncoding = entryEncoding(building);
  builtPointer = entryPointer(building);
  entryFree(building);
}

/** Gives the list up instead. */
export function listBuilderDrop(): void {
  listBuilderEnd();
  if (builtEncoding == ENC_PACKED) arenaFree(builtPointer);
  else rootDrop(builtPointer);
}
