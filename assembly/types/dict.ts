// A dict holds the members of a large hash, set or sorted set: the keyspace's table over entries whose keys are the
// fields or members. It grows without a stall, its cursors survive growth, and a hash's field may carry a deadline as a
// key does. The container that a dict belongs to owns it.
//
// Dict, 40 bytes:
//        0    4 next        in the list of dropped values (types/value.ts); 0 while the dict lives
//        4    4 kind        what the dropped block is
//        8   32 root        of the table (table/table.ts); its last words are the place of `dictReclaim`
//
// Every call below leaves its place in table.ts's found*, over that of the key: look the key up again before touching
// the key's own slot.
import { arenaAlloc, arenaFree, arenaSize } from '../memory/arena';
import { ENC_BLOB, entryEncoding, entryPointer } from '../table/entry';
import { entryDrop } from '../table/keyspace';
import { randomMember } from '../table/scan';
import {
  BUCKETS, ROOT_BYTES, Root, STASH, bucketAt, find, insert, replaceFound, segmentAt, slotAt, tableCheck, tableGrowthBytes, unlinkFound, usedSlots,
} from '../table/table';

const ROOT_OFFSET: u32 = 8;
export const DICT_BYTES: u32 = ROOT_OFFSET + ROOT_BYTES;

/** The table's root: for walks (table/scan.ts) and field expiry. */
@inline export function dictRoot(dict: u32): Root { return changetype<Root>(dict + ROOT_OFFSET); }
/** Members, those included whose time has come. */
@inline export function dictCount(dict: u32): u32 { return dictRoot(dict).count; }

/** An empty dict; 0: no memory. */
export function dictNew(): u32 {
  const dict = arenaAlloc(DICT_BYTES);
  if (dict != 0) memory.fill(dict, 0, DICT_BYTES);
  return dict;
}

/** The member's entry, or 0. */
@inline export function dictFind(dict: u32, ptr: u32, length: u32): u32 { return find(dictRoot(dict), ptr, length); }
/** Adds an entry whose key the last `dictFind` did not find. False: no memory, the entry stays the caller's. */
@inline export function dictAdd(dict: u32, e: u32): bool { return insert(dictRoot(dict), e); }
/** Puts `e` in the place of the entry that `dictFind` has just found; that one is the caller's then. */
@inline export function dictReplace(dict: u32, e: u32): void { replaceFound(dictRoot(dict), e); }
/** Takes out the entry that `dictFind` has just found; it is the caller's then (`entryDrop` frees it with its value). */
@inline export function dictRemove(dict: u32): u32 { return unlinkFound(dictRoot(dict)); }

/** A random live member, each about equally likely, or 0. `out`: scratch for COLLECT_MAX addresses. */
@inline export function dictRandom(dict: u32, out: u32): u32 { return randomMember(dictRoot(dict), out); }

/** Upper bound of what adding `count` members makes the table ask for, their entries aside. */
@inline export function dictGrowthBytes(dict: u32, count: u64): u64 { return tableGrowthBytes(dictRoot(dict), count); }

/** Bytes of all blocks: root, directory, segments, entries and their blobs. */
export function dictBytes(dict: u32): u64 {
  const r = dictRoot(dict);
  let sum: u64 = arenaSize(dict);
  if (r.directory == 0) return sum;
  sum += arenaSize(r.directory);
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    sum += arenaSize(segment);
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      let mask = usedSlots(bucketAt(segment, b));
      while (mask != 0) {
        const e = load<u32>(slotAt(bucketAt(segment, b), ctz(mask)));
        mask &= mask - 1;
        sum += arenaSize(e);
        if (entryEncoding(e) == ENC_BLOB) sum += arenaSize(entryPointer(e));
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
  return sum;
}

/** About the bytes of the members, of which some are looked at. */
export function dictWeight(dict: u32, sample: u32): u64 {
  const r = dictRoot(dict);
  if (r.directory == 0) return 0;
  let sum: u64 = 0;
  let seen: u32 = 0;
  const segment = load<u32>(r.directory);
  for (let b: u32 = 0; b < BUCKETS && seen < sample; b++) {
    let mask = usedSlots(bucketAt(segment, b));
    while (mask != 0 && seen < sample) {
      const e = load<u32>(slotAt(bucketAt(segment, b), ctz(mask)));
      mask &= mask - 1;
      sum += arenaSize(e);
      if (entryEncoding(e) == ENC_BLOB) sum += arenaSize(entryPointer(e));
      seen++;
    }
  }
  return <u64>r.count * (seen != 0 ? sum / seen : 64);
}

/**
 * Frees members, segments and, at last, the dict itself. The table is of no use once this has begun.
 * @param budget About how many members may be freed.
 * @returns what is left of the budget; above zero only when everything is gone, the dict included.
 */
export function dictReclaim(dict: u32, budget: i32): i32 {
  const r = dictRoot(dict);
  let left = budget;
  if (r.directory != 0) {
    const size: u32 = 1 << r.depth;
    // fielded: the next directory slot; bound: the next bucket of its segment.
    while (r.fielded < size) {
      const segment = load<u32>(r.directory + (r.fielded << 2));
      while (<u32>r.bound < BUCKETS + STASH) {
        if (left <= 0) return 0;
        left -= <i32>dropBucket(bucketAt(segment, <u32>r.bound)) + 1;
        r.bound++;
      }
      const span: u32 = 1 << (r.depth - segmentAt(segment).depth);
      arenaFree(segment);
      r.fielded += span;
      r.bound = 0;
    }
    arenaFree(r.directory);
  }
  arenaFree(dict);
  return max(left, 1);
}

/** Frees the entries of one bucket of a table that nobody looks into any more; answers how many there were. */
export function dropBucket(bucket: u32): u32 {
  let mask = usedSlots(bucket);
  let dropped: u32 = 0;
  while (mask != 0) {
    entryDrop(load<u32>(slotAt(bucket, ctz(mask))));
    mask &= mask - 1;
    dropped++;
  }
  return dropped;
}

/** The table's own integrity check: 0, or the number of the rule that is broken. */
@inline export function dictCheck(dict: u32): u32 { return tableCheck(dictRoot(dict)); }
