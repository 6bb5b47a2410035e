// Keys that somebody watches (WATCH), caches (CLIENT TRACKING) or waits for (BLPOP and its kind): one record for each, in a
// dict per database, whether the key exists or not.
//
// A record is a dict's entry whose value is, unaligned:
//   offset size field
//        0    4 watchers  connections that watch the key
//        4    4 db
//        8    8 version   of the key's last change, drawn from Events.seq; comparing two tells of any change between them
//       16    4 first     waiting client that came first, 0 none
//       20    4 last
//       24    4 nextReady in the list of keys that have changed and are waited for
//       28    4 isReady   1: it is in that list
//       32    8 caches    bit i: a client of worker i may have cached the key; bit 63: of any worker from 63 on
// It lives while one of watchers, first and caches is not 0.
//
// A waiting client has a node for each of its keys, an arena block that its worker makes and frees, under the latch:
//        0    4 next
//        4    4 prev
//        8    4 record
//       12    2 worker    whose client it is
//       14    2 type      of the value that it waits for: TYPE_*
//       16    4 slot      the client's word among those by which it is claimed (host/worker/claims.ts) ...
//       20    4 turn      ... and the number under which it waits now
//       24    4 bytes     of the frame
//       28    4 spare
//       32      frame     what is executed to serve the client from this key
import { EVENT_FLUSHED, EVENT_INVALIDATE, WANT_FLUSHED, events, queue } from './events';
import { contextLoad, db, setDb } from '../commands/context';
import { arenaAlloc, arenaFree } from '../memory/arena';
import { HEADER, header } from '../memory/layout';
import { ENC_INLINE, TYPE_STRING, entryFree, entryKey, entryKeyLen, entryNew, entrySetEncoding, entrySetInlineLen, entryType, entryValue } from '../table/entry';
import { LOOKUP_QUIET, lookup } from '../table/keyspace';
import { BUCKETS, STASH, bucketAt, find, root, segmentAt, slotAt, usedSlots } from '../table/table';
import { dictAdd, dictFind, dictNew, dictRemove, dictRoot } from '../types/dict';

const RECORD_BYTES: u32 = 40;
const NODE_BYTES: u32 = 32;

@unmanaged
class Record { watchers: u32; db: u32; version: u64; first: u32; last: u32; nextReady: u32; isReady: u32; caches: u64; }
if (offsetof<Record>() != RECORD_BYTES) ERROR('Record no longer matches its drawing');
@unmanaged
class Node { next: u32; prev: u32; record: u32; worker: u16; type: u16; slot: u32; turn: u32; bytes: u32; _pad: u32; }
if (offsetof<Node>() != NODE_BYTES) ERROR('Node no longer matches its drawing');

@inline function recordOf(e: u32): Record { return changetype<Record>(entryValue(e)); }
@inline function nodeAt(node: u32): Node { return changetype<Node>(node); }
@inline function dictOf(database: u32): u32 { return load<u32>(events().dicts + (database << 2)); }

/** The entry of a key's record, or 0. */
function recordEntry(database: u32, key: u32, keyLen: u32): u32 {
  const dict = events().dicts == 0 ? 0 : dictOf(database);
  return dict == 0 ? 0 : dictFind(dict, key, keyLen);
}

/** The entry of a key's record, made if there is none; 0: no memory. */
function record(database: u32, key: u32, keyLen: u32): u32 {
  const s = events();
  if (s.dicts == 0) {
    const bytes = header().databaseCount << 2;
    const dicts = arenaAlloc(bytes);
    if (dicts == 0) return 0;
    memory.fill(dicts, 0, bytes);
    s.dicts = dicts;
  }
  if (dictOf(database) == 0) {
    const dict = dictNew();
    if (dict == 0) return 0;
    store<u32>(s.dicts + (database << 2), dict);
  }
  const found = dictFind(dictOf(database), key, keyLen);
  if (found != 0) return found;
  const e = entryNew(key, keyLen, -1, RECORD_BYTES);
  if (e == 0) return 0;
  entrySetEncoding(e, TYPE_STRING, ENC_INLINE);
  entrySetInlineLen(e, RECORD_BYTES);
  memory.fill(entryValue(e), 0, RECORD_BYTES);
  if (!dictAdd(dictOf(database), e)) { entryFree(e); return 0; }
  const r = recordOf(e);
  r.db = database;
  r.version = s.seq;
  s.interests++;
  return e;
}

/** Drops a record that nobody needs any more. */
function dropIdle(e: u32): void {
  const r = recordOf(e);
  if (r.watchers != 0 || r.first != 0 || r.caches != 0) return;
  if (r.isReady != 0) unready(e);
  const dict = dictOf(r.db);
  dictFind(dict, entryKey(e), entryKeyLen(e));
  dictRemove(dict);
  entryFree(e);
  events().interests--;
}

/** Somebody may wait for the record's key: it is looked at before the latch is given back. */
function ready(e: u32): void {
  const s = events();
  const r = recordOf(e);
  if (r.first == 0 || r.isReady != 0) return;
  r.isReady = 1;
  r.nextReady = 0;
  if (s.ready == 0) s.ready = e;
  else recordOf(s.readyTail).nextReady = e;
  s.readyTail = e;
  s.readyCount++;
}

/** The record's key has changed: in its value, its expiry, or in whether it exists. @param tells Caches are told by name. */
function touched(e: u32, tells: bool): void {
  const s = events();
  const r = recordOf(e);
  r.version = ++s.seq;
  ready(e);
  if (r.caches == 0) return;
  if (tells) queue(EVENT_INVALIDATE, <u32>r.caches, <u32>(r.caches >>> 32), entryKey(e), entryKeyLen(e));
  r.caches = 0;
  dropIdle(e);
}

