// Reads a stream as save.ts draws it. The bytes may come from anybody: a stream is made only if everything in it holds
// what streamCheck looks at. Whatever was made before a fault is freed again.
import { arenaAlloc, arenaFree } from '../../memory/arena';
import {
  LOAD_OK, loadCorrupt, loadCount, loadFault, loadLen, loadLength, loadNoMemory, loadPtr, loadRaw, loadString, loadU64, loaded,
} from '../../rdb/reader';
import { ENC_STREAM } from '../../table/entry';
import { PENDING_BYTES, consumerAdd, consumerAt, consumerFind, consumerPending, groupAdd, groupAt, groupFind, groupPending, pendingAt } from './group';
import { idBelow, treeAdd, treeFind, treeFirst, treeNext, treeValue } from './id-tree';
import { nodeCopy } from './node';
import { ID_BYTES, RDB_STREAM, RDB_STREAM_3 } from './save';
import { nodeSound, soundFirstMs, soundFirstSeq, soundLastMs, soundLastSeq, soundLive } from './sound';
import { READ_UNKNOWN, entriesUpTo, streamAt, streamNew, streamNodes } from './stream';
import { streamDrop } from './value';

export function streamLoad(rdbType: u32): void {
  const pointer = streamNew();
  if (pointer == 0) { loadNoMemory(); return; }
  loadNodes(pointer);
  loadNumbers(pointer, rdbType);
  const groups = loadCount(5);
  for (let i: u32 = 0; i < groups && loadFault == LOAD_OK; i++) loadGroup(pointer, rdbType);
  if (loadFault == LOAD_OK) loaded(ENC_STREAM, pointer, 0);
  else streamDrop(ENC_STREAM, pointer);
}

/** The ID that `readId` read. */
let readMs: u64 = 0;
let readSeq: u64 = 0;
function readId(ptr: u32): void {
  readMs = bswap<u64>(load<u64>(ptr));
  readSeq = bswap<u64>(load<u64>(ptr, 8));
}

/** What the nodes held: entries, and the last one's ID. */
let liveEntries: u64 = 0;
let lastMs: u64 = 0;
let lastSeq: u64 = 0;

function loadNodes(pointer: u32): void {
  const s = streamAt(pointer);
  liveEntries = 0;
  lastMs = 0;
  lastSeq = 0;
  const count = loadCount(2 + ID_BYTES);
  for (let i: u32 = 0; i < count; i++) {
    if (!loadString()) return;
    if (loadLen != ID_BYTES) { loadCorrupt(); return; }
    readId(loadPtr);
    const ms = readMs;
    const seq = readSeq;
    if (!loadString()) return;
    if (!nodeSound(loadPtr, loadLen, ms, seq)) { loadCorrupt(); return; }
    if (treeFind(streamNodes(pointer), ms, seq) != 0 || (liveEntries != 0 && !idBelow(lastMs, lastSeq, ms, seq))) { loadCorrupt(); return; }
    const lp = nodeCopy(loadPtr, loadLen);
    if (lp == 0) { loadNoMemory(); return; }
    if (!treeAdd(streamNodes(pointer), ms, seq, lp)) { arenaFree(lp); loadNoMemory(); return; }
    if (soundLive == 0) continue;
    if (liveEntries == 0) { s.firstMs = soundFirstMs; s.firstSeq = soundFirstSeq; }
    liveEntries += soundLive;
    lastMs = soundLastMs;
    lastSeq = soundLastSeq;
  }
}

function loadNumbers(pointer: u32, rdbType: u32): void {
  const s = streamAt(pointer);
  s.length = loadLength();
  s.lastMs = loadLength();
  s.lastSeq = loadLength();
  s.entriesAdded = s.length;
  if (rdbType != RDB_STREAM) {
    // The first ID: the nodes have told it.
    loadLength();
    loadLength();
    s.maxDeletedMs = loadLength();
    s.maxDeletedSeq = loadLength();
    s.entriesAdded = loadLength();
  }
  if (s.length != liveEntries || idBelow(s.lastMs, s.lastSeq, lastMs, lastSeq)) loadCorrupt();
}

function loadGroup(pointer: u32, rdbType: u32): void {
  if (!loadString()) return;
  if (groupFind(pointer, loadPtr, loadLen) != 0) { loadCorrupt(); return; }
  const group = groupAdd(pointer, loadPtr, loadLen, 0, 0, READ_UNKNOWN);
  if (group == 0) { loadNoMemory(); return; }
  const g = groupAt(group);
  g.lastMs = loadLength();
  g.lastSeq = loadLength();
  if (rdbType == RDB_STREAM) g.entriesRead = entriesUpTo(pointer, g.lastMs, g.lastSeq);
  else g.entriesRead = max<i64>(<i64>loadLength(), READ_UNKNOWN);
  loadPending(group);
  const consumers = loadCount(10);
  for (let i: u32 = 0; i < consumers && loadFault == LOAD_OK; i++) loadConsumer(group, rdbType);
  if (loadFault != LOAD_OK) return;
  const all = groupPending(group);
  for (let p = treeFirst(all); p != 0; p = treeNext(p)) if (pendingAt(treeValue(p)).consumer == 0) loadCorrupt();
}

/** The group's pending entries, which have no consumer yet. */
function loadPending(group: u32): void {
  const all = groupPending(group);
  const count = loadCount(ID_BYTES + 9);
  for (let i: u32 = 0; i < count; i++) {
    const id = loadRaw(ID_BYTES);
    if (id == 0) return;
    readId(id);
    const deliveredMs = <i64>loadU64();
    const deliveries = loadLength();
    if (loadFault != LOAD_OK) return;
    if (treeFind(all, readMs, readSeq) != 0) { loadCorrupt(); return; }
    const block = arenaAlloc(PENDING_BYTES);
    if (block == 0) { loadNoMemory(); return; }
    const pending = pendingAt(block);
    pending.deliveredMs = deliveredMs;
    pending.deliveries = deliveries;
    pending.consumer = 0;
    pending.spare = 0;
    if (!treeAdd(all, readMs, readSeq, block)) { arenaFree(block); loadNoMemory(); return; }
  }
}

/** A consumer, who takes its pending entries from those of the group. */
function loadConsumer(group: u32, rdbType: u32): void {
  if (!loadString()) return;
  if (consumerFind(group, loadPtr, loadLen) != 0) { loadCorrupt(); return; }
  const consumer = consumerAdd(group, loadPtr, loadLen, 0);
  if (consumer == 0) { loadNoMemory(); return; }
  consumerAt(consumer).seenMs = <i64>loadU64();
  if (rdbType == RDB_STREAM_3) loadU64();
  const count = loadCount(ID_BYTES);
  for (let i: u32 = 0; i < count; i++) {
    const id = loadRaw(ID_BYTES);
    if (id == 0) return;
    readId(id);
    const place = treeFind(groupPending(group), readMs, readSeq);
    if (place == 0 || pendingAt(treeValue(place)).consumer != 0) { loadCorrupt(); return; }
    if (!treeAdd(consumerPending(consumer), readMs, readSeq, treeValue(place))) { loadNoMemory(); return; }
    pendingAt(treeValue(place)).consumer = consumer;
  }
}
