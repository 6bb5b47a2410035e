// Encodes streams (encode.ts drives, cursor.ts has the place):
//
//   last ID (ms u64, seq u64) · max-deleted ID · entries added u64
//   u32 count, then entries: ms u64, seq u64, u32 fields, then field and value texts in turn
//   u32 groups, each: name text · last ID · [entries read i64, in the own form only]
//     u32 consumers, each: name text · seen u64 (Unix ms)
//     u32 pending, each: ID · consumer text · delivered u64 (Unix ms) · deliveries u32 (u64 in the own form)
//
// Entries that are flagged as deleted are left out: a reader packs what is there anew.
import { entryPointer } from '../table/entry';
import { lpLen, lpPtr, lpView } from '../types/listpack';
import { consumerAt, groupAt, groupPending, pendingAt } from '../types/stream/group';
import { treeCount, treeFirst, treeMs, treeNext, treeSeekFrom, treeSeq, treeValue } from '../types/stream/id-tree';
import { namedLen, namedPtr, namesAt, namesCount } from '../types/stream/names';
import { elementsBegin, elementsNext, entryElement, entryFields, entryMs, entrySeq } from '../types/stream/node';
import { scanBegin, scanNext } from '../types/stream/scan';
import { entriesUpTo, streamAt } from '../types/stream/stream';
import { Cursor, PHASE_DONE, PHASE_ELEMENT, PHASE_HEAD, putText } from './cursor';
import { SINK_UNSOUND, sinkFail, sinkU32, sinkU64 } from './sink';

// PHASE_ELEMENT: an entry of the stream.
const PHASE_TEXT: u32 = 16;
const PHASE_GROUPS: u32 = 17;
const PHASE_GROUP: u32 = 18;
const PHASE_GROUP_HEAD: u32 = 19;
const PHASE_CONSUMER: u32 = 20;
const PHASE_SEEN: u32 = 21;
const PHASE_PENDING_HEAD: u32 = 22;
const PHASE_PENDING: u32 = 23;
const PHASE_DELIVERED: u32 = 24;

/** Pending entries that are looked through for a number beyond 32 bits; with more, the own form is taken unseen. */
const LOOKED_THROUGH_MAX: u64 = 4096;

/** Is the walk (types/stream/scan.ts) where the cursor is? Nobody else walks within one call. */
let walking: bool = false;
/** Is `place` that of the cursor's ID among what is pending? 0: not known. */
let place: u64 = 0;
/** To be called whenever encoding goes on. */
export function encodeStreamWake(): void { walking = false; place = 0; }

/**
 * Is there anything that version 4 has no word for? It has none for a group's entries-read, which a reader works out from
 * the last ID, where that can be done; and deliveries have 32 bits there.
 */
export function streamNeedsOwn(pointer: u32): bool {
  const names = streamAt(pointer).groups;
  let looked: u64 = 0;
  for (let i: u32 = 0; i < namesCount(names); i++) {
    const group = namesAt(names, i);
    const g = groupAt(group);
    if (g.entriesRead != entriesUpTo(pointer, g.lastMs, g.lastSeq)) return true;
    looked += treeCount(groupPending(group));
    if (looked > LOOKED_THROUGH_MAX) return true;
    for (let p = treeFirst(groupPending(group)); p != 0; p = treeNext(p)) {
      if (pendingAt(treeValue(p)).deliveries > u32.MAX_VALUE) return true;
    }
  }
  return false;
}

export function encodeStream(c: Cursor): void {
  const pointer = entryPointer(c.entry);
  if (c.phase == PHASE_HEAD) putHead(c, pointer);
  else if (c.phase == PHASE_ELEMENT) putEntry(c, pointer);
  else if (c.phase == PHASE_TEXT) putElement(c, pointer);
  else putGroups(c, pointer);
}

function putHead(c: Cursor, pointer: u32): void {
  const s = streamAt(pointer);
  putId(s.lastMs, s.lastSeq);
  putId(s.maxDeletedMs, s.maxDeletedSeq);
  sinkU64(s.entriesAdded);
  c.left = <u32>s.length;
  sinkU32(c.left);
  c.phase = c.left != 0 ? PHASE_ELEMENT : PHASE_GROUPS;
}
function putId(ms: u64, seq: u64): void { sinkU64(ms); sinkU64(seq); }

