// What commands on containers have in common: keys of one type, making and removing them, and storing whole results.
import { argLen, argPtr, db } from './context';
import { replyWrongType } from '../resp/errors';
import {
  entryFlags, entryFree, entryNew, entrySetClock, entrySetEncoding, entrySetFlags, entrySetPointer, entryType, ENTRY_EXPIRES,
} from '../table/entry';
import { LOOKUP_QUIET, freshClock, link, lookup, lookupRead, lookupWrite, supplant } from '../table/keyspace';
import { root, unlinkFound } from '../table/table';
import { NOTIFY_GENERIC, keyEvent, keyNew } from '../events/events';
import { EVENT_DEL } from '../events/names';
import { beforeWrite, keyDrop } from '../snapshot/before-write';

/** No entry: the key holds another type, and -WRONGTYPE has been replied. */
export const WRONG: u32 = 1;

function ofType(e: u32, type: u32): u32 {
  if (e == 0 || entryType(e) == type) return e;
  replyWrongType();
  return WRONG;
}

/** The entry of the key in argument i for reading (counts as a hit or a miss), 0 if there is none, or WRONG. */
export function typedRead(i: u32, type: u32): u32 { return ofType(lookupRead(argPtr(i), argLen(i)), type); }
/** The same, counted as one for reading, by commands that change the container all the same. */
export function typedChange(i: u32, type: u32): u32 { return changeOf(lookupRead(argPtr(i), argLen(i)), type); }
/** The same for a key that has been looked up just now. */
export function changeOf(found: u32, type: u32): u32 {
  const e = ofType(found, type);
  if (e > WRONG) beforeWrite(e);
  return e;
}
/** The same for writing. */
export function typedWrite(i: u32, type: u32): u32 { return ofType(lookupWrite(argPtr(i), argLen(i)), type); }

/**
 * Makes a key for a container. A lookup of the key must have been the last one, and have failed.
 * @param pointer The container's block: the entry's from then on.
 * @returns the entry, or 0: no memory, nothing changed, and the block is still the caller's.
 */
export function newContainer(i: u32, type: u32, encoding: u32, pointer: u32): u32 {
  const e = entryNew(argPtr(i), argLen(i), -1, 4);
  if (e == 0) return 0;
  entrySetEncoding(e, type, encoding);
  entrySetClock(e, freshClock());
  entrySetPointer(e, pointer);
  if (link(e)) return e;
  entryFree(e);
  return 0;
}

/**
 * Deletes the key of a container that has become empty, and tells of it. Neither logs nor counts: the command that emptied
 * it does, and has told of that before.
 */
export function removeKey(ptr: u32, length: u32): void {
  unmakeKey(ptr, length);
  keyEvent(NOTIFY_GENERIC, EVENT_DEL, ptr, length);
}
/** Deletes a key that a command has made and had no memory to fill: nobody has been told of it. */
export function unmakeKey(ptr: u32, length: u32): void {
  if (lookup(ptr, length, LOOKUP_QUIET) != 0) keyDrop(unlinkFound(root(db)));
}

/**
 * Stores a container under the key in argument i, in the place of whatever is there; the key has no expiry then.
 * @param flags ENTRY_LARGE or 0.
 * @returns the entry, or 0: no memory, nothing changed, and the block is still the caller's. Neither logs nor counts. Tells
 *          of the key if it is new, not of its change.
 */
export function storeContainer(i: u32, type: u32, encoding: u32, pointer: u32, flags: u32): u32 {
  const key = argPtr(i);
  const e = entryNew(key, argLen(i), -1, 4);
  if (e == 0) return 0;
  entrySetEncoding(e, type, encoding);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | flags);
  entrySetClock(e, freshClock());
  entrySetPointer(e, pointer);
  const old = lookup(key, argLen(i), LOOKUP_QUIET);
  if (old != 0) {
    supplant(old, e);
    return e;
  }
  if (link(e)) { keyNew(key, argLen(i)); return e; }
  entryFree(e);
  return 0;
}
