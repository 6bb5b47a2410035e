// Commands that only the host sends (CALL_INTERNAL): how a value travels from one shard to another. Their names begin
// with NUL, which a client's frame cannot smuggle in.
//
//   NUL IMAGE key             bulk: the value's image, or null. Leaves the access clock alone.
//   NUL PUT key image [COPY]  stores the image under the key, replacing what is there; logged by value. +OK
//   NUL GUEST key image       takes the image in as a guest until `guestsClear`. +OK
//   NUL SIZE key              integer: about the bytes of the value, -1 if there is none. Touches nothing.
//   NUL DIGEST                bulk: 16 hex digits over the database's whole content (order-free)
//   NUL DBn command ...       any command, in database n: how the log names another database than 0 (exec.ts)
//
// Image, 16 bytes and the value's bytes:
//   0 type u8 · 1 encoding u8 (ENC_INT, or 0 for bytes) · 2 flags u8 (ENTRY_RAW, ENTRY_UNSHARED) · 3 spare · 4 clock u32 · 8 expiresMs i64 (-1 none)
import { argLen, argPtr, argc, changed, db, win } from './context';
import { kevyHash } from '../routing/kevyhash';
import { fxArg, fxBegin, fxEnd, fxInt, fxText, logOn, logReserve } from '../log/ring';
import { replyBulk, replyImage, replyInt, replyNull, replyOk } from '../resp/encode';
import { replyError, replyOom, replySyntax } from '../resp/errors';
import {
  ENC_BLOB, ENC_INT, ENTRY_RAW, ENTRY_UNSHARED, entryClock, entryEncoding, entryExpiry, entryFlags, entryKey, entryKeyLen, entryNew,
  entryPointer, entrySetClock, entrySetEncoding, entrySetFlags, entrySetInlineLen, entrySetPointer, entryType, entryValue, ENTRY_EXPIRES, INLINE_VALUE_MAX,
} from '../table/entry';
import { LOOKUP_QUIET, entryDrop, guestAdd, link, lookup, swapFound } from '../table/keyspace';
import { BUCKETS, STASH, bucketAt, root, slotAt, usedSlots, segmentAt } from '../table/table';
import { blobBytes, blobDrop, blobNew } from '../types/blob';
import { stringView, viewLen, viewPtr } from '../types/string';
import { mixDigest, valueDigest, valueDrop, valueSize } from '../types/value';

const IMAGE_HEADER_BYTES: u32 = 16;
const SCRATCH: u32 = 12160;

function nameIs(text: string): bool {
  const length = <u32>text.length;
  if (argLen(0) != length + 1) return false;
  const name = argPtr(0) + 1;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(name + i) != load<u8>(changetype<usize>(text) + (i << 1))) return false;
  return true;
}

export function dispatchInternal(): void {
  if (nameIs('IMAGE') && argc == 2) image();
  else if (nameIs('PUT') && (argc == 3 || argc == 4)) put();
  else if (nameIs('GUEST') && argc == 3) guest();
  else if (nameIs('SIZE') && argc == 2) size();
  else if (nameIs('DIGEST') && argc == 1) digest();
  else replyError('ERR unknown internal command');
}

function size(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  replyInt(e == 0 ? -1 : <i64>valueSize(e));
}

function image(): void {
  const e = lookup(argPtr(1), argLen(1), LOOKUP_QUIET);
  if (e == 0) { replyNull(); return; }
  const head = win + SCRATCH;
  const encoding = entryEncoding(e);
  store<u8>(head, entryType(e));
  store<u8>(head, encoding == ENC_INT ? ENC_INT : 0, 1);
  store<u16>(head, entryFlags(e) & (ENTRY_RAW | ENTRY_UNSHARED), 2);
  store<u32>(head, entryClock(e), 4);
  store<i64>(head, entryExpiry(e), 8);
  if (encoding == ENC_BLOB) { replyImage(head, IMAGE_HEADER_BYTES, entryPointer(e)); return; }
  if (encoding == ENC_INT) {
    store<i64>(head, load<i64>(entryValue(e)), 16);
    replyBulk(head, IMAGE_HEADER_BYTES + 8);
    return;
  }
  stringView(e, 0);
  const whole = head - 512;
  memory.copy(whole, head, IMAGE_HEADER_BYTES);
  memory.copy(whole + IMAGE_HEADER_BYTES, viewPtr, viewLen);
  replyBulk(whole, IMAGE_HEADER_BYTES + viewLen);
}

