// From a loaded container to a key: its entry, and the entry's place in the keyspace.
import { ENTRY_EXPIRES, entryFlags, entryNew, entrySetClock, entrySetEncoding, entrySetFlags, entrySetPointer } from '../../table/entry';
import { LOOKUP_QUIET, entryDrop, freshClock, link, lookup, supplant } from '../../table/keyspace';
import { loadedEncoding, loadedFlags, loadedPointer } from '../../rdb/reader';
import { typeOfRdb } from '../../types/save';
import { dropForm } from '../../types/value';

/**
 * An entry, in no table, around the container that containerLoad has just made.
 * @param expiresMs -1: none.
 * @returns 0: no memory, and the container is gone.
 */
export function entryOfLoaded(key: u32, keyLen: u32, rdbType: u32, expiresMs: i64): u32 {
  const type = typeOfRdb(rdbType);
  const e = entryNew(key, keyLen, expiresMs, 4);
  if (e == 0) { dropForm(type, loadedEncoding, loadedPointer); return 0; }
  entrySetEncoding(e, type, loadedEncoding);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | loadedFlags);
  entrySetClock(e, freshClock());
  entrySetPointer(e, loadedPointer);
  return e;
}

/** Puts the entry in the place of whatever its key holds. False: no memory, nothing changed, and the entry is gone. */
export function placeEntry(key: u32, keyLen: u32, e: u32): bool {
  const old = lookup(key, keyLen, LOOKUP_QUIET);
  if (old != 0) {
    supplant(old, e);
    return true;
  }
  if (link(e)) return true;
  entryDrop(e);
  return false;
}
