// A set in one of three forms: an intset; a listpack of few small members; a table.
//
//   form     holds                                                     OBJECT ENCODING
//   INTSET   integers only, at most set-max-intset-entries of them     intset
//   PACKED   packedEntriesMax members in packedBytesMax bytes at most  hashtable
//   TABLE    anything (types/dict.ts); a member's entry has no value   hashtable
//
// A set leaves the form of an intset when Redis's does, and never comes back to it; nor does a table become packed.
//
// Functions work on an entry: one of the keyspace, of a guest, or a holder that belongs to no key. They act on the
// member in hand (member.ts) and may change the entry's encoding and pointer, never its address.
import { arenaFree } from '../../memory/arena';
import { limits } from '../../memory/layout';
import {
  ENC_INTSET, ENC_PACKED, ENC_TABLE, TYPE_SET, entryEncoding, entryFree, entryNew, entryPointer, entrySetEncoding, entrySetPointer,
} from '../../table/entry';
import { dictAdd, dictCount, dictFind, dictGrowthBytes, dictNew, dictReclaim, dictRemove } from '../dict';
import { formatI64 } from '../integer';
import {
  INTSET_COUNT_MAX, intsetAdd, intsetCount, intsetFind, intsetIndex, intsetNew, intsetRemoveAt, intsetValue,
} from '../intset';
import {
  LP_EMPTY_BYTES, lpAppend, lpAppendInt, lpBytes, lpCount, lpDelete, lpEncodedBytes, lpEncodedIntBytes, lpFind, lpFirst, lpLen, lpNew, lpNext,
  lpPtr, lpView,
} from '../listpack';
import { dropForm } from '../value';
import { memberInt, memberIsInt, memberLen, memberPtr, memberText } from './member';
import { win } from '../../commands/context';
import { SPARE_SET_TEXT } from '../../memory/spare';

/** Answers of `setAdd`. */
export const SET_THERE: i32 = 0;
export const SET_ADDED: i32 = 1;
export const SET_NO_MEMORY: i32 = -1;

/** What a new packed set has room for. */
const PACKED_NEW_BYTES: u32 = 64;

/** Members. */
export function setSize(e: u32): u32 {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  return encoding == ENC_TABLE ? dictCount(pointer) : encoding == ENC_INTSET ? intsetCount(pointer) : lpCount(pointer);
}

/** Empty forms, for a key or a holder to be filled; 0: no memory. */
@inline export function setNewPacked(): u32 { return lpNew(PACKED_NEW_BYTES); }
@inline export function setNewIntset(): u32 { return intsetNew(); }

/** An entry of no key with an empty intset: where results are built. `setHolderDrop` frees both. 0: no memory. */
export function setHolder(): u32 {
  const pointer = intsetNew();
  if (pointer == 0) return 0;
  const e = entryNew(0, 0, -1, 4);
  if (e == 0) { arenaFree(pointer); return 0; }
  entrySetEncoding(e, TYPE_SET, ENC_INTSET);
  entrySetPointer(e, pointer);
  return e;
}
export function setHolderDrop(e: u32): void {
  dropForm(TYPE_SET, entryEncoding(e), entryPointer(e));
  entryFree(e);
}

/** Is the member in hand in the set? */
export function setHas(e: u32): bool {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  if (encoding == ENC_INTSET) return memberIsInt() && intsetFind(pointer, memberInt);
  memberText();
  if (encoding == ENC_TABLE) return dictFind(pointer, memberPtr, memberLen) != 0;
  return lpFind(pointer, lpFirst(pointer), memberPtr, memberLen, 0) != 0;
}

/** Adds the member in hand, unless it is there. Without memory the set has the members it had. */
export function setAdd(e: u32): i32 {
  const encoding = entryEncoding(e);
  if (encoding == ENC_TABLE) return tableAdd(entryPointer(e));
  return encoding == ENC_PACKED ? packedAdd(e) : integersAdd(e);
}

function tableAdd(dict: u32): i32 {
  memberText();
  if (dictFind(dict, memberPtr, memberLen) != 0) return SET_THERE;
  return linkMember(dict, memberPtr, memberLen) ? SET_ADDED : SET_NO_MEMORY;
}

/** Adds a member that `dictFind` has just failed to find. */
function linkMember(dict: u32, ptr: u32, length: u32): bool {
  const m = entryNew(ptr, length, -1, 0);
  if (m == 0) return false;
  if (dictAdd(dict, m)) return true;
  entryFree(m);
  return false;
}

function packedAdd(e: u32): i32 {
  memberText();
  const lp = entryPointer(e);
  if (lpFind(lp, lpFirst(lp), memberPtr, memberLen, 0) != 0) return SET_THERE;
  if (!fitsPacked(lpCount(lp) + 1, <u64>lpBytes(lp) + lpEncodedBytes(memberPtr, memberLen))) {
    return setToTable(e) ? tableAdd(entryPointer(e)) : SET_NO_MEMORY;
  }
  const fresh = lpAppend(lp, memberPtr, memberLen);
  if (fresh == 0) return SET_NO_MEMORY;
  entrySetPointer(e, fresh);
  return SET_ADDED;
}

