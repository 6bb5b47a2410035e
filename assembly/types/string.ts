// Strings: an i64, up to 255 bytes inside the entry, or a blob.
//
// `OBJECT ENCODING` must answer as Redis does: `int`; `embstr` up to 44 bytes; `raw` above, or once a string was made or
// changed in place. That is a flag of the entry (ENTRY_RAW), independent of where the bytes lie.
import { changed, db, win } from '../commands/context';
import {
  ENC_BLOB, ENC_INLINE, ENC_INT, ENTRY_EXPIRES, ENTRY_FIELDS, ENTRY_RAW, ENTRY_UNSHARED, INLINE_VALUE_MAX, TYPE_STRING, entryBlockBytes, entryBytesFor,
  entryClock, entryEncoding, entryExpiry, entryFlags, entryFree, entryHasExpiry, entryInlineLen, entryKeyLen, entryNew, entryPointer, entrySetClock,
  entrySetEncoding, entrySetFlags, entrySetInlineLen, entrySetPointer, entryStoreExpiry, entryType, entryValue,
} from '../table/entry';
import { keyNew } from '../events/events';
import { HEADER_FLAG_LFU, header } from '../memory/layout';
import { foundSegment, noteExpiry, root } from '../table/table';
import { entryReshaped, freshClock, link, supplant, swapFound } from '../table/keyspace';
import { replyBlob, replyBulk, replyBulkInt } from '../resp/encode';
import { blobBytes, blobDrop, blobGrow, blobLength, blobNew, blobSetLength } from './blob';
import { beforeWrite, isLarge } from '../snapshot/before-write';
import { unsaved } from '../snapshot/state';
import { formatI64, parseI64, parsedI64 } from './integer';
import { valueDrop } from './value';
import { SPARE_STRING } from '../memory/spare';


/** Where the bytes of the last `stringView` lie, and how many. Valid until the entry changes. */
export let viewPtr: u32 = 0;
export let viewLen: u32 = 0;

/** Makes a string's bytes visible at viewPtr/viewLen. `place` 0 or 1: which scratch an int is written to. */
export function stringView(e: u32, place: u32): void {
  const encoding = entryEncoding(e);
  if (encoding == ENC_INLINE) { viewPtr = entryValue(e); viewLen = entryInlineLen(e); }
  else if (encoding == ENC_BLOB) { const blob = entryPointer(e); viewPtr = blobBytes(blob); viewLen = blobLength(blob); }
  else { viewPtr = win + SPARE_STRING + (place << 5); viewLen = formatI64(load<i64>(entryValue(e)), viewPtr); }
}

export function stringLength(e: u32): u32 {
  const encoding = entryEncoding(e);
  if (encoding == ENC_INLINE) return entryInlineLen(e);
  if (encoding == ENC_BLOB) return blobLength(entryPointer(e));
  stringView(e, 0);
  return viewLen;
}

@inline export function isString(e: u32): bool { return entryType(e) == TYPE_STRING; }

/** The value as an integer: parsedI64 holds it. False: it is none. */
export function stringInteger(e: u32): bool {
  stringView(e, 0);
  return parseI64(viewPtr, viewLen);
}

/** Replies with the whole string. */
export function replyString(e: u32): void {
  const encoding = entryEncoding(e);
  if (encoding == ENC_INLINE) replyBulk(entryValue(e), entryInlineLen(e));
  else if (encoding == ENC_BLOB) replyBlob(entryPointer(e), 0, blobLength(entryPointer(e)));
  else replyBulkInt(load<i64>(entryValue(e)));
}

/** Replies with bytes [start, start+length) of a string. */
export function replyStringPart(e: u32, start: u32, length: u32): void {
  if (entryEncoding(e) == ENC_BLOB) { replyBlob(entryPointer(e), start, length); return; }
  stringView(e, 0);
  replyBulk(viewPtr + start, length);
}

/** Keep the expiry that the key has now. */
export const EXPIRY_KEEP: i64 = -2;
export const EXPIRY_NONE: i64 = -1;
/** Try to store as an integer, as SET does; without it the bytes stay bytes (INCRBYFLOAT, SETRANGE). */
export const STORE_INT: u32 = 1;
/** Report `raw` from now on. */
export const STORE_RAW: u32 = 2;

/**
 * Stores a string under a key. `old` is what `lookup` has just answered for that very key (0: not there).
 * @param expiresMs Unix ms, EXPIRY_NONE or EXPIRY_KEEP.
 * @returns the entry, or 0: no memory, nothing changed. Counts one change; does not log. Tells of the key if it is new, not
 *          of its change.
 */
