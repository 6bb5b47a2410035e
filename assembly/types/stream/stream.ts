// A stream: entries packed into nodes (node.ts), the nodes in a tree by their master IDs (id-tree.ts), and groups.
//
// Stream, 112 bytes, the block that a key's entry points at:
//   offset size field
//        0    4 next            in the list of dropped values (types/value.ts)
//        4    4 kind
//        8    8 nodes           a tree: master ID to listpack
//       16    8 length          entries that are there
//       24   16 last            ID of the last entry ever added, or what XSETID said
//       40   16 first           ID of the first entry that is there, 0-0: none
//       56   16 maxDeleted      highest ID that XDEL ever took out
//       72    8 entriesAdded    ever
//       80    4 groups          names.ts: a group (group.ts) per name, 0: none
//       84    4 spare
//       88   24 spare
//
// Nodes are filled, and trimmed, by Redis's rules to the entry, so that `XTRIM ~` takes out what Redis would.
//
// Entries that are there ascend, in their node and from node to node, and none is below its node's master ID. Of deleted
// ones nothing is known: XSETID may turn back behind them.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { limits } from '../../memory/layout';
import { LP_BYTES_MAX, lpBytes } from '../listpack';
import {
  TREE_BYTES, idBelow, treeAdd, treeFirst, treeLast, treeMs, treeNext, treePrev, treeRemove, treeSeekUpTo, treeSeq, treeSetValue, treeValue,
} from './id-tree';
import {
  ITEM_DELETED, entryFirst, entryFlagDeleted, entryFlags, entryLast, entryMs, entryNext, entrySeq, nodeAdd, nodeCount, nodeDeleted, nodeFit, nodeLive,
  nodeNew, nodeOpen, nodeSetCounts, nodeTotal,
} from './node';

export const STREAM_BYTES: u32 = 112;
const NODES: u32 = 8;

@unmanaged
export class Stream {
  next: u32; kind: u32; nodesRoot: u32; nodesCount: u32;
  length: u64;
  lastMs: u64; lastSeq: u64;
  firstMs: u64; firstSeq: u64;
  maxDeletedMs: u64; maxDeletedSeq: u64;
  entriesAdded: u64;
  groups: u32; spare0: u32; spare1: u64; spare2: u64; spare3: u64;
}
if (offsetof<Stream>() != STREAM_BYTES) ERROR('Stream no longer matches its drawing');
if (offsetof<Stream>('length') - NODES != TREE_BYTES) ERROR('the tree of nodes no longer matches its drawing');

@inline export function streamAt(pointer: u32): Stream { return changetype<Stream>(pointer); }
/** The tree of its nodes. */
@inline export function streamNodes(pointer: u32): u32 { return pointer + NODES; }

/** An empty stream; 0: no memory. */
export function streamNew(): u32 {
  const pointer = arenaAlloc(STREAM_BYTES);
  if (pointer != 0) memory.fill(pointer, 0, STREAM_BYTES);
  return pointer;
}

// Adding

/** Does an entry of so many bytes of fields and values begin a node of its own behind this one? */
function isFull(lp: u32, entryBytes: u64): bool {
  const l = limits();
  const bytesMax: u64 = l.streamNodeMaxBytes != 0 ? min<u64>(l.streamNodeMaxBytes, LP_BYTES_MAX) : LP_BYTES_MAX;
  if (<u64>lpBytes(lp) + entryBytes >= bytesMax) return true;
  return l.streamNodeMaxEntries != 0 && nodeTotal(lp) >= l.streamNodeMaxEntries;
}

/** The last node's place, 0: none. Nodes without an entry go if the new ID turns back behind them. */
function lastNode(nodes: u32, ms: u64, seq: u64): u64 {
  let last = treeLast(nodes);
  while (last != 0 && !idBelow(treeMs(last), treeSeq(last), ms, seq) && nodeLive(treeValue(last)) == 0) {
    arenaFree(treeRemove(nodes, treeMs(last), treeSeq(last)));
    last = treeLast(nodes);
  }
  return last;
}