@inline function fitsPacked(count: u32, bytes: u64): bool {
  return count <= limits().packedEntriesMax && bytes <= <u64>limits().packedBytesMax;
}

function integersAdd(e: u32): i32 {
  const set = entryPointer(e);
  if (memberIsInt()) {
    if (intsetFind(set, memberInt)) return SET_THERE;
    if (intsetCount(set) < min(limits().setMaxIntsetEntries, INTSET_COUNT_MAX)) {
      const fresh = intsetAdd(set, memberInt);
      if (fresh == 0) return SET_NO_MEMORY;
      entrySetPointer(e, fresh);
      return SET_ADDED;
    }
  }
  memberText();
  if (!setLeaveIntset(e, lpEncodedBytes(memberPtr, memberLen))) return SET_NO_MEMORY;
  return entryEncoding(e) == ENC_TABLE ? tableAdd(entryPointer(e)) : packedAdd(e);
}

/** Makes an intset packed, or a table if it would be too large with `more` bytes for one more member. False: no memory. */
export function setLeaveIntset(e: u32, more: u64): bool {
  const set = entryPointer(e);
  const count = intsetCount(set);
  let bytes = <u64>LP_EMPTY_BYTES + more;
  if (count < limits().packedEntriesMax) {
    for (let i: u32 = 0; i < count; i++) bytes += lpEncodedIntBytes(intsetValue(set, i));
  }
  if (!fitsPacked(count + 1, bytes)) return setToTable(e);
  const lp = lpNew(<u32>bytes);
  if (lp == 0) return false;
  // There is room for all of them: the block stays where it is.
  for (let i: u32 = 0; i < count; i++) lpAppendInt(lp, intsetValue(set, i));
  become(e, ENC_PACKED, lp);
  return true;
}

/** The set in its new form; the old one, a single block, is freed. */
function become(e: u32, encoding: u32, pointer: u32): void {
  arenaFree(entryPointer(e));
  entrySetEncoding(e, TYPE_SET, encoding);
  entrySetPointer(e, pointer);
}

/** Makes an intset or a packed set a table. False: no memory, nothing changed. */
export function setToTable(e: u32): bool {
  const dict = dictNew();
  if (dict == 0) return false;
  const pointer = entryPointer(e);
  if (!(entryEncoding(e) == ENC_INTSET ? integersInto(dict, pointer) : packedInto(dict, pointer))) {
    dictReclaim(dict, i32.MAX_VALUE);
    return false;
  }
  become(e, ENC_TABLE, dict);
  return true;
}

function integersInto(dict: u32, set: u32): bool {
  const count = intsetCount(set);
  const text = win + SPARE_SET_TEXT;
  for (let i: u32 = 0; i < count; i++) {
    const length = formatI64(intsetValue(set, i), text);
    dictFind(dict, text, length);
    if (!linkMember(dict, text, length)) return false;
  }
  return true;
}

function packedInto(dict: u32, lp: u32): bool {
  for (let p = lpFirst(lp); p != 0; p = lpNext(lp, p)) {
    lpView(p, 0);
    dictFind(dict, lpPtr, lpLen);
    if (!linkMember(dict, lpPtr, lpLen)) return false;
  }
  return true;
}

/** Takes the member in hand out. False: it was not there. An empty set is the caller's to remove. */
export function setRemove(e: u32): bool {
  const encoding = entryEncoding(e);
  const pointer = entryPointer(e);
  if (encoding == ENC_INTSET) {
    if (!memberIsInt() || !intsetFind(pointer, memberInt)) return false;
    entrySetPointer(e, intsetRemoveAt(pointer, intsetIndex));
    return true;
  }
  memberText();
  if (encoding == ENC_TABLE) {
    if (dictFind(pointer, memberPtr, memberLen) == 0) return false;
    entryFree(dictRemove(pointer));
    return true;
  }
  const p = lpFind(pointer, lpFirst(pointer), memberPtr, memberLen, 0);
  if (p == 0) return false;
  entrySetPointer(e, lpDelete(pointer, p));
  return true;
}

/** What adding `count` members of `bytes` bytes altogether may take, to ask the arena before a large addition. */
export function setGrowthBytes(e: u32, count: u64, bytes: u64): u64 {
  const isTable = e != 0 && entryEncoding(e) == ENC_TABLE;
  const had: u64 = e == 0 || isTable ? 0 : setSize(e);
  const segments = isTable ? dictGrowthBytes(entryPointer(e), count) : ((count + had) / 128 + 2) * 4096;
  return segments + bytes + count * 24 + had * 32;
}
