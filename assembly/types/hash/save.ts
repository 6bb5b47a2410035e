// Hashes as RDB bodies (DUMP, RESTORE, images between shards), and how one is built from pairs that come from outside.
//
//   16   string: a whole listpack
//   13   string: a ziplist of the same, and 9, string: a zipmap, as older versions of Redis wrote them; they are only read
//    4   length n, then n times: field string, value string
//  201   our own, with deadlines: byte (bit 0: ENTRY_LARGE), length n, then n times: deadline u64 (Unix ms; all ones: none),
//        field string, value string
//
// A hash that was once over Redis's limits is written as 4, packed or not: Redis would have it as a table, and finds by
// itself from its own limits whether a table it shall be. Fields whose time has come go along while they are there.
import { win } from '../../commands/context';
import { limits } from '../../memory/layout';
import { arenaAlloc, arenaFree } from '../../memory/arena';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import { loadByte, loadCorrupt, loadCount, loadFault, loadLen, loadNoMemory, loadPtr, loadString, loadU64, loaded } from '../../rdb/reader';
import { ziplistToListpack } from '../../rdb/ziplist';
import { zipmapToListpack } from '../../rdb/zipmap';
import { saveByte, saveLength, saveString, saveU64 } from '../../rdb/writer';
import {
  ENC_PACKED, ENC_TABLE, ENTRY_EXPIRES, ENTRY_FIELDS, ENTRY_GUEST, ENTRY_LARGE, TYPE_HASH, entryEncoding, entryExpiry, entryFlags, entryFree, entryKey, entryKeyLen,
  entryNew, entryPointer, entrySetEncoding, entrySetFlags, entrySetPointer,
} from '../../table/entry';
import { dictAdd, dictCount, dictFind, dictRoot } from '../dict';
import { lpBytes, lpCopy, lpCount, lpEncodedBytes, lpFind, lpFirst, lpFree, lpLen, lpNext, lpPtr, lpView } from '../listpack';
import { lpValid } from '../listpack-valid';
import { EXPIRY_NONE } from '../string';
import { dropForm } from '../value';
import { HASH_CREATED, HASH_NO_MEMORY, hashFind, hashIsLarge, hashIsPacked, hashNew, hashSet, hashToTable, hashView, tableOf, tableTwice, valueLen, valuePtr } from './hash';
import { noteDeadline } from './deadlines';
import { fieldDrop, fieldNew } from './field';
import { fieldsBegin, slotNext, walkField } from './walk';

export const RDB_HASH: u32 = 4;
const RDB_HASH_ZIPMAP: u32 = 9;
const RDB_HASH_ZIPLIST: u32 = 13;
export const RDB_HASH_LISTPACK: u32 = 16;
export const RDB_HASH_DEADLINES: u32 = 201;
const NO_DEADLINE: u64 = 0xffffffffffffffff;
/** Pairs up to which a field that comes twice is looked for by comparing each with each. */
const COMPARED_MAX: u32 = 128;

export function hashSaveType(e: u32): u32 {
  if (!hashIsPacked(e) && dictRoot(entryPointer(e)).expires != 0) return RDB_HASH_DEADLINES;
  return hashIsPacked(e) && !hashIsLarge(e) ? RDB_HASH_LISTPACK : RDB_HASH;
}

export function hashSave(e: u32): void {
  const pointer = entryPointer(e);
  if (hashIsPacked(e)) {
    if (hashIsLarge(e)) savePairs(pointer);
    else saveString(pointer, lpBytes(pointer));
    return;
  }
  const timed = dictRoot(pointer).expires != 0;
  if (timed) saveByte(hashIsLarge(e) ? 1 : 0);
  saveLength(dictCount(pointer));
  fieldsBegin(e);
  while (slotNext()) {
    if (timed) saveU64(<u64>entryExpiry(walkField));
    saveString(entryKey(walkField), entryKeyLen(walkField));
    hashView(e, walkField, 0);
    saveString(valuePtr, valueLen);
  }
}