/** Is argument i an image? */
function isImage(i: u32): bool {
  return argLen(i) >= IMAGE_HEADER_BYTES && (load<u8>(argPtr(i), 1) != ENC_INT || argLen(i) == IMAGE_HEADER_BYTES + 8);
}

/** A new entry for the key from an image, linked nowhere; 0: no memory. */
function entryFromImage(key: u32, keyLen: u32, from: u32, bytes: u32): u32 {
  const length = bytes - IMAGE_HEADER_BYTES;
  const isInt = load<u8>(from, 1) == ENC_INT;
  const inside: u32 = isInt ? 8 : length <= INLINE_VALUE_MAX ? length : 4;
  let blob: u32 = 0;
  if (!isInt && length > INLINE_VALUE_MAX) {
    blob = blobNew(length, length);
    if (blob == 0) return 0;
    memory.copy(blobBytes(blob), from + IMAGE_HEADER_BYTES, length);
  }
  const e = entryNew(key, keyLen, load<i64>(from, 8), inside);
  if (e == 0) { if (blob != 0) blobDrop(blob); return 0; }
  entrySetEncoding(e, load<u8>(from), isInt ? ENC_INT : blob != 0 ? ENC_BLOB : 0);
  entrySetClock(e, load<u32>(from, 4) & 0xffffff);
  entrySetFlags(e, (entryFlags(e) & ENTRY_EXPIRES) | load<u8>(from, 2));
  if (blob != 0) entrySetPointer(e, blob);
  else {
    memory.copy(entryValue(e), from + IMAGE_HEADER_BYTES, inside);
    if (!isInt) entrySetInlineLen(e, length);
  }
  return e;
}

function put(): void {
  if (!isImage(2)) { replySyntax(); return; }
  const key = argPtr(1);
  const keyLen = argLen(1);
  if (!logReserve(<u64>argLen(2) + <u64>keyLen * 2 + 512)) { replyOom(); return; }
  const e = entryFromImage(key, keyLen, argPtr(2), argLen(2));
  if (e == 0) { replyOom(); return; }
  if (argc == 4 && entryEncoding(e) == ENC_INT) entrySetFlags(e, entryFlags(e) | ENTRY_UNSHARED);
  const old = lookup(key, keyLen, LOOKUP_QUIET);
  if (old != 0) {
    valueDrop(old);
    swapFound(old, e);
  } else if (!link(e)) { entryDrop(e); replyOom(); return; }
  changed(1);
  logValue(key, keyLen, e);
  replyOk();
}

/** Logs a key by its value: SET key value [PXAT ms]. */
export function logValue(key: u32, keyLen: u32, e: u32): void {
  if (!logOn()) return;
  stringView(e, 0);
  fxBegin('SET');
  fxArg(key, keyLen);
  fxArg(viewPtr, viewLen);
  if (entryExpiry(e) >= 0) { fxText('PXAT'); fxInt(entryExpiry(e)); }
  fxEnd();
}

function guest(): void {
  if (!isImage(2)) { replySyntax(); return; }
  const e = entryFromImage(argPtr(1), argLen(1), argPtr(2), argLen(2));
  if (e == 0) { replyOom(); return; }
  if (!guestAdd(e)) { entryDrop(e); replyOom(); return; }
  replyOk();
}

/** Digest of one database: a sum over its entries, so that the order in which they lie does not show. */
export function databaseDigest(database: u32): u64 {
  const r = root(database);
  let sum: u64 = 0;
  if (r.directory == 0) return 0;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      const bucket = bucketAt(segment, b);
      let mask = usedSlots(bucket);
      while (mask != 0) {
        const e = load<u32>(slotAt(bucket, ctz(mask)));
        mask &= mask - 1;
        let h = mixDigest(kevyHash(entryKey(e), entryKeyLen(e)), <u64>entryType(e));
        h = mixDigest(h, valueDigest(e));
        sum += mixDigest(h, <u64>entryExpiry(e));
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
  return sum;
}

function digest(): void {
  const value = databaseDigest(db);
  const text = win + SCRATCH;
  for (let i: u32 = 0; i < 16; i++) {
    const nibble = <u32>(value >> (60 - (<u64>i << 2))) & 15;
    store<u8>(text + i, nibble < 10 ? nibble + 48 : nibble + 87);
  }
  replyBulk(text, 16);
}
