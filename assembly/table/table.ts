// The table: extendible hashing over fixed segments, after Dash (Lu et al., VLDB 2020; dragonfly's docs/dashtable.md).
// No insert moves more than one segment's entries. It holds the keys of a database, and the members of large
// containers (types/dict.ts): both are entries.
//
// A root names a directory of 2^depth segment addresses, indexed by the top `depth` bits of the key's hash.
// A segment of local depth d is named by 2^(depth-d) neighbouring directory slots. When one is full it splits: half of
// its entries (those whose next hash bit is 1) move to a new segment, to the same places. The directory doubles when
// the split segment was named by one slot only.
//
// Segment, 4096 bytes: a 64-byte header, 60 home buckets, 3 stash buckets.
//   offset size field
//        0    1 depth       local depth
//        2    2 count       entries
//        4    2 expires     entries with an expiry
//        6    2 fielded     entries flagged ENTRY_FIELDS
//        8    8 minExpiry   no entry expires, nor a field of it, before this Unix millisecond (i64; maximum: none does)
//       16   48 spare
//       64 3840 buckets     60 of 64 bytes
//     3904  192 stash       3 of 64 bytes
// Bucket, 64 bytes:
//        0   12 prints      fingerprints, one per slot; 0 marks an empty slot
//       12    1 overflow    entries that belong here and lie in the stash (home buckets only)
//       13    3 spare
//       16   48 entries     12 addresses
//
// An entry lies in its home bucket, the one after it (the last one's neighbour is the first), or the stash.
// Of the 64-bit hash, the top 32 bits choose the segment, bits 8..31 the home bucket, bits 0..7 the fingerprint.
//
// Root, 32 bytes:
//        0    4 directory   address, 0 for an empty database
//        4    4 depth
//        8    4 count       entries
//       12    4 expires     entries with an expiry
//       16    4 segments
//       20    4 fielded     entries flagged ENTRY_FIELDS
//       24    8 bound       of a hash's table: no field's deadline lies before this Unix millisecond (i64)
//                           of a database: what a snapshot knows of it, two u32 (snapshot/state.ts)
// The last two serve as the place of `dictReclaim` once a table is being freed.
import { arenaAlloc, arenaFree } from '../memory/arena';
import { header } from '../memory/layout';
import { ENTRY_FIELDS, entryFlags, entryHasExpiry, entryExpiry, entryKey, entryKeyIs, entryKeyLen } from './entry';
import { tableHash } from './hash';

export const ROOT_BYTES: u32 = 32;
export const SEGMENT_BYTES: u32 = 4096;
export const BUCKETS: u32 = 60;
export const STASH: u32 = 3;
export const SLOTS: u32 = 12;
const BUCKETS_OFFSET: u32 = 64;
const BUCKET_BYTES: u32 = 64;
const ALL_SLOTS: u32 = 0xfff;
/** 2^26 segments would need 256 GiB: a 4 GiB memory never comes near. */
const DEPTH_MAX: u32 = 26;

@unmanaged
export class Root { directory: u32; depth: u32; count: u32; expires: u32; segments: u32; fielded: u32; bound: i64; }
if (offsetof<Root>() != ROOT_BYTES) ERROR('Root no longer matches its drawing');
@unmanaged
export class Segment { depth: u8; pad0: u8; count: u16; expires: u16; fielded: u16; minExpiry: i64; }
if (offsetof<Segment>('minExpiry') != 8) ERROR('Segment no longer matches its drawing');
if (BUCKETS_OFFSET + (BUCKETS + STASH) * BUCKET_BYTES != SEGMENT_BYTES) ERROR('a segment is exactly one page');

@inline export function root(db: u32): Root { return changetype<Root>(header().rootsPtr + db * ROOT_BYTES); }
@inline export function segmentAt(p: u32): Segment { return changetype<Segment>(p); }
@inline export function bucketAt(segment: u32, index: u32): u32 { return segment + BUCKETS_OFFSET + index * BUCKET_BYTES; }
@inline export function homeOf(hash: u64): u32 { return (((<u32>hash >>> 8) & 0xffffff) * BUCKETS) >>> 24; }
@inline export function printOf(hash: u64): u32 { const p = <u32>hash & 255; return p == 0 ? 1 : p; }
@inline function directoryIndex(hash: u64, depth: u32): u32 { return <u32>((hash >> 1) >> (63 - depth)); }
@inline export function segmentOf(r: Root, hash: u64): u32 { return load<u32>(r.directory + (directoryIndex(hash, r.depth) << 2)); }
@inline function matches(bucket: u32, print: u32): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(v128.load(bucket), i8x16.splat(<i8>print))) & ALL_SLOTS;
}
@inline export function slotAt(bucket: u32, slot: u32): u32 { return bucket + 16 + (slot << 2); }
/** Bit mask of the slots in use. */
@inline export function usedSlots(bucket: u32): u32 { return matches(bucket, 0) ^ ALL_SLOTS; }

