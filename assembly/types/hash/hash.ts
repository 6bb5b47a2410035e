// Hashes: pairs of field and value.
//
//   ENC_PACKED   a listpack: field, value, field, value, in the order in which the fields came; no field has a deadline
//   ENC_TABLE    a dict of fields (field.ts), each with a deadline or without; deadlines.ts has what follows from that
//
// OBJECT ENCODING names Redis's form, not ours: `listpack` until the hash has once been over hash-max-listpack-entries or
// -value, then `hashtable` for ever (ENTRY_LARGE). A hash over these limits stays packed here while it is small all the
// same. A field's deadline makes a table of any hash: one without ENTRY_LARGE then reports `listpackex`, as Redis 7.4 does.
//
// `e` is always the key's entry. Nothing here moves it: only the address and the encoding in it change.
import { win } from '../../commands/context';
import { limits } from '../../memory/layout';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import {
  ENC_PACKED, ENC_TABLE, ENTRY_LARGE, TYPE_HASH, entryEncoding, entryExpiry, entryFlags, entryHasExpiry, entryKey, entryKeyLen, entryPointer,
  entrySetEncoding, entrySetFlags, entrySetPointer,
} from '../../table/entry';
import { expired } from '../../table/keyspace';
import { dictAdd, dictCount, dictFind, dictNew, dictReclaim, dictRemove, dictReplace } from '../dict';
import { formatI64 } from '../integer';
import {
  lpAppend, lpAt, lpBytes, lpCount, lpDelete, lpEncodedBytes, lpFind, lpFirst, lpFree, lpInt, lpIsInt, lpLast, lpLen, lpNew, lpNext, lpPtr, lpRead,
  lpReplace, lpReplyElement, lpView,
} from '../listpack';
import { EXPIRY_KEEP, EXPIRY_NONE, replyString, stringView, viewLen, viewPtr } from '../string';
import { fieldDrop, fieldNew, fieldOverwrite } from './field';
import { fieldsDue, noteDeadline } from './deadlines';

/** Of a new hash: a few short pairs fit. */
const NEW_BYTES: u32 = 32;
/** Beyond this a listpack is too much for Redis, and for us. */
const PACKED_BYTES_SAFE: u64 = 1 << 30;
/** Digits of an integer on its way from a listpack to a table: the end of the scratch, where no command keeps anything. */
const DIGITS_BYTES: u32 = 64;

@inline export function hashIsPacked(e: u32): bool { return entryEncoding(e) == ENC_PACKED; }
@inline export function hashIsLarge(e: u32): bool { return (entryFlags(e) & ENTRY_LARGE) != 0; }

/** The block of an empty hash, packed; 0: no memory. */
@inline export function hashNew(): u32 { return lpNew(NEW_BYTES); }

/** Fields whose time has not come. */
export function hashFields(e: u32): u32 {
  const pointer = entryPointer(e);
  return hashIsPacked(e) ? lpCount(pointer) >>> 1 : dictCount(pointer) - fieldsDue(e);
}

/**
 * Where a field's value is: its position in the listpack, or the field's entry. 0: no such field, or its time has come.
 * Good until the hash changes.
 */
export function hashFind(e: u32, name: u32, nameLen: u32): u32 {
  const pointer = entryPointer(e);
  if (hashIsPacked(e)) {
    const p = lpFind(pointer, lpFirst(pointer), name, nameLen, 1);
    return p == 0 ? 0 : lpNext(pointer, p);
  }
  const f = dictFind(pointer, name, nameLen);
  return f != 0 && !expired(f) ? f : 0;
}

/** The bytes that the last `hashView` showed. Good until the hash changes, or the next view in the same place. */
export let valuePtr: u32 = 0;
export let valueLen: u32 = 0;

