// A stream as RDB writes it: type 19 (STREAM_LISTPACKS_2), what redis-server 7.0 writes itself.
//
//   nodes      length, then for each: master ID (string of 16 bytes, big-endian), listpack (string)
//   lengths    length · last ms · last seq · first ms · first seq · max deleted ms · max deleted seq · entries added
//   groups     length, then for each:
//     name (string) · last ms · last seq · entries read (lengths; -1 as 2^64 - 1)
//     pending  length, then for each: ID (16 bytes as they are) · delivered, Unix ms (8 bytes, little-endian) · deliveries (length)
//     consumers length, then for each: name (string) · seen, Unix ms (8 bytes) · pending: length, then IDs (16 bytes each)
//
// Type 15 (7.0 reads it, 6.2 wrote it) has neither what follows the last ID nor entries read. Type 21 (7.2) has one time
// more for a consumer, behind its seen.
import { win } from '../../commands/context';
import { saveLength, saveRaw, saveString, saveU64 } from '../../rdb/writer';
import { entryPointer } from '../../table/entry';
import { lpBytes } from '../listpack';
import { consumerAt, consumerPending, groupAt, groupPending, pendingAt } from './group';
import { treeCount, treeFirst, treeMs, treeNext, treeSeq, treeValue } from './id-tree';
import { namedLen, namedPtr, namesAt, namesCount } from './names';
import { streamAt, streamNodes } from './stream';
import { SPARE_STREAM_ID } from '../../memory/spare';

export const RDB_STREAM: u32 = 15;
export const RDB_STREAM_2: u32 = 19;
export const RDB_STREAM_3: u32 = 21;
export const ID_BYTES: u32 = 16;

export function streamSaveType(e: u32): u32 { return RDB_STREAM_2; }

/** The 16 bytes of an ID; valid until the next call. */
function idBytes(ms: u64, seq: u64): u32 {
  const at = win + SPARE_STREAM_ID;
  store<u64>(at, bswap<u64>(ms));
  store<u64>(at, bswap<u64>(seq), 8);
  return at;
}

export function streamSave(e: u32): void {
  const pointer = entryPointer(e);
  const s = streamAt(pointer);
  const nodes = streamNodes(pointer);
  saveLength(treeCount(nodes));
  for (let p = treeFirst(nodes); p != 0; p = treeNext(p)) {
    saveString(idBytes(treeMs(p), treeSeq(p)), ID_BYTES);
    saveString(treeValue(p), lpBytes(treeValue(p)));
  }
  saveLength(s.length);
  saveLength(s.lastMs);
  saveLength(s.lastSeq);
  saveLength(s.firstMs);
  saveLength(s.firstSeq);
  saveLength(s.maxDeletedMs);
  saveLength(s.maxDeletedSeq);
  saveLength(s.entriesAdded);
  const groups = namesCount(s.groups);
  saveLength(groups);
  for (let i: u32 = 0; i < groups; i++) saveGroup(namesAt(s.groups, i));
}

function saveGroup(group: u32): void {
  const g = groupAt(group);
  saveString(namedPtr(group), namedLen(group));
  saveLength(g.lastMs);
  saveLength(g.lastSeq);
  saveLength(<u64>g.entriesRead);
  savePending(groupPending(group), true);
  const consumers = namesCount(g.consumers);
  saveLength(consumers);
  for (let i: u32 = 0; i < consumers; i++) {
    const consumer = namesAt(g.consumers, i);
    saveString(namedPtr(consumer), namedLen(consumer));
    saveU64(<u64>consumerAt(consumer).seenMs);
    savePending(consumerPending(consumer), false);
  }
}

function savePending(tree: u32, whole: bool): void {
  saveLength(treeCount(tree));
  for (let p = treeFirst(tree); p != 0; p = treeNext(p)) {
    saveRaw(idBytes(treeMs(p), treeSeq(p)), ID_BYTES);
    if (!whole) continue;
    saveU64(<u64>pendingAt(treeValue(p)).deliveredMs);
    saveLength(pendingAt(treeValue(p)).deliveries);
  }
}
