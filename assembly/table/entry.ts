// An entry is one key with everything a lookup needs, in one arena block of its own.
//
//   offset size field
//        0    4 meta      bits 0..23 access clock (LRU seconds; or LFU: minutes << 8 | counter) · 24..27 type · 28..31 encoding
//        4    1 flags     ENTRY_*
//        5    1 valueLen  bytes of an inline value
//        6    2 keyLen    bytes; 0xffff: the real length is a u32 in front of the key
//        8    8 expiresMs i64, only with ENTRY_EXPIRES
//             4 keyLen    u32, only for keys of 65535 bytes and more
//               key       bytes
//               value     INLINE: valueLen bytes · INT: i64 · BLOB and containers: u32 address; none of them aligned
//
// An entry is a key of a database; or a member of a large hash, set or sorted set, in a table of that value's own.
//
// The block is owned by the table slot that points at it; changing its size means a new block and a new pointer there.
import { arenaAlloc, arenaFree, arenaSize } from '../memory/arena';
import { SNAPSHOT_STATE } from '../memory/layout';

export const ENTRY_EXPIRES: u32 = 1;
/** Reports `raw` whatever its length: made or changed in place, as APPEND, SETRANGE and SETBIT do. */
export const ENTRY_RAW: u32 = 2;
/** An integer of its own, where Redis would not share one (a COPY of it): OBJECT REFCOUNT answers 1. */
export const ENTRY_UNSHARED: u32 = 4;
/** A foreign value brought in for one command. It is in no table. */
export const ENTRY_GUEST: u32 = 8;
/** Has once been beyond Redis's limits for its compact encoding: reports the other one, whatever its form. */
export const ENTRY_LARGE: u32 = 16;
/** A hash that has, or lately had, fields with deadlines (types/hash/deadlines.ts). Counted in the table's root. */
export const ENTRY_FIELDS: u32 = 32;
/**
 * Of a key: the parity of snapshot/state.ts when it was made or last saved. It belongs to the entry whatever becomes of its
 * value, so entryFlags and entrySetFlags leave it out; a copy of the whole entry takes it along.
 */
export const ENTRY_PARITY: u32 = 64;

// Types, by Redis's numbers.
export const TYPE_STRING: u32 = 0;
export const TYPE_LIST: u32 = 1;
export const TYPE_SET: u32 = 2;
export const TYPE_ZSET: u32 = 3;
export const TYPE_HASH: u32 = 4;
export const TYPE_STREAM: u32 = 6;

// Encodings. From ENC_BLOB on the value is one u32, the address of a block, so that it can change its form in place.
export const ENC_INLINE: u32 = 0;
export const ENC_INT: u32 = 1;
/** A string too long for its entry (types/blob.ts). */
export const ENC_BLOB: u32 = 2;
/** A listpack (types/listpack.ts): a list, hash, set or sorted set of few small elements. */
export const ENC_PACKED: u32 = 3;
/** A sorted array of integers: a set. */
export const ENC_INTSET: u32 = 4;
/** A table of members (types/dict.ts): a hash or a set. */
export const ENC_TABLE: u32 = 5;
/** A chain of listpacks: a list. */
export const ENC_NODES: u32 = 6;
/** A table of members and a ranked tree: a sorted set. */
export const ENC_TREE: u32 = 7;
/** Listpacks by ID, and groups: a stream. */
export const ENC_STREAM: u32 = 8;

export const INLINE_VALUE_MAX: u32 = 255;
const WIDE: u32 = 0xffff;
const HEADER_BYTES: u32 = 8;

