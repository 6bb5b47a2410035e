// One field of a hash in table form: an entry (table/entry.ts) whose key is the field's name, whose value is kept as a
// string's is, and whose expiry is the field's own deadline. It is owned by the dict that holds it.
import {
  ENC_BLOB, ENC_INLINE, ENC_INT, INLINE_VALUE_MAX, TYPE_STRING, entryBytesFor, entryEncoding, entryFree, entryHasExpiry, entryKeyLen, entryNew,
  entryPointer, entrySetEncoding, entrySetInlineLen, entrySetPointer, entryValue,
} from '../../table/entry';
import { arenaSize } from '../../memory/arena';
import { blobBytes, blobDrop, blobNew } from '../blob';
import { parseI64, parsedI64 } from '../integer';

/** An integer takes eight bytes: shorter texts are smaller as they are. */
const INT_CHARS_MIN: u32 = 9;
/** Room that a value overwritten in place may leave unused. */
const WASTE_MAX: u32 = 32;

/**
 * A field that no dict holds yet.
 * @param deadline Unix milliseconds; -1: none.
 * @returns 0: no memory.
 */
export function fieldNew(name: u32, nameLen: u32, ptr: u32, length: u32, deadline: i64): u32 {
  if (length > INLINE_VALUE_MAX) {
    const blob = blobNew(length, length);
    if (blob == 0) return 0;
    memory.copy(blobBytes(blob), ptr, length);
    const big = entryNew(name, nameLen, deadline, 4);
    if (big == 0) { blobDrop(blob); return 0; }
    entrySetEncoding(big, TYPE_STRING, ENC_BLOB);
    entrySetPointer(big, blob);
    return big;
  }
  const isInt = length >= INT_CHARS_MIN && parseI64(ptr, length);
  const f = entryNew(name, nameLen, deadline, isInt ? 8 : length);
  if (f == 0) return 0;
  if (isInt) {
    entrySetEncoding(f, TYPE_STRING, ENC_INT);
    store<i64>(entryValue(f), parsedI64);
  } else putInline(f, ptr, length);
  return f;
}

function putInline(f: u32, ptr: u32, length: u32): void {
  entrySetEncoding(f, TYPE_STRING, ENC_INLINE);
  entrySetInlineLen(f, length);
  memory.copy(entryValue(f), ptr, length);
}

/** Writes a value over a short one where it lies, if it fits there well. The deadline stays as it is. */
export function fieldOverwrite(f: u32, ptr: u32, length: u32): bool {
  if (length > INLINE_VALUE_MAX || entryEncoding(f) == ENC_BLOB) return false;
  const need = entryBytesFor(entryKeyLen(f), entryHasExpiry(f), length);
  const have = arenaSize(f);
  if (need > have || need + WASTE_MAX < have) return false;
  putInline(f, ptr, length);
  return true;
}

/** Frees a field that no dict holds any more. */
export function fieldDrop(f: u32): void {
  if (entryEncoding(f) == ENC_BLOB) blobDrop(entryPointer(f));
  entryFree(f);
}

/** Bytes of the blocks that a field owns. */
export function fieldBytes(f: u32): u64 {
  return <u64>arenaSize(f) + (entryEncoding(f) == ENC_BLOB ? <u64>arenaSize(entryPointer(f)) : 0);
}