function savePairs(lp: u32): void {
  saveLength(lpCount(lp) >>> 1);
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, p)) {
    lpView(p, 0);
    saveString(lpPtr, lpLen);
  }
}

export function hashLoad(rdbType: u32): void {
  if (rdbType == RDB_HASH_LISTPACK || rdbType == RDB_HASH_ZIPLIST || rdbType == RDB_HASH_ZIPMAP) {
    const lp = loadPacked(rdbType);
    if (lp != 0) takeListpack(lp, rdbType == RDB_HASH_ZIPMAP);
    return;
  }
  const timed = rdbType == RDB_HASH_DEADLINES;
  if (!timed && rdbType != RDB_HASH) { loadCorrupt(); return; }
  const how = timed ? loadByte() : 0;
  if (how < 0 || how > 1) { loadCorrupt(); return; }
  // Even the shortest pair takes two bytes.
  const count = loadCount(timed ? 10 : 2);
  if (!hashBuildBegin()) return;
  for (let i: u32 = 0; i < count && loadFault == 0; i++) {
    const deadline = timed ? loadU64() : NO_DEADLINE;
    if (deadline != NO_DEADLINE && deadline > <u64>i64.MAX_VALUE) { loadCorrupt(); break; }
    if (!loadString()) break;
    loadPair(<i64>deadline);
  }
  if (how == 1) hashBuildLarge();
  hashBuildEnd();
}

/** Reads the value to the field that has just been read, and adds the two. */
function loadPair(deadline: i64): void {
  const nameLen = loadLen;
  // The field's bytes are good only until the next string is read.
  const name = arenaAlloc(max<u32>(nameLen, 1));
  if (name == 0) { loadNoMemory(); return; }
  memory.copy(name, loadPtr, nameLen);
  if (loadString()) hashBuildAdd(name, nameLen, loadPtr, loadLen, deadline);
  arenaFree(name);
}

/** A listpack of pairs from the string that comes next; 0: the fault is set. */
function loadPacked(rdbType: u32): u32 {
  if (!loadString()) return 0;
  let lp: u32 = 0;
  if (rdbType == RDB_HASH_LISTPACK) {
    if (!lpValid(loadPtr, loadLen, true)) { loadCorrupt(); return 0; }
    lp = lpCopy(loadPtr, loadLen);
    if (lp == 0) loadNoMemory();
  } else lp = rdbType == RDB_HASH_ZIPLIST ? ziplistToListpack(loadPtr, loadLen) : zipmapToListpack(loadPtr, loadLen);
  if (lp == 0 || (lpFirst(lp) != 0 && (lpCount(lp) & 1) == 0)) return lp;
  lpFree(lp);
  loadCorrupt();
  return 0;
}

/**
 * Makes a hash of a listpack of pairs, which is its own from here on, or frees it and sets the fault.
 * @param byLength Long fields and values make it large; as in Redis not in a payload of today, which says itself what it is.
 */
export function takeListpack(lp: u32, byLength: bool): void {
  const pairs = lpCount(lp) >>> 1;
  const large = pairs > limits().hashMaxListpackEntries || (byLength && anyLong(lp));
  const packed = !large || (pairs <= limits().packedEntriesMax && lpBytes(lp) <= limits().packedBytesMax);
  if (pairs <= COMPARED_MAX) {
    if (anyTwice(lp)) { lpFree(lp); loadCorrupt(); return; }
    if (packed) { loaded(ENC_PACKED, lp, large ? ENTRY_LARGE : 0); return; }
  }
  // A dict finds what comes twice; it stays if the hash is to be one.
  const dict = tableOf(lp);
  if (dict == 0) {
    if (tableTwice) loadCorrupt();
    else loadNoMemory();
    lpFree(lp);
  } else if (packed) {
    dropForm(TYPE_HASH, ENC_TABLE, dict);
    loaded(ENC_PACKED, lp, large ? ENTRY_LARGE : 0);
  } else {
    lpFree(lp);
    loaded(ENC_TABLE, dict, ENTRY_LARGE);
  }
}