/** Where the last `find` found its entry. */
export let foundSegment: u32 = 0;
export let foundBucket: u32 = 0;
export let foundSlot: u32 = 0;
/** Hash of the key that `find` last looked for. */
export let foundHash: u64 = 0;

@inline function findIn(bucket: u32, print: u32, key: u32, length: u32): u32 {
  let mask = matches(bucket, print);
  while (mask != 0) {
    const slot = ctz(mask);
    const e = load<u32>(slotAt(bucket, slot));
    if (entryKeyIs(e, key, length)) {
      foundBucket = bucket;
      foundSlot = slot;
      return e;
    }
    mask &= mask - 1;
  }
  return 0;
}

/** The entry of a key, expired or not, or 0. Leaves where it is in found*. */
export function find(r: Root, key: u32, length: u32): u32 {
  const hash = tableHash(key, length);
  foundHash = hash;
  if (r.directory == 0) return 0;
  const segment = segmentOf(r, hash);
  foundSegment = segment;
  const home = homeOf(hash);
  const print = printOf(hash);
  const bucket = bucketAt(segment, home);
  let e = findIn(bucket, print, key, length);
  if (e != 0) return e;
  e = findIn(bucketAt(segment, home + 1 == BUCKETS ? 0 : home + 1), print, key, length);
  if (e != 0) return e;
  if (load<u8>(bucket, 12) == 0) return 0;
  for (let i = BUCKETS; i < BUCKETS + STASH; i++) {
    e = findIn(bucketAt(segment, i), print, key, length);
    if (e != 0) return e;
  }
  return 0;
}

/** The entry of the last `find`. */
@inline export function foundEntry(): u32 { return load<u32>(slotAt(foundBucket, foundSlot)); }

/** Points the slot of the last `find` at another block of the same key. */
export function replaceFound(r: Root, e: u32): void {
  const at = slotAt(foundBucket, foundSlot);
  const old = load<u32>(at);
  const had = entryHasExpiry(old);
  if (hasFields(old) || hasFields(e)) noteFields(r, foundSegment, hasFields(old), hasFields(e), 0);
  store<u32>(at, e);
  noteExpiry(r, foundSegment, had, e);
}

/** Keeps the counters of expiring entries and the segment's lower bound true after an entry's expiry changed. */
export function noteExpiry(r: Root, segment: u32, had: bool, e: u32): void {
  const has = entryHasExpiry(e);
  const s = segmentAt(segment);
  if (has != had) {
    if (has) { r.expires++; s.expires++; }
    else { r.expires--; s.expires--; }
  }
  if (has && entryExpiry(e) < s.minExpiry) s.minExpiry = entryExpiry(e);
}

@inline function hasFields(e: u32): bool { return (entryFlags(e) & ENTRY_FIELDS) != 0; }

/**
 * Keeps the counters of hashes whose fields have deadlines true, and the segment's lower bound.
 * @param bound None of the entry's fields has a deadline before it; 0 if that is not known.
 */
export function noteFields(r: Root, segment: u32, had: bool, has: bool, bound: i64): void {
  const s = segmentAt(segment);
  if (has != had) {
    if (has) { r.fielded++; s.fielded++; }
    else { r.fielded--; s.fielded--; }
  }
  if (has && bound < s.minExpiry) s.minExpiry = bound;
}

function newSegment(depth: u32): u32 {
  const segment = arenaAlloc(SEGMENT_BYTES);
  if (segment == 0) return 0;
  memory.fill(segment, 0, SEGMENT_BYTES);
  const s = segmentAt(segment);
  s.depth = <u8>depth;
  s.minExpiry = i64.MAX_VALUE;
  return segment;
}

@inline function place(bucket: u32, print: u32, e: u32): void {
  const slot = ctz(usedSlots(bucket) ^ ALL_SLOTS);
  store<u8>(bucket + slot, print);
  store<u32>(slotAt(bucket, slot), e);
  foundBucket = bucket;
  foundSlot = slot;
}

/** Puts an entry into the segment: the emptier of its two buckets, else the stash. False: no room. */
function placeIn(segment: u32, hash: u64, e: u32): bool {
  const home = homeOf(hash);
  const print = printOf(hash);
  const first = bucketAt(segment, home);
  const second = bucketAt(segment, home + 1 == BUCKETS ? 0 : home + 1);
  const usedFirst = popcnt(usedSlots(first));
  const usedSecond = popcnt(usedSlots(second));
  if (usedFirst <= usedSecond && usedFirst < SLOTS) { place(first, print, e); return true; }
  if (usedSecond < SLOTS) { place(second, print, e); return true; }
  for (let i = BUCKETS; i < BUCKETS + STASH; i++) {
    const stash = bucketAt(segment, i);
    if (usedSlots(stash) == ALL_SLOTS) continue;
    place(stash, print, e);
    store<u8>(first, load<u8>(first, 12) + 1, 12);
    return true;
  }
  return false;
}