/** Makes the value that `hashFind` found visible. `place` 0 or 1: the scratch for an integer's digits. */
export function hashView(e: u32, at: u32, place: u32): void {
  if (hashIsPacked(e)) { lpView(at, place); valuePtr = lpPtr; valueLen = lpLen; }
  else { stringView(at, place); valuePtr = viewPtr; valueLen = viewLen; }
}

/** Replies with the value that `hashFind` found. */
export function hashReplyValue(e: u32, at: u32): void {
  if (hashIsPacked(e)) lpReplyElement(at);
  else replyString(at);
}

/** The deadline of the field that `hashFind` found, -1: none. */
@inline export function hashDeadline(e: u32, at: u32): i64 { return hashIsPacked(e) ? EXPIRY_NONE : entryExpiry(at); }

export const HASH_UPDATED: i32 = 0;
export const HASH_CREATED: i32 = 1;
export const HASH_NO_MEMORY: i32 = -1;

/**
 * Sets a field. Its bytes and the value's must lie outside of the hash.
 * @param deadline Unix milliseconds, EXPIRY_NONE, or EXPIRY_KEEP: the one it has.
 * @returns HASH_CREATED, HASH_UPDATED, or HASH_NO_MEMORY: the fields and values are as they were.
 */
export function hashSet(e: u32, name: u32, nameLen: u32, ptr: u32, length: u32, deadline: i64): i32 {
  if (hashIsPacked(e)) {
    if (deadline < 0) return setPacked(e, name, nameLen, ptr, length);
    if (!hashToTable(e)) return HASH_NO_MEMORY;
  }
  return setInTable(e, name, nameLen, ptr, length, deadline);
}

@inline function overLimit(nameLen: u32, length: u32): bool {
  const most = limits().hashMaxListpackValue;
  return nameLen > most || length > most;
}

function setPacked(e: u32, name: u32, nameLen: u32, ptr: u32, length: u32): i32 {
  const lp = entryPointer(e);
  const p = lpFind(lp, lpFirst(lp), name, nameLen, 1);
  const count = (lpCount(lp) >>> 1) + (p == 0 ? 1 : 0);
  const l = limits();
  const raw = <u64>lpBytes(lp) + nameLen + length;
  let large = hashIsLarge(e);
  if (!large && (overLimit(nameLen, length) || count > l.hashMaxListpackEntries || raw > PACKED_BYTES_SAFE)) large = true;
  if (large) {
    if (count > l.packedEntriesMax || raw + 16 > <u64>l.packedBytesMax) {
      if (!hashToTable(e)) return HASH_NO_MEMORY;
      entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
      return setInTable(e, name, nameLen, ptr, length, EXPIRY_NONE);
    }
  }
  if (!putPacked(e, lp, p, name, nameLen, ptr, length)) return HASH_NO_MEMORY;
  if (large) entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
  return p == 0 ? HASH_CREATED : HASH_UPDATED;
}

/** Puts a pair behind the others, or a value in the place of the one behind `p`. */
function putPacked(e: u32, lp: u32, p: u32, name: u32, nameLen: u32, ptr: u32, length: u32): bool {
  if (p != 0) {
    const replaced = lpReplace(lp, lpNext(lp, p), ptr, length);
    if (replaced == 0) return false;
    entrySetPointer(e, replaced);
    return true;
  }
  const longer = lpAppend(lp, name, nameLen);
  if (longer == 0) return false;
  const whole = lpAppend(longer, ptr, length);
  // Without its value the field has to go again: a listpack always shrinks.
  entrySetPointer(e, whole != 0 ? whole : lpDelete(longer, lpLast(longer)));
  return whole != 0;
}

