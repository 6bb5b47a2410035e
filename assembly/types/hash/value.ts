// What every type of value answers to (types/value.ts), for hashes.
import { arenaSize } from '../../memory/arena';
import { kevyHash } from '../../routing/kevyhash';
import {
  ENC_PACKED, ENTRY_LARGE, TYPE_HASH, TYPE_STRING, entryEncoding, entryFlags, entryKey, entryKeyLen, entryPointer, entryType,
} from '../../table/entry';
import { dictBytes, dictCheck, dictCount, dictReclaim, dictRoot } from '../dict';
import { moveDict, movePointer } from '../moving';
import { lpBytes, lpCount, lpFirst, lpFree, lpLen, lpNext, lpPtr, lpView } from '../listpack';
import { lpValid } from '../listpack-valid';
import { DROP_AT_ONCE_MAX, dropLater, mixDigest } from '../value';
import { deadlinesSound } from './deadlines';
import { hashDeadline, hashFields, hashIsLarge, hashIsPacked, hashView, valueLen, valuePtr } from './hash';
import { fieldsBegin, slotNext, walkField } from './walk';

export { hashLoad, hashSave, hashSaveType } from './save';

/** Gives up a hash: a large table is freed later, in slices. */
export function hashDrop(encoding: u32, pointer: u32): void {
  if (encoding == ENC_PACKED) { lpFree(pointer); return; }
  // While a table lives, its spare words say when the first field goes; from now on, how far the freeing has got.
  dictRoot(pointer).bound = 0;
  if (dictCount(pointer) <= DROP_AT_ONCE_MAX) dictReclaim(pointer, i32.MAX_VALUE);
  else dropLater(TYPE_HASH, encoding, pointer);
}

/** Frees a slice of a dropped table; above zero: everything is gone. */
export function hashReclaim(pointer: u32, budget: i32): i32 { return dictReclaim(pointer, budget); }

/** Fields whose time has not come. */
export function hashCount(e: u32): u32 { return hashFields(e); }

export function hashBytes(e: u32): u64 { return hashIsPacked(e) ? <u64>arenaSize(entryPointer(e)) : dictBytes(entryPointer(e)); }

/** Redis's name of the form. A table that never was over the limits is one because of deadlines. */
export function hashEncoding(e: u32): string {
  if (hashIsLarge(e)) return 'hashtable';
  return hashIsPacked(e) ? 'listpack' : 'listpackex';
}

/** The same whatever the form, and in whatever order the fields lie. Fields whose time has come count while they are there. */
export function hashDigest(e: u32): u64 {
  let sum: u64 = 0;
  if (hashIsPacked(e)) {
    const lp = entryPointer(e);
    let p = lpFirst(lp);
    while (p != 0) {
      const value = lpNext(lp, p);
      lpView(p, 0);
      const name = kevyHash(lpPtr, lpLen);
      lpView(value, 0);
      sum += mixDigest(mixDigest(name, kevyHash(lpPtr, lpLen)), <u64>-1);
      p = lpNext(lp, value);
    }
    return sum;
  }
  fieldsBegin(e);
  while (slotNext()) {
    hashView(e, walkField, 0);
    const pair = mixDigest(kevyHash(entryKey(walkField), entryKeyLen(walkField)), kevyHash(valuePtr, valueLen));
    sum += mixDigest(pair, <u64>hashDeadline(e, walkField));
  }
  return sum;
}

/** Integrity: 0, or the number of the rule that is broken. Whether a field comes twice is not looked at in a listpack. */
export function hashCheck(e: u32): u32 {
  if (hashIsPacked(e)) {
    const lp = entryPointer(e);
    if (lpBytes(lp) > arenaSize(lp) || !lpValid(lp, lpBytes(lp), true)) return 101;
    return lpCount(lp) == 0 ? 102 : 0;
  }
  const dict = entryPointer(e);
  const reason = dictCheck(dict);
  if (reason != 0) return 110 + reason;
  if (dictCount(dict) == 0) return 103;
  fieldsBegin(e);
  while (slotNext()) if (entryType(walkField) != TYPE_STRING || entryEncoding(walkField) >= ENC_PACKED) return 104;
  return deadlinesSound(e) ? 0 : 105;
}

/** Moves blocks that would lie better elsewhere; answers what is left of the budget. */
export function hashDefrag(e: u32, budget: i32): i32 { return hashIsPacked(e) ? movePointer(e, budget) : moveDict(e, budget); }
