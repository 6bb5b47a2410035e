// What every type of value answers to (types/value.ts), for streams.
import { arenaFree, arenaSize } from '../../memory/arena';
import { ENC_STREAM, ENC_TREE, TYPE_STREAM, entryPointer } from '../../table/entry';
import { kevyHash } from '../../routing/kevyhash';
import { lpView, lpLen, lpPtr } from '../listpack';
import { DROP_AT_ONCE_MAX, dropLater, mixDigest } from '../value';
import {
  consumerPending, groupAt, groupBytes, groupPending, groupReclaim, pendingAt,
} from './group';
import { treeBytes, treeCheck, treeCount, treeFirst, treeGone, treeMs, treeNext, treeReclaim, treeSeq, treeValue, treeFind, idBelow } from './id-tree';
import { namedLen, namedPtr, namesAt, namesCount, namesGone, namesPop } from './names';
import { elementsBegin, elementsNext, entryElement, entryFields, entryMs, entrySeq } from './node';
import { nodeCheck, soundLastMs, soundLastSeq, soundLive } from './sound';
import { scanBegin, scanNext } from './scan';
import { streamAt, streamNodes } from './stream';
export { streamDefrag } from './defrag';
export { streamLoad } from './load';
export { streamSave, streamSaveType } from './save';

/** A group that has been taken out of its stream has this for an encoding on the list of dropped values. */
const DROPPED_GROUP: u32 = ENC_TREE;

/** Blocks that freeing a stream is about. */
function blocks(pointer: u32): u64 {
  const names = streamAt(pointer).groups;
  let sum: u64 = treeCount(streamNodes(pointer));
  for (let i: u32 = 0; i < namesCount(names) && sum <= DROP_AT_ONCE_MAX; i++) sum += groupBlocks(namesAt(names, i));
  return sum;
}
function groupBlocks(group: u32): u64 { return <u64>treeCount(groupPending(group)) + namesCount(groupAt(group).consumers) + 1; }

export function streamDrop(encoding: u32, pointer: u32): void {
  if (blocks(pointer) > DROP_AT_ONCE_MAX) dropLater(TYPE_STREAM, ENC_STREAM, pointer);
  else streamReclaim(pointer, i32.MAX_VALUE);
}

/** Frees a group that its stream no longer knows, later if it is large. */
export function groupDrop(group: u32): void {
  if (groupBlocks(group) > DROP_AT_ONCE_MAX) dropLater(TYPE_STREAM, DROPPED_GROUP, group);
  else groupReclaim(group, i32.MAX_VALUE);
}

export function streamReclaim(pointer: u32, budget: i32): i32 {
  if ((load<u32>(pointer, 4) & 0xff) == DROPPED_GROUP) return groupReclaim(pointer, budget);
  const s = streamAt(pointer);
  const nodes = streamNodes(pointer);
  let left = treeReclaim(nodes, true, budget);
  if (!treeGone(nodes)) return 0;
  while (left > 0 && s.groups != 0) {
    const count = namesCount(s.groups);
    if (count == 0) { s.groups = namesGone(s.groups); break; }
    left = groupReclaim(namesAt(s.groups, count - 1), left);
    if (left <= 0) return 0;
    namesPop(s.groups);
  }
  if (left <= 0) return 0;
  arenaFree(pointer);
  return left;
}

export function streamCount(e: u32): u32 { return <u32>min<u64>(streamAt(entryPointer(e)).length, u32.MAX_VALUE); }
export function streamEncoding(e: u32): string { return 'stream'; }

/** What a node, and what is pending, weighs about. */
const NODE_WEIGHT: u64 = 4096;
const PENDING_WEIGHT: u64 = 64;
const GROUPS_LOOKED_AT: u32 = 64;

/** About the bytes of all blocks. Takes no time. */
export function streamWeight(pointer: u32): u64 {
  let sum = <u64>treeCount(streamNodes(pointer)) * NODE_WEIGHT;
  const names = streamAt(pointer).groups;
  if (names == 0) return sum;
  if (namesCount(names) > GROUPS_LOOKED_AT) sum += <u64>arenaSize(names) * PENDING_WEIGHT;
  for (let i: u32 = 0; i < min(namesCount(names), GROUPS_LOOKED_AT); i++) {
    sum += <u64>treeCount(groupPending(namesAt(names, i))) * PENDING_WEIGHT;
  }
  return sum;
}

export function streamBytes(e: u32): u64 {
  const pointer = entryPointer(e);
  const nodes = streamNodes(pointer);
  let sum: u64 = <u64>arenaSize(pointer) + treeBytes(nodes);
  for (let p = treeFirst(nodes); p != 0; p = treeNext(p)) sum += arenaSize(treeValue(p));
  const names = streamAt(pointer).groups;
  if (names == 0) return sum;
  sum += arenaSize(names);
  for (let i: u32 = 0; i < namesCount(names); i++) sum += groupBytes(namesAt(names, i));
  return sum;
}