/** Is a field or a value over hash-max-listpack-value? */
function anyLong(lp: u32): bool {
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, p)) {
    lpView(p, 0);
    if (lpLen > limits().hashMaxListpackValue) return true;
  }
  return false;
}

/** Does a field come twice? */
function anyTwice(lp: u32): bool {
  let p = lpFirst(lp);
  while (p != 0) {
    const next = lpNext(lp, lpNext(lp, p));
    lpView(p, 0);
    if (next != 0 && lpFind(lp, next, lpPtr, lpLen, 1) != 0) return true;
    p = next;
  }
  return false;
}

// Building a hash from pairs: hashBuildBegin, hashBuildAdd for each, hashBuildEnd. The first fault ends it (rdb/reader.ts).

/** An entry in no table, which the hash hangs on while it is built; 0: none is being built. */
let built: u32 = 0;

/** False: no memory (the fault is set). */
export function hashBuildBegin(): bool {
  built = 0;
  if (loadFault != 0) return false;
  const pointer = hashNew();
  const e = pointer == 0 ? 0 : entryNew(0, 0, EXPIRY_NONE, 4);
  if (e == 0) {
    if (pointer != 0) lpFree(pointer);
    loadNoMemory();
    return false;
  }
  entrySetEncoding(e, TYPE_HASH, ENC_PACKED);
  entrySetFlags(e, ENTRY_GUEST);
  entrySetPointer(e, pointer);
  built = e;
  return true;
}

/** Adds a pair. A field that comes twice is corrupt. `deadline`: Unix milliseconds, -1 none. */
export function hashBuildAdd(name: u32, nameLen: u32, ptr: u32, length: u32, deadline: i64): void {
  if (built == 0 || loadFault != 0) return;
  if (!hashIsPacked(built) && hashIsLarge(built)) { addToTable(name, nameLen, ptr, length, deadline); return; }
  // Also one whose time has come, which hashSet would pass over.
  if (!hashIsPacked(built) && dictFind(entryPointer(built), name, nameLen) != 0) { loadCorrupt(); return; }
  const outcome = hashSet(built, name, nameLen, ptr, length, deadline);
  if (outcome == HASH_NO_MEMORY) loadNoMemory();
  else if (outcome != HASH_CREATED) loadCorrupt();
}

/** The same for a hash that is a table, and will be one whatever comes. */
function addToTable(name: u32, nameLen: u32, ptr: u32, length: u32, deadline: i64): void {
  const dict = entryPointer(built);
  if (dictFind(dict, name, nameLen) != 0) { loadCorrupt(); return; }
  const f = fieldNew(name, nameLen, ptr, length, deadline);
  if (f == 0) { loadNoMemory(); return; }
  if (!dictAdd(dict, f)) { fieldDrop(f); loadNoMemory(); return; }
  if (deadline >= 0) noteDeadline(built, deadline);
}

/** So many pairs will come that what is built is a table from the start. */
export function hashBuildTable(): void {
  if (built == 0) return;
  if (hashToTable(built)) hashBuildLarge();
  else loadNoMemory();
}

/** What is built was over Redis's limits once. */
export function hashBuildLarge(): void { if (built != 0) entrySetFlags(built, entryFlags(built) | ENTRY_LARGE); }

/** Hands the hash over by `loaded`; after a fault, or without a pair in it, there is none. */
export function hashBuildEnd(): void {
  const e = built;
  if (e == 0) return;
  built = 0;
  const pointer = entryPointer(e);
  const encoding = entryEncoding(e);
  const flags = entryFlags(e) & (ENTRY_LARGE | ENTRY_FIELDS);
  entryFree(e);
  if (loadFault == 0 && isEmpty(encoding, pointer)) loadCorrupt();
  if (loadFault == 0) loaded(encoding, pointer, flags);
  else dropForm(TYPE_HASH, encoding, pointer);
}

@inline function isEmpty(encoding: u32, pointer: u32): bool {
  return encoding == ENC_PACKED ? lpFirst(pointer) == 0 : dictCount(pointer) == 0;
}
