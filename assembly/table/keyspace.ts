// What commands say to the keyspace: look a key up (expiring it on the way), store, delete, give and take expiries.
//
// Commands hold an entry's address only until the next call that may store, delete or expire a key.
import { CALL_NO_TOUCH, CALL_SILENT } from '../abi';
import { callFlags, changed, db, lruClock, nowMs } from '../commands/context';
import { fxArg, fxBegin, fxEnd, logOn, logReserve } from '../log/ring';
import { arenaAlloc, arenaFree, arenaSize } from '../memory/arena';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAG_LFU, header } from '../memory/layout';
import { beforeWrite, keyDrop } from '../snapshot/before-write';
import { NOTIFY_EXPIRED, NOTIFY_KEY_MISS, NOTIFY_GENERIC, keyEvent, keyModified } from '../events/events';
import { EVENT_DEL, EVENT_EXPIRED, EVENT_KEYMISS } from '../events/names';
import { dictAdd, dictFind, dictNew, dictReclaim, dictReplace, dictRoot } from '../types/dict';
import { valueDrop } from '../types/value';
import {
  ENC_BLOB, ENC_INT, ENTRY_EXPIRES, ENTRY_GUEST, entryBytesFor, entryClock, entryEncoding, entryExpiry, entryFlags, entryFree,
  entryHasExpiry, entryInlineLen, entryKey, entryKeyIs, entryKeyLen, entryNew, entryPointer, entrySetClock, entrySetFlags,
  entryStoreExpiry, entryValue, entryMeta,
} from './entry';
import { Root, find, foundEntry, foundHash, foundSegment, insert, noteExpiry, replaceFound, root, unlinkFound } from './table';

/** A lookup that neither counts as an access nor as a hit or miss. */
export const LOOKUP_QUIET: u32 = 0;
export const LOOKUP_TOUCH: u32 = 1;
export const LOOKUP_COUNT: u32 = 2;
/** Of a miss that is counted nobody is told. */
export const LOOKUP_SILENT: u32 = 4;

/** xorshift64*: 64 random bits from the shard's own state. */
export function random(): u64 {
  const h = header();
  let x = h.prngState;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  h.prngState = x;
  return x * 0x2545f4914f6cdd1d;
}