/** Entries in their order, whatever nodes they lie in; the stream's own IDs and counters; groups; what is pending with whom. */
export function streamDigest(e: u32): u64 {
  const pointer = entryPointer(e);
  const s = streamAt(pointer);
  let h = mixDigest(s.length, s.entriesAdded);
  h = mixDigest(mixDigest(h, s.lastMs), s.lastSeq);
  h = mixDigest(mixDigest(h, s.firstMs), s.firstSeq);
  h = mixDigest(mixDigest(h, s.maxDeletedMs), s.maxDeletedSeq);
  scanBegin(pointer, 0, 0, u64.MAX_VALUE, u64.MAX_VALUE, false);
  while (scanNext()) {
    h = mixDigest(mixDigest(mixDigest(h, entryMs), entrySeq), entryFields);
    elementsBegin();
    for (let i: u32 = 0; i < entryFields << 1; i++) {
      elementsNext();
      lpView(entryElement, 0);
      h = mixDigest(h, kevyHash(lpPtr, lpLen));
    }
  }
  for (let i: u32 = 0; i < namesCount(s.groups); i++) h = groupDigest(h, namesAt(s.groups, i));
  return h;
}
@inline function nameDigest(h: u64, block: u32): u64 { return mixDigest(h, kevyHash(namedPtr(block), namedLen(block))); }
function groupDigest(h: u64, group: u32): u64 {
  const g = groupAt(group);
  h = mixDigest(mixDigest(mixDigest(nameDigest(h, group), g.lastMs), g.lastSeq), g.entriesRead);
  for (let p = treeFirst(groupPending(group)); p != 0; p = treeNext(p)) {
    const pending = pendingAt(treeValue(p));
    h = mixDigest(mixDigest(mixDigest(h, treeMs(p)), treeSeq(p)), pending.deliveredMs);
    h = nameDigest(mixDigest(h, pending.deliveries), pending.consumer);
  }
  for (let i: u32 = 0; i < namesCount(g.consumers); i++) h = nameDigest(h, namesAt(g.consumers, i));
  return h;
}

/** Everything that the other functions rely on: 0, or the number of the rule that is broken. */
export function streamCheck(e: u32): u32 {
  const pointer = entryPointer(e);
  const s = streamAt(pointer);
  const nodes = streamNodes(pointer);
  const reason = treeCheck(nodes);
  if (reason != 0) return 100 + reason;
  let live: u64 = 0;
  let lastMs: u64 = 0;
  let lastSeq: u64 = 0;
  for (let p = treeFirst(nodes); p != 0; p = treeNext(p)) {
    if (!nodeCheck(treeValue(p), treeMs(p), treeSeq(p), arenaSize(treeValue(p)))) return 1;
    if (live != 0 && !idBelow(lastMs, lastSeq, treeMs(p), treeSeq(p))) return 2;
    if (soundLive == 0) continue;
    live += soundLive;
    lastMs = soundLastMs;
    lastSeq = soundLastSeq;
  }
  if (live != s.length) return 3;
  if (idBelow(s.lastMs, s.lastSeq, lastMs, lastSeq)) return 4;
  scanBegin(pointer, 0, 0, u64.MAX_VALUE, u64.MAX_VALUE, false);
  if (live != 0 ? !scanNext() || entryMs != s.firstMs || entrySeq != s.firstSeq : s.firstMs != 0 || s.firstSeq != 0) return 5;
  for (let i: u32 = 0; i < namesCount(s.groups); i++) {
    const wrong = groupCheck(namesAt(s.groups, i));
    if (wrong != 0) return 200 + wrong;
  }
  return 0;
}
function groupCheck(group: u32): u32 {
  const all = groupPending(group);
  if (treeCheck(all) != 0) return 1;
  const names = groupAt(group).consumers;
  let sum: u64 = 0;
  for (let i: u32 = 0; i < namesCount(names); i++) {
    const consumer = namesAt(names, i);
    const own = consumerPending(consumer);
    if (treeCheck(own) != 0) return 2;
    sum += treeCount(own);
    for (let p = treeFirst(own); p != 0; p = treeNext(p)) {
      if (pendingAt(treeValue(p)).consumer != consumer) return 3;
      const same = treeFind(all, treeMs(p), treeSeq(p));
      if (same == 0 || treeValue(same) != treeValue(p)) return 4;
    }
  }
  return sum == treeCount(all) ? 0 : 5;
}
