// Walks the entries of a stream between two IDs, both included, in either direction. One walk at a time; the entry found
// is in hand (node.ts) until the next step. The stream must not change meanwhile.
import { idBelow, treeFirst, treeMs, treeNext, treePrev, treeSeekUpTo, treeSeq } from './id-tree';
import { ITEM_DELETED, entryFirst, entryFlags, entryLast, entryMs, entryNext, entryPrev, entrySeq } from './node';
import { openPlace, streamNodes } from './stream';

let startMs: u64 = 0;
let startSeq: u64 = 0;
let endMs: u64 = 0;
let endSeq: u64 = 0;
let reverse: bool = false;
let node: u64 = 0;
let inNode: bool = false;

/** Starts a walk from the lower ID up or, reversed, from the higher one down. */
export function scanBegin(pointer: u32, fromMs: u64, fromSeq: u64, toMs: u64, toSeq: u64, down: bool): void {
  startMs = fromMs;
  startSeq = fromSeq;
  endMs = toMs;
  endSeq = toSeq;
  reverse = down;
  const nodes = streamNodes(pointer);
  node = down ? treeSeekUpTo(nodes, toMs, toSeq) : treeSeekUpTo(nodes, fromMs, fromSeq);
  if (node == 0 && !down) node = treeFirst(nodes);
  inNode = false;
}

/** Takes the next entry in hand; false: there is none. */
export function scanNext(): bool {
  while (node != 0) {
    let more: bool;
    if (inNode) more = reverse ? entryPrev() : entryNext();
    else {
      openPlace(node);
      inNode = true;
      more = reverse ? entryLast() : entryFirst();
    }
    if (!more) {
      node = reverse ? treePrev(node) : treeNext(node);
      inNode = false;
      // A node that begins behind the end has nothing of interest.
      if (node != 0 && !reverse && idBelow(endMs, endSeq, treeMs(node), treeSeq(node))) node = 0;
      continue;
    }
    if (entryFlags & ITEM_DELETED) continue;
    if (reverse ? idBelow(entryMs, entrySeq, startMs, startSeq) : idBelow(endMs, endSeq, entryMs, entrySeq)) { node = 0; break; }
    if (reverse ? !idBelow(endMs, endSeq, entryMs, entrySeq) : !idBelow(entryMs, entrySeq, startMs, startSeq)) return true;
  }
  return false;
}