/**
 * Adds an entry; its ID must be above the stream's last one.
 * @param rows Fields and values, in turn, as rows of (ptr, bytes). At least one pair.
 * @returns false: no memory, nothing changed.
 */
export function streamAdd(pointer: u32, ms: u64, seq: u64, rows: u32, fields: u32): bool {
  const s = streamAt(pointer);
  const nodes = streamNodes(pointer);
  let entryBytes: u64 = 0;
  for (let i: u32 = 0; i < fields << 1; i++) entryBytes += load<u32>(rows + (i << 3), 4);
  const last = lastNode(nodes, ms, seq);
  const lp = last != 0 ? treeValue(last) : 0;
  if (lp != 0 && !isFull(lp, entryBytes)) {
    const bytesMax = limits().streamNodeMaxBytes;
    const grown = nodeAdd(lp, treeMs(last), treeSeq(last), ms, seq, rows, fields, bytesMax);
    if (grown == 0) return false;
    treeSetValue(last, grown);
  } else {
    const fresh = nodeNew(rows, fields);
    if (fresh == 0) return false;
    if (!treeAdd(nodes, ms, seq, fresh)) { arenaFree(fresh); return false; }
    if (lp != 0) {
      const fit = nodeFit(lp);
      if (fit != lp) treeSetValue(treePrev(treeLast(nodes)), fit);
    }
  }
  s.entriesAdded++;
  s.lastMs = ms;
  s.lastSeq = seq;
  s.length++;
  if (s.length == 1) { s.firstMs = ms; s.firstSeq = seq; }
  return true;
}

// Finding

/** Puts the node at a place of the tree in hand. */
@inline export function openPlace(p: u64): void { nodeOpen(treeValue(p), treeMs(p), treeSeq(p)); }

/** Takes exactly this entry in hand; false: it is not there, or deleted. */
export function streamFind(pointer: u32, ms: u64, seq: u64): bool {
  const p = treeSeekUpTo(streamNodes(pointer), ms, seq);
  if (p == 0) return false;
  openPlace(p);
  let more = entryFirst();
  while (more && ((entryFlags & ITEM_DELETED) || idBelow(entryMs, entrySeq, ms, seq))) more = entryNext();
  return more && entryMs == ms && entrySeq == seq;
}

/** Sets `first` to the ID of the first entry that is there. */
export function streamFindFirst(pointer: u32): void {
  const s = streamAt(pointer);
  s.firstMs = 0;
  s.firstSeq = 0;
  if (s.length == 0) return;
  for (let p = treeFirst(streamNodes(pointer)); p != 0; p = treeNext(p)) {
    openPlace(p);
    for (let more = entryFirst(); more; more = entryNext()) {
      if (entryFlags & ITEM_DELETED) continue;
      s.firstMs = entryMs;
      s.firstSeq = entrySeq;
      return;
    }
  }
}

/** About how many entries lie between two IDs, node by node; no more than `most` and a node are counted. For estimates. */
export function entriesAbout(pointer: u32, fromMs: u64, fromSeq: u64, toMs: u64, toSeq: u64, most: u64): u64 {
  const nodes = streamNodes(pointer);
  let p = treeSeekUpTo(nodes, fromMs, fromSeq);
  if (p == 0) p = treeFirst(nodes);
  let sum: u64 = 0;
  for (; p != 0 && sum <= most && !idBelow(toMs, toSeq, treeMs(p), treeSeq(p)); p = treeNext(p)) sum += <u64>nodeLive(treeValue(p)) + 1;
  return sum;
}

// Taking out: needs no memory

/**
 * Takes one entry out. `first` is the caller's to find anew, and `maxDeleted` to raise.
 * @returns false: it is not there.
 */
export function streamDelete(pointer: u32, ms: u64, seq: u64): bool {
  if (!streamFind(pointer, ms, seq)) return false;
  const nodes = streamNodes(pointer);
  if (nodeCount == 1) {
    const p = treeSeekUpTo(nodes, ms, seq);
    arenaFree(treeRemove(nodes, treeMs(p), treeSeq(p)));
  } else {
    entryFlagDeleted();
    nodeSetCounts(nodeCount - 1, nodeDeleted + 1);
  }
  streamAt(pointer).length--;
  return true;
}