function setInTable(e: u32, name: u32, nameLen: u32, ptr: u32, length: u32, deadline: i64): i32 {
  const dict = entryPointer(e);
  const old = dictFind(dict, name, nameLen);
  let outcome = HASH_CREATED;
  if (old != 0) {
    const live = !expired(old);
    if (live) outcome = HASH_UPDATED;
    if (deadline == EXPIRY_KEEP) deadline = live ? entryExpiry(old) : EXPIRY_NONE;
    if (deadline == entryExpiry(old) && fieldOverwrite(old, ptr, length)) { noteLimits(e, nameLen, length); return outcome; }
  } else if (deadline == EXPIRY_KEEP) deadline = EXPIRY_NONE;
  const f = fieldNew(name, nameLen, ptr, length, deadline);
  if (f == 0) return HASH_NO_MEMORY;
  if (old != 0) {
    dictReplace(dict, f);
    fieldDrop(old);
  } else if (!dictAdd(dict, f)) {
    fieldDrop(f);
    return HASH_NO_MEMORY;
  }
  if (deadline >= 0) noteDeadline(e, deadline);
  noteLimits(e, nameLen, length);
  return outcome;
}

/** A table that deadlines made of a small hash may grow over Redis's limits, too. */
@inline function noteLimits(e: u32, nameLen: u32, length: u32): void {
  if (hashIsLarge(e)) return;
  if (overLimit(nameLen, length) || dictCount(entryPointer(e)) > limits().hashMaxListpackEntries) entrySetFlags(e, entryFlags(e) | ENTRY_LARGE);
}

/** Deletes a field; false: there was none. The hash may be empty afterwards: then its key has to go. */
export function hashDelete(e: u32, name: u32, nameLen: u32): bool {
  const pointer = entryPointer(e);
  if (hashIsPacked(e)) {
    const p = lpFind(pointer, lpFirst(pointer), name, nameLen, 1);
    if (p == 0) return false;
    const shorter = lpDelete(pointer, p);
    entrySetPointer(e, lpDelete(shorter, lpAt));
    return true;
  }
  const f = dictFind(pointer, name, nameLen);
  if (f == 0 || expired(f)) return false;
  fieldDrop(dictRemove(pointer));
  return true;
}

/** No field left, not even one whose time has come? */
export function hashIsEmpty(e: u32): bool {
  const pointer = entryPointer(e);
  return hashIsPacked(e) ? lpFirst(pointer) == 0 : dictCount(pointer) == 0;
}

/** Makes a table of a packed hash. False: no memory, nothing changed. */
export function hashToTable(e: u32): bool {
  if (!hashIsPacked(e)) return true;
  const lp = entryPointer(e);
  const dict = tableOf(lp);
  if (dict == 0) return false;
  lpFree(lp);
  entrySetPointer(e, dict);
  entrySetEncoding(e, TYPE_HASH, ENC_TABLE);
  return true;
}

/** A dict of a listpack's pairs, none of them twice; the listpack stays. 0: no memory, or a field twice (tableTwice). */
export let tableTwice: bool = false;
export function tableOf(lp: u32): u32 {
  tableTwice = false;
  const dict = dictNew();
  if (dict == 0) return 0;
  const digits = windowScratch(win) + SCRATCH_BYTES - DIGITS_BYTES;
  let p = lpFirst(lp);
  while (p != 0) {
    const value = lpNext(lp, p);
    elementText(p, digits);
    const name = textPtr;
    const nameLen = textLen;
    elementText(value, digits + 32);
    tableTwice = dictFind(dict, name, nameLen) != 0;
    const f = tableTwice ? 0 : fieldNew(name, nameLen, textPtr, textLen, EXPIRY_NONE);
    if (f == 0 || !dictAdd(dict, f)) {
      if (f != 0) fieldDrop(f);
      dictReclaim(dict, i32.MAX_VALUE);
      return 0;
    }
    p = lpNext(lp, value);
  }
  return dict;
}

let textPtr: u32 = 0;
let textLen: u32 = 0;
function elementText(p: u32, digits: u32): void {
  lpRead(p);
  if (lpIsInt) { textPtr = digits; textLen = formatI64(lpInt, digits); }
  else { textPtr = lpPtr; textLen = lpLen; }
}