/** Has the entry's time come? Under a stopped clock (replay of our own log) nothing expires by itself. */
@inline export function expired(e: u32): bool {
  return entryHasExpiry(e) && nowMs > entryExpiry(e) && (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0;
}

/** The live entry of a key in the database in hand, or 0. */
export function lookup(ptr: u32, length: u32, how: u32): u32 {
  const h = header();
  if (h.guests != 0) {
    const guest = dictFind(h.guests, ptr, length);
    if (guest != 0) return guest;
  }
  let e = find(root(db), ptr, length);
  if (e != 0 && entryHasExpiry(e) && expired(e)) {
    expireFound(db);
    // Where the key would go: telling of it has looked elsewhere.
    find(root(db), ptr, length);
    e = 0;
  }
  if (e == 0) {
    if (how & LOOKUP_COUNT) {
      h.misses++;
      if ((how & LOOKUP_SILENT) == 0 && (callFlags & CALL_SILENT) == 0) keyEvent(NOTIFY_KEY_MISS, EVENT_KEYMISS, ptr, length);
    }
    return 0;
  }
  if (how & LOOKUP_COUNT) h.hits++;
  if ((how & LOOKUP_TOUCH) && (callFlags & CALL_NO_TOUCH) == 0) touch(e);
  return e;
}
@inline export function lookupRead(ptr: u32, length: u32): u32 { return lookup(ptr, length, LOOKUP_TOUCH | LOOKUP_COUNT); }
/** Of an entry that will be changed where it is. */
export function lookupWrite(ptr: u32, length: u32): u32 {
  const e = lookup(ptr, length, LOOKUP_TOUCH);
  if (e != 0) beforeWrite(e);
  return e;
}
/** Of one that is, at most, replaced as a whole, or removed. */
@inline export function lookupReplace(ptr: u32, length: u32): u32 { return lookup(ptr, length, LOOKUP_TOUCH); }

/** Stamps the access clock: seconds under LRU; under LFU a decayed, logarithmic counter as Redis keeps it. */
@inline function touch(e: u32): void {
  if (header().flags & HEADER_FLAG_LFU) touchLfu(e);
  else if (entryClock(e) != lruClock) entrySetClock(e, lruClock);
}

/** New entries start with this clock. */
export const LFU_INITIAL: u32 = 5;
@inline export function freshClock(): u32 { return (header().flags & HEADER_FLAG_LFU) != 0 ? lruClock | LFU_INITIAL : lruClock; }

/** The LFU counter after decay: one step less per lfu-decay-time minutes since the last access. */
export function lfuCounter(e: u32): u32 {
  const clock = entryClock(e);
  const decay = header().lfuDecayMinutes;
  const counter = clock & 255;
  if (decay == 0) return counter;
  const idle = (((lruClock >>> 8) - (clock >>> 8)) & 0xffff) / decay;
  return idle > counter ? 0 : counter - idle;
}

function touchLfu(e: u32): void {
  let counter = lfuCounter(e);
  if (counter < 255) {
    const above = counter > LFU_INITIAL ? counter - LFU_INITIAL : 0;
    const chance = 1.0 / (<f64>above * <f64>header().lfuLogFactor + 1.0);
    if (<f64>(random() >> 11) * (1.0 / 9007199254740992.0) < chance) counter++;
  }
  entrySetClock(e, lruClock & 0xffff00 | counter);
}

/** Room in the log that the DEL of an expired key takes, its key aside. */
export const EXPIRE_LOG_BYTES: u32 = 64;

/**
 * Deletes the entry of the last `find` because its time has come, and logs the deletion. False: the log has no room, so
 * it stays where it is, and nobody is to see it. Inside a write command that never happens: `exec` reserved for it.
 */
export function expireFound(database: u32): bool {
  if (logOn() && !logReserve(<u64>entryKeyLen(foundEntry()) + EXPIRE_LOG_BYTES)) return false;
  const e = unlinkFound(root(database));
  header().expired++;
  header().dirty++;
  if (logOn()) {
    fxBegin('DEL');
    fxArg(entryKey(e), entryKeyLen(e));
    fxEnd();
  }
  keyEvent(NOTIFY_EXPIRED, EVENT_EXPIRED, entryKey(e), entryKeyLen(e));
  keyModified(entryKey(e), entryKeyLen(e));
  keyDrop(e);
  return true;
}

/** Frees an entry that is in no table, with its value; a large one in slices, later. Of keys that were in one: keyDrop. */
export function entryDrop(e: u32): void {
  valueDrop(e);
  entryFree(e);
}

/** Deletes a live key, and tells of it. Does not log. @param ptr Not the entry's own. */
export function remove(ptr: u32, length: u32): bool {
  const e = lookup(ptr, length, LOOKUP_QUIET);
  if (e == 0) return false;
  keyDrop(unlinkFound(root(db)));
  changed(1);
  keyModified(ptr, length);
  keyEvent(NOTIFY_GENERIC, EVENT_DEL, ptr, length);
  return true;
}

/** Bytes that the value takes inside its entry. */
export function valueBytes(e: u32): u32 {
  const encoding = entryEncoding(e);
  return encoding == ENC_INT ? 8 : encoding >= ENC_BLOB ? 4 : entryInlineLen(e);
}

/**
 * Gives the entry that `lookup` has just found an expiry, or takes it (-1). Its address may change.
 * @returns the entry, or 0: no memory, nothing changed. Does not log.
 */
export function setExpiry(e: u32, atMs: i64): u32 {
  beforeWrite(e);
  return setExpiryIn(root(db), e, atMs);
}

/** The same for the entry that `find` has just found in any table. */
export function setExpiryIn(r: Root, e: u32, atMs: i64): u32 {
  const had = entryHasExpiry(e);
  const has = atMs >= 0;
  if (had && has) {
    entryStoreExpiry(e, atMs);
    noteExpiry(r, foundSegment, true, e);
    return e;
  }
  if (had == has) return e;
  const keyLen = entryKeyLen(e);
  const wide: u32 = keyLen >= 0xffff ? 4 : 0;
  const tail = wide + keyLen + valueBytes(e);
  if (has && entryBytesFor(keyLen, true, valueBytes(e)) > arenaSize(e)) {
    const fresh = arenaAlloc(entryBytesFor(keyLen, true, valueBytes(e)));
    if (fresh == 0) return 0;
    memory.copy(fresh, e, 8);
    memory.copy(fresh + 16, e + 8, tail);
    entrySetFlags(fresh, entryFlags(e) | ENTRY_EXPIRES);
    entryStoreExpiry(fresh, atMs);
    replaceFound(r, fresh);
    arenaFree(e);
    return fresh;
  }
  // The parts behind the header move by the width of the expiry, inside the block.
  if (has) {
    memory.copy(e + 16, e + 8, tail);
    entrySetFlags(e, entryFlags(e) | ENTRY_EXPIRES);
    entryStoreExpiry(e, atMs);
  } else {
    memory.copy(e + 8, e + 16, tail);
    entrySetFlags(e, entryFlags(e) & ~ENTRY_EXPIRES);
  }
  noteExpiry(r, foundSegment, had, e);
  return e;
}

/** The same entry with room for a value of `bytes` in place of its own; the value's bytes are not copied. Not linked. */
export function entryReshaped(e: u32, bytes: u32): u32 {
  const fresh = entryNew(entryKey(e), entryKeyLen(e), entryExpiry(e), bytes);
  if (fresh == 0) return 0;
  store<u32>(fresh, entryMeta(e));
  entrySetFlags(fresh, entryFlags(e));
  return fresh;
}

/** Puts `fresh` in the place of the entry that `lookup` has just found, and frees that one's block, not its value. */
export function swapFound(old: u32, fresh: u32): void {
  replaceFound(root(db), fresh);
  entryFree(old);
}

/** Puts `fresh` in the place of the entry that `lookup` has just found, which is dropped with its value. Needs no memory. */
export function supplant(old: u32, fresh: u32): void {
  replaceFound(root(db), fresh);
  keyDrop(old);
}

/** Links a new entry whose key `lookup` has just failed to find. False: no memory; the entry stays the caller's. */
@inline export function link(e: u32): bool { return insert(root(db), e); }

/** Keys in the database in hand. */
@inline export function dbCount(): u32 { return root(db).count; }

/**
 * Takes an entry in as a guest, a foreign value for one command: lookups find it until `guestsClear`. One of the same
 * name goes. False: no memory.
 */
export function guestAdd(e: u32): bool {
  const h = header();
  if (h.guests == 0) h.guests = dictNew();
  if (h.guests == 0) return false;
  entrySetFlags(e, entryFlags(e) | ENTRY_GUEST);
  const old = dictFind(h.guests, entryKey(e), entryKeyLen(e));
  if (old == 0) return dictAdd(h.guests, e);
  dictReplace(h.guests, e);
  entryDrop(old);
  return true;
}

/** Drops all guests. Large ones are freed in slices, later. */
export function guestsClear(): void {
  const guests = header().guests;
  header().guests = 0;
  if (guests == 0) return;
  // While the table lives, these two know of hashes with deadlines of fields; from now on, how far the freeing has got.
  dictRoot(guests).fielded = 0;
  dictRoot(guests).bound = 0;
  dictReclaim(guests, i32.MAX_VALUE);
}
@inline export function anyGuests(): bool { return header().guests != 0; }
@inline export function keyHash(): u64 { return foundHash; }