/** Takes the first entry from the cursor's ID on in hand, if it is not. False: there is none. */
function walkOn(c: Cursor, pointer: u32): bool {
  if (!walking) scanBegin(pointer, c.ms, c.seq, u64.MAX_VALUE, u64.MAX_VALUE, false);
  walking = true;
  if (scanNext()) return true;
  sinkFail(SINK_UNSOUND);
  return false;
}

function putEntry(c: Cursor, pointer: u32): void {
  if (!walkOn(c, pointer)) return;
  putId(entryMs, entrySeq);
  sinkU32(entryFields);
  elementsBegin();
  c.ms = entryMs;
  c.seq = entrySeq;
  c.inner = entryFields << 1;
  c.phase = PHASE_TEXT;
}

function putElement(c: Cursor, pointer: u32): void {
  if (!walking) {
    // Somebody else has gone on with this entry meanwhile, or another call: take it in hand again.
    if (!walkOn(c, pointer)) return;
    elementsBegin();
    for (let done = (entryFields << 1) - c.inner; done != 0; done--) elementsNext();
  }
  if (c.inner != 0) {
    elementsNext();
    lpView(entryElement, 0);
    putText(c, lpPtr, lpLen);
    c.inner--;
    return;
  }
  c.left--;
  c.phase = c.left != 0 ? PHASE_ELEMENT : PHASE_GROUPS;
  afterId(c);
}

/** The cursor's ID becomes the next one. */
function afterId(c: Cursor): void {
  c.seq++;
  if (c.seq == 0) c.ms++;
}

function putGroups(c: Cursor, pointer: u32): void {
  const names = streamAt(pointer).groups;
  if (c.phase == PHASE_GROUPS) {
    sinkU32(namesCount(names));
    c.outer = 0;
    c.phase = PHASE_GROUP;
    return;
  }
  if (c.outer == namesCount(names)) { c.phase = PHASE_DONE; return; }
  const group = namesAt(names, c.outer);
  if (c.phase == PHASE_GROUP) {
    putText(c, namedPtr(group), namedLen(group));
    c.phase = PHASE_GROUP_HEAD;
  } else if (c.phase < PHASE_PENDING_HEAD) putConsumers(c, group);
  else putPending(c, group);
}

function putConsumers(c: Cursor, group: u32): void {
  const g = groupAt(group);
  const names = g.consumers;
  if (c.phase == PHASE_GROUP_HEAD) {
    putId(g.lastMs, g.lastSeq);
    if (c.own) sinkU64(<u64>g.entriesRead);
    sinkU32(namesCount(names));
    c.inner = 0;
    c.phase = PHASE_CONSUMER;
  } else if (c.phase == PHASE_SEEN) {
    sinkU64(<u64>consumerAt(namesAt(names, c.inner)).seenMs);
    c.inner++;
    c.phase = PHASE_CONSUMER;
  } else if (c.inner == namesCount(names)) c.phase = PHASE_PENDING_HEAD;
  else {
    const consumer = namesAt(names, c.inner);
    putText(c, namedPtr(consumer), namedLen(consumer));
    c.phase = PHASE_SEEN;
  }
}

function putPending(c: Cursor, group: u32): void {
  const all = groupPending(group);
  if (c.phase == PHASE_PENDING_HEAD) {
    c.left = treeCount(all);
    sinkU32(c.left);
    c.ms = 0;
    c.seq = 0;
    place = treeFirst(all);
    nextPending(c);
    return;
  }
  if (place == 0) place = treeSeekFrom(all, c.ms, c.seq);
  if (place == 0) { sinkFail(SINK_UNSOUND); return; }
  const pending = pendingAt(treeValue(place));
  if (c.phase == PHASE_PENDING) {
    c.ms = treeMs(place);
    c.seq = treeSeq(place);
    putId(c.ms, c.seq);
    putText(c, namedPtr(pending.consumer), namedLen(pending.consumer));
    c.phase = PHASE_DELIVERED;
    return;
  }
  sinkU64(<u64>pending.deliveredMs);
  if (c.own) sinkU64(pending.deliveries);
  else sinkU32(<u32>pending.deliveries);
  c.left--;
  afterId(c);
  place = treeNext(place);
  nextPending(c);
}

/** On to another pending entry, or to the next group. */
function nextPending(c: Cursor): void {
  if (c.left != 0) { c.phase = PHASE_PENDING; return; }
  c.outer++;
  c.phase = PHASE_GROUP;
  place = 0;
}
