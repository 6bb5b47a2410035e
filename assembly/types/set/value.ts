// What every type of value answers to (types/value.ts), for sets. RDB types, as Redis has them:
//   11  one string that holds the intset's own bytes
//    2  how many members, then each as a string
//   20  one string that holds a listpack (written by Redis 7.2 and later, read here)
import { arenaFree, arenaSize } from '../../memory/arena';
import { limits } from '../../memory/layout';
import { loadCorrupt, loadCount, loadFault, loadLen, loadNoMemory, loadPtr, loadString, loaded } from '../../rdb/reader';
import { saveLength, saveString } from '../../rdb/writer';
import { kevyHash } from '../../routing/kevyhash';
import { ENC_INTSET, ENC_PACKED, ENC_TABLE, TYPE_SET, entryEncoding, entryFree, entryInlineLen, entryPointer, entrySetPointer } from '../../table/entry';
import { moveDict, movePointer } from '../moving';
import { dictBytes, dictCheck, dictCount, dictReclaim } from '../dict';
import { intsetBytes, intsetCount, intsetFrom, intsetValid } from '../intset';
import { lpBytes, lpFind, lpFirst, lpInt, lpIsInt, lpLen, lpNext, lpPtr, lpRead, lpView } from '../listpack';
import { lpValid } from '../listpack-valid';
import { DROP_AT_ONCE_MAX, dropForm, dropLater, mixDigest } from '../value';
import { memberFromInt, memberFromText, memberLen, memberPtr, memberText } from './member';
import { SET_ADDED, SET_NO_MEMORY, SET_THERE, setAdd, setHolder, setHolderDrop, setLeaveIntset, setSize, setToTable } from './set';
import { setHandle, setWalkBegin, setWalkNext } from './walk';

const RDB_SET: u32 = 2;
const RDB_SET_INTSET: u32 = 11;
const RDB_SET_LISTPACK: u32 = 20;
/** What the digest of a member is mixed with. */
const DIGEST_SALT: u64 = 0x5e7;

export function setDrop(encoding: u32, pointer: u32): void {
  if (encoding != ENC_TABLE) arenaFree(pointer);
  else if (dictCount(pointer) > DROP_AT_ONCE_MAX) dropLater(TYPE_SET, encoding, pointer);
  else dictReclaim(pointer, i32.MAX_VALUE);
}

export function setReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }
export function setCount(e: u32): u32 { return setSize(e); }

export function setBytes(e: u32): u64 {
  return entryEncoding(e) == ENC_TABLE ? dictBytes(entryPointer(e)) : <u64>arenaSize(entryPointer(e));
}

export function setEncoding(e: u32): string { return entryEncoding(e) == ENC_INTSET ? 'intset' : 'hashtable'; }

export function setSaveType(e: u32): u32 { return entryEncoding(e) == ENC_INTSET ? RDB_SET_INTSET : RDB_SET; }

export function setSave(e: u32): void {
  if (entryEncoding(e) == ENC_INTSET) {
    saveString(entryPointer(e), intsetBytes(entryPointer(e)));
    return;
  }
  saveLength(setSize(e));
  setWalkBegin(e);
  while (setWalkNext()) {
    memberText();
    saveString(memberPtr, memberLen);
  }
}

export function setLoad(rdbType: u32): void {
  const e = setHolder();
  if (e == 0) { loadNoMemory(); return; }
  if (rdbType == RDB_SET) loadMembers(e);
  else if (rdbType == RDB_SET_INTSET) loadIntset(e);
  else if (rdbType == RDB_SET_LISTPACK) loadListpack(e);
  else loadCorrupt();
  if (loadFault == 0 && setSize(e) == 0) loadCorrupt();
  if (loadFault != 0) { setHolderDrop(e); return; }
  loaded(entryEncoding(e), entryPointer(e), 0);
  entryFree(e);
}

/** Adds the member in hand to a set that is being loaded, where it must be new. */
function loadMember(e: u32): void {
  const added = setAdd(e);
  if (added == SET_NO_MEMORY) loadNoMemory();
  else if (added == SET_THERE) loadCorrupt();
}

function loadMembers(e: u32): void {
  const count = loadCount(1);
  // In Redis it is a table from the start then, even if all members should be integers.
  if (count > limits().setMaxIntsetEntries && !(count <= limits().packedEntriesMax ? setLeaveIntset(e, 0) : setToTable(e))) loadNoMemory();
  for (let i: u32 = 0; i < count && loadFault == 0; i++) {
    if (!loadString()) return;
    memberFromText(loadPtr, loadLen);
    loadMember(e);
  }
}

function loadIntset(e: u32): void {
  if (!loadString()) return;
  if (!intsetValid(loadPtr, loadLen)) { loadCorrupt(); return; }
  const set = intsetFrom(loadPtr, loadLen);
  if (set == 0) { loadNoMemory(); return; }
  arenaFree(entryPointer(e));
  entrySetPointer(e, set);
  if (intsetCount(set) > limits().setMaxIntsetEntries && !setLeaveIntset(e, 0)) loadNoMemory();
}

function loadListpack(e: u32): void {
  if (!loadString()) return;
  const lp = loadPtr;
  if (!lpValid(lp, loadLen, false)) { loadCorrupt(); return; }
  for (let p = lpFirst(lp); p != 0 && loadFault == 0; p = lpNext(lp, p)) {
    lpRead(p);
    if (lpIsInt) memberFromInt(lpInt);
    else memberFromText(lpPtr, lpLen);
    loadMember(e);
  }
}

export function setDigest(e: u32): u64 {
  let sum: u64 = 0;
  setWalkBegin(e);
  while (setWalkNext()) {
    memberText();
    sum += mixDigest(kevyHash(memberPtr, memberLen), DIGEST_SALT);
  }
  return sum;
}

export function setCheck(e: u32): u32 {
  const pointer = entryPointer(e);
  if (setSize(e) == 0) return 1;
  if (entryEncoding(e) == ENC_INTSET) return intsetBytes(pointer) <= arenaSize(pointer) && intsetValid(pointer, intsetBytes(pointer)) ? 0 : 2;
  if (entryEncoding(e) == ENC_PACKED) return packedCheck(pointer);
  const reason = dictCheck(pointer);
  if (reason != 0) return 10 + reason;
  setWalkBegin(e);
  while (setWalkNext()) if (entryEncoding(setHandle) != 0 || entryInlineLen(setHandle) != 0) return 3;
  return 0;
}

function packedCheck(lp: u32): u32 {
  if (lpBytes(lp) > arenaSize(lp) || !lpValid(lp, lpBytes(lp), false)) return 4;
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, p)) {
    lpView(p, 0);
    if (lpFind(lp, lpFirst(lp), lpPtr, lpLen, 0) != p) return 5;
  }
  return 0;
}

/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function setDefrag(e: u32, budget: i32): i32 {
  return entryEncoding(e) == ENC_TABLE ? moveDict(e, budget) : movePointer(e, budget);
}