export function setString(key: u32, keyLen: u32, old: u32, ptr: u32, length: u32, expiresMs: i64, how: u32): u32 {
  if (expiresMs == EXPIRY_KEEP) expiresMs = old != 0 ? entryExpiry(old) : EXPIRY_NONE;
  let encoding = length <= INLINE_VALUE_MAX ? ENC_INLINE : ENC_BLOB;
  if ((how & STORE_INT) && length <= 20 && length != 0 && <u32>load<u8>(ptr) - 45 <= 12 && parseI64(ptr, length)) encoding = ENC_INT;
  const inside: u32 = encoding == ENC_INT ? 8 : encoding == ENC_BLOB ? 4 : length;
  let blob: u32 = 0;
  if (encoding == ENC_BLOB) {
    blob = blobNew(length, length);
    if (blob == 0) return 0;
    memory.copy(blobBytes(blob), ptr, length);
  }
  // LFU counts how often the key is used, whatever it holds; LRU's clock starts anew with the value.
  const clock = old != 0 && (header().flags & HEADER_FLAG_LFU) != 0 ? entryClock(old) : freshClock();
  const e = entryFor(key, keyLen, old, expiresMs, inside);
  if (e == 0) {
    if (blob != 0) blobDrop(blob);
    return 0;
  }
  entrySetEncoding(e, TYPE_STRING, encoding);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | (how & STORE_RAW ? ENTRY_RAW : 0));
  entrySetClock(e, clock);
  const value = entryValue(e);
  if (encoding == ENC_INT) store<i64>(value, parsedI64);
  else if (encoding == ENC_BLOB) store<u32>(value, blob);
  else {
    entrySetInlineLen(e, length);
    if (length >= 8 && length <= 16) {
      const tail = load<u64>(ptr + length - 8);
      store<u64>(value, load<u64>(ptr));
      store<u64>(value + length - 8, tail);
    } else memory.copy(value, ptr, length);
  }
  changed(1);
  if (old == 0) keyNew(key, keyLen);
  return e;
}

/** Stores a blob, flagged raw; as setString otherwise. The blob is the string's from then on, unless the answer is 0. */
export function setBlob(key: u32, keyLen: u32, old: u32, blob: u32, expiresMs: i64): u32 {
  if (expiresMs == EXPIRY_KEEP) expiresMs = old != 0 ? entryExpiry(old) : EXPIRY_NONE;
  const e = entryFor(key, keyLen, old, expiresMs, 4);
  if (e == 0) return 0;
  entrySetEncoding(e, TYPE_STRING, ENC_BLOB);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | ENTRY_RAW);
  entrySetClock(e, freshClock());
  entrySetPointer(e, blob);
  changed(1);
  if (old == 0) keyNew(key, keyLen);
  return e;
}

/** Stores an integer; as setString otherwise. */
export function setInteger(key: u32, keyLen: u32, old: u32, value: i64, expiresMs: i64): u32 {
  if (old != 0 && entryEncoding(old) == ENC_INT && expiresMs == EXPIRY_KEEP) {
    store<i64>(entryValue(old), value);
    entrySetFlags(old, entryFlags(old) & ENTRY_EXPIRES);
    changed(1);
    return old;
  }
  const text = win + SPARE_STRING + 32;
  return setString(key, keyLen, old, text, formatI64(value, text), expiresMs, STORE_INT);
}

/**
 * An entry linked under the key with room for `inside` value bytes: the old block when it fits, else a new one. The old
 * value is gone on return.
 */
function entryFor(key: u32, keyLen: u32, old: u32, expiresMs: i64, inside: u32): u32 {
  if (old == 0) {
    const e = entryNew(key, keyLen, expiresMs, inside);
    if (e == 0) return 0;
    if (!link(e)) { entryFree(e); return 0; }
    return e;
  }
  const expires = expiresMs >= 0;
  const had = entryHasExpiry(old);
  const need = entryBytesFor(keyLen, expires, inside);
  const have = entryBlockBytes(old);
  // An unsaved value that is large is set aside with its entry.
  if (!isLarge(old)) beforeWrite(old);
  // Of a hash whose fields have deadlines the table keeps count: its entry is replaced.
  if (had == expires && need <= have && need + 32 > have && (entryFlags(old) & ENTRY_FIELDS) == 0 && !unsaved(old)) {
    valueDrop(old);
    if (expires) { entryStoreExpiry(old, expiresMs); noteExpiry(root(db), foundSegment, true, old); }
    return old;
  }
  const e = entryNew(key, keyLen, expiresMs, inside);
  if (e == 0) return 0;
  supplant(old, e);
  return e;
}