export const TRIM_NONE: u32 = 0;
export const TRIM_MAXLEN: u32 = 1;
export const TRIM_MINID: u32 = 2;

/** Can the node in hand go as a whole? */
function wholeNodeGoes(s: Stream, how: u32, maxLength: u64, minMs: u64, minSeq: u64): bool {
  if (how == TRIM_MAXLEN) return s.length - nodeCount >= maxLength;
  return !entryLast() || idBelow(entryMs, entrySeq, minMs, minSeq);
}

/**
 * Takes the oldest entries out: until `maxLength` are left, or those below an ID.
 * @param approximate Whole nodes only, and no more than `limit` entries (0: as many as there are).
 * @returns how many went.
 */
export function streamTrim(pointer: u32, how: u32, maxLength: u64, minMs: u64, minSeq: u64, approximate: bool, limit: u64): u64 {
  const s = streamAt(pointer);
  const nodes = streamNodes(pointer);
  let gone: u64 = 0;
  while (true) {
    const p = treeFirst(nodes);
    if (p == 0 || (how == TRIM_MAXLEN && s.length <= maxLength)) break;
    openPlace(p);
    if (limit != 0 && gone + nodeCount > limit) break;
    if (wholeNodeGoes(s, how, maxLength, minMs, minSeq)) {
      s.length -= nodeCount;
      gone += nodeCount;
      arenaFree(treeRemove(nodes, treeMs(p), treeSeq(p)));
      continue;
    }
    if (!approximate) gone += trimNode(s, how, maxLength, minMs, minSeq);
    break;
  }
  if (gone != 0 || s.length == 0) streamFindFirst(pointer);
  return gone;
}

/** Flags the oldest entries of the node in hand. */
function trimNode(s: Stream, how: u32, maxLength: u64, minMs: u64, minSeq: u64): u64 {
  let gone: u32 = 0;
  for (let more = entryFirst(); more; more = entryNext()) {
    if (how == TRIM_MAXLEN ? s.length <= maxLength : !idBelow(entryMs, entrySeq, minMs, minSeq)) break;
    if (entryFlags & ITEM_DELETED) continue;
    entryFlagDeleted();
    s.length--;
    gone++;
  }
  nodeSetCounts(nodeCount - gone, nodeDeleted + gone);
  return gone;
}

// A counter of how many entries stand up to an ID, ever (7.0's entries-read and lag)

/** Not known. */
export const READ_UNKNOWN: i64 = -1;

/** Could an entry above, or at, this ID have been deleted? */
export function hasTombstonesFrom(pointer: u32, ms: u64, seq: u64): bool {
  const s = streamAt(pointer);
  if (s.length == 0 || (s.maxDeletedMs == 0 && s.maxDeletedSeq == 0)) return false;
  // What was deleted in front of the first entry is of no account.
  if (idBelow(s.maxDeletedMs, s.maxDeletedSeq, s.firstMs, s.firstSeq)) return false;
  return !idBelow(s.maxDeletedMs, s.maxDeletedSeq, ms, seq);
}

/** How many entries were ever added up to this ID, it included; READ_UNKNOWN if that cannot be told. */
export function entriesUpTo(pointer: u32, ms: u64, seq: u64): i64 {
  const s = streamAt(pointer);
  if (s.entriesAdded == 0) return 0;
  const beyondLast = idBelow(s.lastMs, s.lastSeq, ms, seq);
  if (s.length == 0 && !beyondLast) return s.entriesAdded;
  if (ms == s.lastMs && seq == s.lastSeq) return s.entriesAdded;
  if (beyondLast) return READ_UNKNOWN;
  if ((s.maxDeletedMs == 0 && s.maxDeletedSeq == 0) || idBelow(s.maxDeletedMs, s.maxDeletedSeq, s.firstMs, s.firstSeq)) {
    if (idBelow(ms, seq, s.firstMs, s.firstSeq)) return s.entriesAdded - s.length;
    if (ms == s.firstMs && seq == s.firstSeq) return s.entriesAdded - s.length + 1;
  }
  return READ_UNKNOWN;
}
