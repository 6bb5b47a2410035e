// What happens to keys, told to whoever asked: keyspace notifications, client-side caches, watchers, waiting clients.
//
// Commands say two things, where redis-server 7.0 says them and in its order:
//   keyModified  the value, the expiry or the existence of a key has changed   (signalModifiedKey)
//   keyEvent     something has happened that has a name                        (notifyKeyspaceEvent)
// Both cost one load and a branch while nobody has asked. What is asked for is queued as an event; the host takes the queue
// before the step's latch is given back (`pending`), so that events leave in the order in which they happened.
//
// State at EVENTS_STATE, read and written under the latch:
//   offset size field
//        0    4 wanted   classes of notifications that are asked for, and the WANT_* bits; the host writes it
//        4    4 interests keys that somebody watches, caches or waits for (interest.ts)
//        8    4 head     first queued event, 0 none
//       12    4 tail     last queued event
//       16    4 lost     events that found no memory: whoever caches keys has to forget all of them
//       20    4 ready    first key of the list of those that have changed and are waited for (interest.ts)
//       24    4 dicts    of those keys: an array with one dict per database, 0 none yet
//       28    4 waiting   nodes of clients that wait for keys here (interest.ts)
//       32    8 seq      of the last change to any of those keys
//       40    4 readyTail  last key of the list of ready ones
//       44    4 readyCount keys in it
// Event, an arena block: next u32, kind u8, spare u8, db u16, keyLen u32, class u32, event u32, spare u32, then the key's bytes.
import { arenaAlloc, arenaFree } from '../memory/arena';
import { EVENTS_STATE } from '../memory/layout';
import { db } from '../commands/context';
import { interestModified } from './interest';
import { EVENT_NEW } from './names';

@unmanaged
export class Events { wanted: u32; interests: u32; head: u32; tail: u32; lost: u32; ready: u32; dicts: u32; waiting: u32; seq: u64; readyTail: u32; readyCount: u32; }
if (offsetof<Events>('seq') != 32) ERROR('Events no longer match their drawing');
@inline export function events(): Events { return changetype<Events>(EVENTS_STATE); }

// Classes of notifications: the bits of Redis.
export const NOTIFY_KEYSPACE: u32 = 1;
export const NOTIFY_KEYEVENT: u32 = 2;
export const NOTIFY_GENERIC: u32 = 4;
export const NOTIFY_STRING: u32 = 8;
export const NOTIFY_LIST: u32 = 16;
export const NOTIFY_SET: u32 = 32;
export const NOTIFY_HASH: u32 = 64;
export const NOTIFY_ZSET: u32 = 128;
export const NOTIFY_EXPIRED: u32 = 256;
export const NOTIFY_EVICTED: u32 = 512;
export const NOTIFY_STREAM: u32 = 1024;
export const NOTIFY_KEY_MISS: u32 = 2048;
export const NOTIFY_NEW: u32 = 16384;
/** Some client wants to know of every key that changes. */
export const WANT_MODIFIED: u32 = 0x10000;
/** Some client caches keys, and wants to know of flushes. */
export const WANT_FLUSHED: u32 = 0x20000;

export const EVENT_NOTIFY: u32 = 1;
export const EVENT_MODIFIED: u32 = 2;
/** Workers whose clients may have cached the key are to forget it: bits of the lower 32 in `class`, of the others in `more`. */
export const EVENT_INVALIDATE: u32 = 3;
/** Databases have been emptied. Said by the first shard alone, since all of them are. */
export const EVENT_FLUSHED: u32 = 4;

export const EVENT_HEAD_BYTES: u32 = 24;

/** Has anybody asked for anything? Both words at once: classes and WANT_* bits, and keys of interest. */
@inline export function isAsked(): bool { return load<u64>(EVENTS_STATE) != 0; }

/**
 * The value, the expiry or the existence of a key of the database in hand has changed. Overwrites table.ts's found*, so it
 * is said when the table is done with.
 */
@inline export function keyModified(key: u32, keyLen: u32): void {
  // Both words at once: no bit of WANT_* and no key of interest.
  if (load<u64>(EVENTS_STATE) >= WANT_MODIFIED) modified(key, keyLen);
}

function modified(key: u32, keyLen: u32): void {
  if (events().interests != 0) interestModified(key, keyLen);
  if (events().wanted & WANT_MODIFIED) queue(EVENT_MODIFIED, 0, 0, key, keyLen);
}

/** Something of class `notify` has happened to a key of the database in hand. @param event EVENT_* of names.ts. */
@inline export function keyEvent(notify: u32, event: u32, key: u32, keyLen: u32): void {
  if (events().wanted & notify) queue(EVENT_NOTIFY, notify, event, key, keyLen);
}

/** A key has come to be in the database in hand. */
@inline export function keyNew(key: u32, keyLen: u32): void { keyEvent(NOTIFY_NEW, EVENT_NEW, key, keyLen); }

/** Queues an event for the host. */
export function queue(kind: u32, notify: u32, event: u32, key: u32, keyLen: u32): void {
  const e = events();
  const block = arenaAlloc(EVENT_HEAD_BYTES + keyLen);
  if (block == 0) { e.lost++; return; }
  store<u32>(block, 0);
  store<u8>(block, kind, 4);
  store<u8>(block, 0, 5);
  store<u16>(block, db, 6);
  store<u32>(block, keyLen, 8);
  store<u32>(block, notify, 12);
  store<u32>(block, event, 16);
  store<u32>(block, 0, 20);
  memory.copy(block + EVENT_HEAD_BYTES, key, keyLen);
  if (e.tail != 0) store<u32>(e.tail, block);
  else e.head = block;
  e.tail = block;
}

/** Is there something that the host has to see to before the latch is given back? */
@inline export function pendingEvents(): bool { return (events().head | events().lost | events().ready) != 0; }
/** The first queued event, 0: none. It stays queued. */
export function firstEvent(): u32 { return events().head; }
/** Drops the first queued event. */
export function dropEvent(): void {
  const e = events();
  const block = e.head;
  e.head = load<u32>(block);
  if (e.head == 0) e.tail = 0;
  arenaFree(block);
}
/** Events that were lost since the last call. */
export function takeLost(): u32 {
  const lost = events().lost;
  events().lost = 0;
  return lost;
}