/**
 * Links an entry whose key is not in the table; `foundHash` must hold its hash (a failed `find` leaves it there).
 * The entry's expiry must be set already. False: no memory, nothing changed.
 */
export function insert(r: Root, e: u32): bool {
  const hash = foundHash;
  if (r.directory == 0 && !createDirectory(r)) return false;
  for (let tries: u32 = 0; tries <= DEPTH_MAX; tries++) {
    const segment = segmentOf(r, hash);
    if (placeIn(segment, hash, e)) {
      foundSegment = segment;
      segmentAt(segment).count++;
      r.count++;
      noteExpiry(r, segment, false, e);
      if (hasFields(e)) noteFields(r, segment, false, true, 0);
      return true;
    }
    if (!split(r, hash)) return false;
  }
  return false;
}

function createDirectory(r: Root): bool {
  const directory = arenaAlloc(4);
  if (directory == 0) return false;
  const segment = newSegment(0);
  if (segment == 0) { arenaFree(directory); return false; }
  store<u32>(directory, segment);
  r.directory = directory;
  r.depth = 0;
  r.segments = 1;
  return true;
}

/** Splits the segment that `hash` leads to. */
function split(r: Root, hash: u64): bool {
  const from = segmentOf(r, hash);
  const depth = <u32>segmentAt(from).depth;
  if (depth >= DEPTH_MAX) return false;
  const to = newSegment(depth + 1);
  if (to == 0) return false;
  if (depth == r.depth && !doubleDirectory(r)) { arenaFree(to); return false; }
  segmentAt(from).depth = <u8>(depth + 1);
  // The slots that named `from` are 2^(r.depth - depth) neighbours; the upper half of them names `to` from now on.
  const half = 1 << (r.depth - depth - 1);
  const first = (directoryIndex(hash, depth) << (r.depth - depth)) + half;
  for (let i: u32 = 0; i < <u32>half; i++) store<u32>(r.directory + ((first + i) << 2), to);
  r.segments++;
  moveHalf(from, to, depth);
  return true;
}

/** Upper bound of the bytes that the table may ask for while `count` keys are inserted. */
export function tableGrowthBytes(r: Root, count: u64): u64 {
  // At worst all keys crowd into few segments: each split makes room for hundreds, and two may follow each other.
  const splits = count / 128 + 2;
  return splits * SEGMENT_BYTES + (<u64>16 << r.depth) + splits * 32;
}

function doubleDirectory(r: Root): bool {
  const size: u32 = 1 << r.depth;
  const wide = arenaAlloc(size << 3);
  if (wide == 0) return false;
  for (let i: u32 = 0; i < size; i++) {
    const segment = <u64>load<u32>(r.directory + (i << 2));
    store<u64>(wide + (i << 3), segment | (segment << 32));
  }
  arenaFree(r.directory);
  r.directory = wide;
  r.depth++;
  return true;
}

/** Moves the entries whose hash bit `depth` (from the top) is 1 to the same slots of `to`; then empties the stashes. */
function moveHalf(from: u32, to: u32, depth: u32): void {
  const f = segmentAt(from);
  const t = segmentAt(to);
  // The bound of both halves has to be found anew: the next pass of active expiry does that.
  const anyExpires = (f.expires | f.fielded) != 0;
  for (let i: u32 = 0; i < BUCKETS + STASH; i++) {
    const bucket = bucketAt(from, i);
    const other = bucketAt(to, i);
    let mask = usedSlots(bucket);
    store<u8>(bucket, 0, 12);
    while (mask != 0) {
      const slot = ctz(mask);
      mask &= mask - 1;
      const e = load<u32>(slotAt(bucket, slot));
      const hash = tableHash(entryKey(e), entryKeyLen(e));
      if (((hash >> (63 - <u64>depth)) & 1) == 0) continue;
      store<u8>(other + slot, load<u8>(bucket + slot));
      store<u32>(slotAt(other, slot), e);
      store<u8>(bucket + slot, 0);
      store<u32>(slotAt(bucket, slot), 0);
      f.count--;
      t.count++;
      if (entryHasExpiry(e)) { f.expires--; t.expires++; }
      if (hasFields(e)) { f.fielded--; t.fielded++; }
    }
  }
  if (anyExpires) {
    f.minExpiry = (f.expires | f.fielded) != 0 ? 0 : i64.MAX_VALUE;
    t.minExpiry = (t.expires | t.fielded) != 0 ? 0 : i64.MAX_VALUE;
  }
  unstash(from);
  unstash(to);
}