@inline export function entryMeta(e: u32): u32 { return load<u32>(e); }
@inline export function entryClock(e: u32): u32 { return load<u32>(e) & 0xffffff; }
@inline export function entrySetClock(e: u32, clock: u32): void { store<u32>(e, (load<u32>(e) & 0xff000000) | clock); }
@inline export function entryType(e: u32): u32 { return (load<u32>(e) >>> 24) & 15; }
@inline export function entryEncoding(e: u32): u32 { return load<u32>(e) >>> 28; }
@inline export function entrySetEncoding(e: u32, type: u32, encoding: u32): void {
  store<u32>(e, (load<u32>(e) & 0xffffff) | (type << 24) | (encoding << 28));
}
@inline export function entryFlags(e: u32): u32 { return <u32>load<u8>(e, 4) & ~ENTRY_PARITY; }
@inline export function entrySetFlags(e: u32, flags: u32): void { store<u8>(e, entryParity(e) | flags, 4); }
/** What new entries are born with: the first word of snapshot/state.ts. */
@inline export function parityNow(): u32 { return load<u32>(SNAPSHOT_STATE); }
@inline export function entryParity(e: u32): u32 { return <u32>load<u8>(e, 4) & ENTRY_PARITY; }
@inline export function entryFlipParity(e: u32): void { store<u8>(e, <u32>load<u8>(e, 4) ^ ENTRY_PARITY, 4); }
@inline export function entryInlineLen(e: u32): u32 { return load<u8>(e, 5); }
@inline export function entrySetInlineLen(e: u32, length: u32): void { store<u8>(e, length, 5); }
@inline export function entryHasExpiry(e: u32): bool { return (load<u8>(e, 4) & ENTRY_EXPIRES) != 0; }
/** Unix milliseconds, or -1. */
@inline export function entryExpiry(e: u32): i64 { return entryHasExpiry(e) ? load<i64>(e, 8) : -1; }
@inline export function entryStoreExpiry(e: u32, atMs: i64): void { store<i64>(e, atMs, 8); }

@inline function fieldsEnd(e: u32): u32 { return e + HEADER_BYTES + ((<u32>load<u8>(e, 4) & ENTRY_EXPIRES) << 3); }
@inline export function entryKeyLen(e: u32): u32 {
  const short = <u32>load<u16>(e, 6);
  return short != WIDE ? short : load<u32>(fieldsEnd(e));
}
@inline export function entryKey(e: u32): u32 {
  return fieldsEnd(e) + (<u32>load<u16>(e, 6) == WIDE ? 4 : 0);
}
/** Address of the value's bytes: inline bytes, the i64, or the u32 address. */
@inline export function entryValue(e: u32): u32 { return entryKey(e) + entryKeyLen(e); }
@inline export function entryPointer(e: u32): u32 { return load<u32>(entryValue(e)); }
@inline export function entrySetPointer(e: u32, pointer: u32): void { store<u32>(entryValue(e), pointer); }

/** Bytes of an entry with these parts. */
@inline export function entryBytesFor(keyLen: u32, expires: bool, valueBytes: u32): u32 {
  return HEADER_BYTES + (expires ? 8 : 0) + (keyLen >= WIDE ? 4 : 0) + keyLen + valueBytes;
}

/**
 * A new entry with key and expiry filled in; clock, type, encoding 0; the value not initialised.
 * @param expiresMs -1: none.
 * @returns 0: no memory.
 */
export function entryNew(keyPtr: u32, keyLen: u32, expiresMs: i64, valueBytes: u32): u32 {
  const expires = expiresMs >= 0;
  const e = arenaAlloc(entryBytesFor(keyLen, expires, valueBytes));
  if (e == 0) return 0;
  store<u32>(e, 0);
  store<u32>(e, (expires ? ENTRY_EXPIRES : 0) | parityNow() | (min(keyLen, WIDE) << 16), 4);
  if (expires) store<i64>(e, expiresMs, 8);
  if (keyLen >= WIDE) store<u32>(fieldsEnd(e), keyLen);
  const key = entryKey(e);
  if (keyLen <= 16 && keyLen >= 8) {
    const tail = load<u64>(keyPtr + keyLen - 8);
    store<u64>(key, load<u64>(keyPtr));
    store<u64>(key + keyLen - 8, tail);
  } else memory.copy(key, keyPtr, keyLen);
  return e;
}
@inline export function entryBlockBytes(e: u32): u32 { return arenaSize(e); }
@inline export function entryFree(e: u32): void { arenaFree(e); }

/** Do these bytes equal the entry's key? */
@inline export function entryKeyIs(e: u32, ptr: u32, length: u32): bool {
  if (<u32>load<u16>(e, 6) != min(length, WIDE)) return false;
  if (length >= WIDE && entryKeyLen(e) != length) return false;
  return bytesEqual(entryKey(e), ptr, length);
}

@inline export function bytesEqual(a: u32, b: u32, length: u32): bool {
  if (length >= 8) {
    if (length <= 16) {
      return ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a + length - 8) ^ load<u64>(b + length - 8))) == 0;
    }
    return longEqual(a, b, length);
  }
  if (length >= 4) return ((load<u32>(a) ^ load<u32>(b)) | (load<u32>(a + length - 4) ^ load<u32>(b + length - 4))) == 0;
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

function longEqual(a: u32, b: u32, length: u32): bool {
  const stop = length - 16;
  for (let i: u32 = 0; i < stop; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
  }
  return !v128.any_true(v128.xor(v128.load(a + stop), v128.load(b + stop)));
}