/** A key of the database in hand has changed. Called by `keyModified` alone. */
export function interestModified(key: u32, keyLen: u32): void {
  const e = recordEntry(db, key, keyLen);
  if (e != 0) touched(e, true);
}

/** Whoever waits for a key is to look at it (latched): the group of a stream is gone, or a client that was served has left. */
export function keyReady(database: u32, key: u32, keyLen: u32): void {
  const e = events().interests != 0 ? recordEntry(database, key, keyLen) : 0;
  if (e != 0) ready(e);
}

/**
 * The keys of a database are about to go, or to be those of `other` (its own number: they go). Those that exist on one of
 * the two sides change.
 */
export function databaseModified(database: u32, other: u32): void {
  if (events().interests == 0 || events().dicts == 0) return;
  const dict = dictOf(database);
  if (dict == 0 || dictRoot(dict).directory == 0) return;
  // A record that is touched may go, and a table that shrinks is looked through anew: its entries have changed already.
  const r = dictRoot(dict);
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      let mask = usedSlots(bucketAt(segment, b));
      while (mask != 0) {
        const e = load<u32>(slotAt(bucketAt(segment, b), ctz(mask)));
        mask &= mask - 1;
        const here = find(root(database), entryKey(e), entryKeyLen(e)) != 0;
        if (here || (other != database && find(root(other), entryKey(e), entryKeyLen(e)) != 0)) touched(e, other != database);
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
}

/** Databases have been emptied: all shards', or only this one's (`alone`). Caches are told once. */
export function databasesFlushed(alone: bool): void {
  if ((events().wanted & WANT_FLUSHED) && (alone || header().shardIndex == 0)) queue(EVENT_FLUSHED, 0, 0, HEADER, 0);
}

// WATCH.

/** Watches a key. @returns its version, or -1: no memory. A key whose time has come is gone first. */
export function watchKey(window: u32, database: u32, key: u32, keyLen: u32): f64 {
  contextLoad(window);
  setDb(database);
  lookup(key, keyLen, LOOKUP_QUIET);
  const e = record(database, key, keyLen);
  if (e == 0) return -1;
  recordOf(e).watchers++;
  return <f64>recordOf(e).version;
}
/** The version that a watched key has now. */
export function watchedVersion(window: u32, database: u32, key: u32, keyLen: u32): f64 {
  contextLoad(window);
  setDb(database);
  lookup(key, keyLen, LOOKUP_QUIET);
  const e = recordEntry(database, key, keyLen);
  return e == 0 ? -1 : <f64>recordOf(e).version;
}
export function unwatchKey(database: u32, key: u32, keyLen: u32): void {
  const e = recordEntry(database, key, keyLen);
  if (e == 0) return;
  assert(recordOf(e).watchers != 0);
  recordOf(e).watchers--;
  dropIdle(e);
}

// CLIENT TRACKING.

/** A client of `worker` may cache the key. False: no memory. */
export function cacheKey(database: u32, key: u32, keyLen: u32, worker: u32): bool {
  const e = record(database, key, keyLen);
  if (e == 0) return false;
  recordOf(e).caches |= <u64>1 << min(worker, 63);
  return true;
}

// Waiting.

/** A client waits for the key, behind those that do already. @returns the node, the caller's; 0: no memory. */
export function waitOn(database: u32, key: u32, keyLen: u32, type: u32, worker: u32, slot: u32, turn: u32, frame: u32, bytes: u32): u32 {
  const node = arenaAlloc(NODE_BYTES + bytes);
  if (node == 0) return 0;
  const e = record(database, key, keyLen);
  if (e == 0) { arenaFree(node); return 0; }
  const n = nodeAt(node);
  const r = recordOf(e);
  n.next = 0;
  n.prev = r.last;
  n.record = e;
  n.worker = <u16>worker;
  n.type = <u16>type;
  n.slot = slot;
  n.turn = turn;
  n.bytes = bytes;
  n._pad = 0;
  memory.copy(node + NODE_BYTES, frame, bytes);
  if (r.last != 0) nodeAt(r.last).next = node;
  else r.first = node;
  r.last = node;
  events().waiting++;
  return node;
}
/** The client waits no longer; the node is gone. */
export function waitOff(node: u32): void {
  const n = nodeAt(node);
  const r = recordOf(n.record);
  if (n.prev != 0) nodeAt(n.prev).next = n.next;
  else r.first = n.next;
  if (n.next != 0) nodeAt(n.next).prev = n.prev;
  else r.last = n.prev;
  const e = n.record;
  arenaFree(node);
  events().waiting--;
  dropIdle(e);
}

/** Takes the first key off the list of those that have changed and are waited for: its record's entry; 0: there is none. */
export function takeReady(): u32 {
  const s = events();
  const e = s.ready;
  if (e == 0) return 0;
  s.ready = recordOf(e).nextReady;
  recordOf(e).isReady = 0;
  s.readyCount--;
  return e;
}
function unready(e: u32): void {
  const s = events();
  s.readyCount--;
  if (s.ready == e) s.ready = recordOf(e).nextReady;
  else {
    let before = s.ready;
    while (recordOf(before).nextReady != e) before = recordOf(before).nextReady;
    recordOf(before).nextReady = recordOf(e).nextReady;
    if (s.readyTail == e) s.readyTail = before;
  }
}
export function firstWaiter(e: u32): u32 { return recordOf(e).first; }
export function recordDb(e: u32): u32 { return recordOf(e).db; }
/** The type of what a record's key holds now, -1: nothing. */
export function recordType(window: u32, e: u32): i32 {
  contextLoad(window);
  setDb(recordOf(e).db);
  const held = lookup(entryKey(e), entryKeyLen(e), LOOKUP_QUIET);
  return held == 0 ? -1 : <i32>entryType(held);
}