/** Brings stashed entries home where there is room now, and counts those that stay. Overflow counts must be 0 before. */
function unstash(segment: u32): void {
  for (let i = BUCKETS; i < BUCKETS + STASH; i++) {
    const stash = bucketAt(segment, i);
    let mask = usedSlots(stash);
    while (mask != 0) {
      const slot = ctz(mask);
      mask &= mask - 1;
      const e = load<u32>(slotAt(stash, slot));
      const hash = tableHash(entryKey(e), entryKeyLen(e));
      const home = homeOf(hash);
      const first = bucketAt(segment, home);
      const second = bucketAt(segment, home + 1 == BUCKETS ? 0 : home + 1);
      const target = usedSlots(first) != ALL_SLOTS ? first : usedSlots(second) != ALL_SLOTS ? second : 0;
      if (target == 0) { store<u8>(first, load<u8>(first, 12) + 1, 12); continue; }
      place(target, printOf(hash), e);
      store<u8>(stash + slot, 0);
      store<u32>(slotAt(stash, slot), 0);
    }
  }
}

/** Unlinks the entry of the last `find` and returns it; its block and value are the caller's now. */
export function unlinkFound(r: Root): u32 {
  const e = foundEntry();
  if (foundBucket >= bucketAt(foundSegment, BUCKETS)) {
    const home = bucketAt(foundSegment, homeOf(foundHash));
    assert(load<u8>(home, 12) != 0);
    store<u8>(home, load<u8>(home, 12) - 1, 12);
  }
  store<u8>(foundBucket + foundSlot, 0);
  store<u32>(slotAt(foundBucket, foundSlot), 0);
  const s = segmentAt(foundSegment);
  r.count--;
  s.count--;
  if (entryHasExpiry(e)) { r.expires--; s.expires--; }
  if (hasFields(e)) { r.fielded--; s.fielded--; }
  return e;
}

/** Makes found* name this slot, for a caller that walks segments itself. */
export function found(segment: u32, bucket: u32, slot: u32, hash: u64): void {
  foundSegment = segment;
  foundBucket = bucket;
  foundSlot = slot;
  foundHash = hash;
}

/**
 * The table's own integrity check: 0, or the number of the first rule that is broken.
 * Walks everything; for tests and DEBUG.
 */
export function tableCheck(r: Root): u32 {
  if (r.directory == 0) return r.count == 0 && r.expires == 0 ? 0 : 1;
  let count: u32 = 0;
  let expires: u32 = 0;
  let fielded: u32 = 0;
  let segments: u32 = 0;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    const s = segmentAt(segment);
    if (<u32>s.depth > r.depth) return 2;
    const span: u32 = 1 << (r.depth - s.depth);
    if ((i & (span - 1)) != 0) return 3;
    for (let k: u32 = 1; k < span; k++) if (load<u32>(r.directory + ((i + k) << 2)) != segment) return 4;
    const reason = segmentCheck(segment, i, r.depth);
    if (reason != 0) return reason;
    count += s.count;
    expires += s.expires;
    fielded += s.fielded;
    segments++;
    i += span;
  }
  if (count != r.count) return 5;
  if (expires != r.expires) return 6;
  if (fielded != r.fielded) return 8;
  if (segments != r.segments) return 7;
  return 0;
}

function segmentCheck(segment: u32, index: u32, depth: u32): u32 {
  const s = segmentAt(segment);
  let count: u32 = 0;
  let expires: u32 = 0;
  let fielded: u32 = 0;
  let stashed: u32 = 0;
  let overflow: u32 = 0;
  for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
    const bucket = bucketAt(segment, b);
    if (b < BUCKETS) overflow += load<u8>(bucket, 12);
    for (let slot: u32 = 0; slot < SLOTS; slot++) {
      const e = load<u32>(slotAt(bucket, slot));
      const print = <u32>load<u8>(bucket + slot);
      if ((e == 0) != (print == 0)) return 10;
      if (e == 0) continue;
      const hash = tableHash(entryKey(e), entryKeyLen(e));
      if (printOf(hash) != print) return 11;
      const home = homeOf(hash);
      if (b < BUCKETS && b != home && b != (home + 1 == BUCKETS ? 0 : home + 1)) return 12;
      if (b >= BUCKETS) stashed++;
      if (directoryIndex(hash, s.depth) != index >> (depth - s.depth)) return 13;
      count++;
      if (hasFields(e)) fielded++;
      if (entryHasExpiry(e)) {
        expires++;
        if (entryExpiry(e) < s.minExpiry) return 14;
      }
    }
  }
  if (count != s.count) return 15;
  if (expires != s.expires) return 16;
  if (fielded != s.fielded) return 18;
  if (stashed != overflow) return 17;
  return 0;
}