/**
 * Readies a string for being written in place up to `length` bytes: bytes, not an int; no longer shorter than `length`,
 * new bytes zero; not pinned; flagged raw. `e` is what `lookup` has just found. Afterwards viewPtr/viewLen show it.
 * @returns the entry (its address may have changed), or 0: no memory, nothing changed.
 */
export function stringWritable(e: u32, length: u32): u32 {
  beforeWrite(e);
  stringView(e, 0);
  const had = viewLen;
  const wanted = max(length, had);
  const encoding = entryEncoding(e);
  if (encoding == ENC_BLOB) {
    const blob = entryPointer(e);
    const fresh = blobGrow(blob, wanted);
    if (fresh == 0) return 0;
    entrySetPointer(e, fresh);
    if (wanted > had) memory.fill(blobBytes(fresh) + had, 0, wanted - had);
    entrySetFlags(e, entryFlags(e) | ENTRY_RAW);
    viewPtr = blobBytes(fresh);
    viewLen = wanted;
    return e;
  }
  const from = viewPtr;
  if (wanted <= INLINE_VALUE_MAX) {
    let target = e;
    if (encoding == ENC_INT || entryBytesFor(entryKeyLen(e), entryHasExpiry(e), wanted) > entryBlockBytes(e)) {
      // Some room to grow, so that a run of appends does not move the entry each time.
      target = entryReshaped(e, min(wanted + (wanted >> 1), INLINE_VALUE_MAX));
      if (target == 0) return 0;
      memory.copy(entryValue(target), from, had);
      swapFound(e, target);
    }
    entrySetEncoding(target, TYPE_STRING, ENC_INLINE);
    entrySetInlineLen(target, wanted);
    entrySetFlags(target, entryFlags(target) & ~ENTRY_UNSHARED | ENTRY_RAW);
    viewPtr = entryValue(target);
    viewLen = wanted;
    if (wanted > had) memory.fill(viewPtr + had, 0, wanted - had);
    return target;
  }
  let blob = blobNew(wanted, wanted + min<u32>(wanted, 0x100000));
  if (blob == 0) blob = blobNew(wanted, wanted);
  if (blob == 0) return 0;
  memory.copy(blobBytes(blob), from, had);
  memory.fill(blobBytes(blob) + had, 0, wanted - had);
  const target = entryReshaped(e, 4);
  if (target == 0) { blobDrop(blob); return 0; }
  swapFound(e, target);
  entrySetEncoding(target, TYPE_STRING, ENC_BLOB);
  entrySetFlags(target, entryFlags(target) & ~ENTRY_UNSHARED | ENTRY_RAW);
  entrySetPointer(target, blob);
  viewPtr = blobBytes(blob);
  viewLen = wanted;
  return target;
}

/** Cuts a string that `stringWritable` has just readied off at `length` bytes, no more than it has. */
export function stringTruncate(e: u32, length: u32): void {
  if (entryEncoding(e) == ENC_BLOB) blobSetLength(entryPointer(e), length);
  else entrySetInlineLen(e, length);
}

/** A new key holding `length` zero bytes, flagged raw; viewPtr/viewLen show it. `lookup` has just failed to find it. */
export function stringNewZeroed(key: u32, keyLen: u32, length: u32): u32 {
  let blob: u32 = 0;
  if (length > INLINE_VALUE_MAX) {
    blob = blobNew(length, length);
    if (blob == 0) return 0;
  }
  const e = entryNew(key, keyLen, EXPIRY_NONE, blob != 0 ? 4 : length);
  if (e == 0 || !link(e)) {
    if (e != 0) entryFree(e);
    if (blob != 0) blobDrop(blob);
    return 0;
  }
  entrySetEncoding(e, TYPE_STRING, blob != 0 ? ENC_BLOB : ENC_INLINE);
  entrySetFlags(e, ENTRY_RAW);
  entrySetClock(e, freshClock());
  if (blob != 0) entrySetPointer(e, blob);
  else entrySetInlineLen(e, length);
  viewPtr = blob != 0 ? blobBytes(blob) : entryValue(e);
  viewLen = length;
  memory.fill(viewPtr, 0, length);
  keyNew(key, keyLen);
  return e;
}
