// Walking a table: SCAN's cursor, RANDOMKEY, and the walk over everything; the same for the members of a container.
//
// A cursor is shard << 38 | position << 6 | bucket. `position` is the top 32 bits of the hash at which the segment in
// hand begins, `bucket` the next home bucket in it. A split leaves both true: the entries of home bucket b stay in home
// bucket b of whichever half they fall into, and the halves are visited one after the other. So a key that is there
// from start to end is seen, under any growth; one that moved from stash to home is seen once, since entries are told
// apart by where they belong and not by where they lie.
import { CALL_CLUSTER } from '../abi';
import { callFlags, db } from '../commands/context';
import { header } from '../memory/layout';
import { entryKey, entryKeyLen } from './entry';
import { expireFound, expired, random } from './keyspace';
import { BUCKETS, STASH, SLOTS, bucketAt, found, homeOf, Root, root, segmentAt, slotAt, usedSlots } from './table';
import { tableHash } from './hash';

/** Entries of the home bucket that `collect` was asked for: at most two buckets and the stash. */
export const COLLECT_MAX: u32 = (2 + STASH) * SLOTS;

/** The segment at a position of the hash space. */
function segmentAtPosition(r: Root, position: u32): u32 {
  const index = r.depth == 0 ? 0 : position >>> (32 - r.depth);
  return load<u32>(r.directory + (index << 2));
}

/**
 * Writes the live entries whose home is `bucket` to `out` (u32 each) and returns how many. Of the others, keys are
 * expired on the way (`walkKeys`), members passed over: their container knows when they may go.
 */
export function collect(segment: u32, bucket: u32, out: u32): u32 {
  let count: u32 = 0;
  const home = bucketAt(segment, bucket);
  for (let k: u32 = 0; k < 2 + STASH; k++) {
    if (k >= 2 && load<u8>(home, 12) == 0) break;
    const at = k == 0 ? home : k == 1 ? bucketAt(segment, bucket + 1 == BUCKETS ? 0 : bucket + 1) : bucketAt(segment, BUCKETS + k - 2);
    let mask = usedSlots(at);
    while (mask != 0) {
      const slot = ctz(mask);
      mask &= mask - 1;
      const e = load<u32>(slotAt(at, slot));
      const hash = tableHash(entryKey(e), entryKeyLen(e));
      if (homeOf(hash) != bucket) continue;
      if (expired(e)) {
        if (!walkKeys) continue;
        found(segment, at, slot, hash);
        expireFound(db);
        continue;
      }
      store<u32>(out + (count << 2), e);
      count++;
    }
  }
  return count;
}

/** The walk's place; `walkNext` moves it on. */
export let walkPosition: u32 = 0;
export let walkBucket: u32 = 0;
export let walkDone: bool = false;
/** The table that is being walked: the keys of the database in hand, or the members of a container. */
let walkRoot: u32 = 0;
let walkKeys: bool = false;

/** Begins a walk over the keys of the database in hand. */
export function walkBegin(position: u32, bucket: u32): void {
  walkTable(root(db), position, bucket);
  walkKeys = true;
}

/** Begins a walk over a table of members. Only one walk at a time. */
export function walkTable(r: Root, position: u32, bucket: u32): void {
  walkKeys = false;
  walkRoot = <u32>changetype<usize>(r);
  walkPosition = position;
  walkBucket = bucket < BUCKETS ? bucket : 0;
  walkDone = r.directory == 0;
}
@inline function walked(): Root { return changetype<Root>(walkRoot); }

/** The entries of the home bucket in hand, into `out`; then on to the next bucket. Call only while !walkDone. */
export function walkNext(out: u32): u32 {
  const segment = segmentAtPosition(walked(), walkPosition);
  const count = collect(segment, walkBucket, out);
  walkBucket++;
  if (walkBucket == BUCKETS) {
    walkBucket = 0;
    // The segment covers 2^(32-depth) positions, from a multiple of that on.
    const depth = <u32>segmentAt(segment).depth;
    const span: u64 = (<u64>1) << (32 - <u64>depth);
    const next = (<u64>walkPosition & ~(span - 1)) + span;
    if (next > 0xffffffff) { walkDone = true; walkPosition = 0; }
    else walkPosition = <u32>next;
  }
  return count;
}

/** The same for a walk over a container: position << 6 | bucket, 0 when it is done. */
export function walkTableCursor(): u64 { return walkDone ? 0 : (<u64>walkPosition << 6) | <u64>walkBucket; }

/** The cursor that goes on from the walk's place; 0 when the last shard is done, or the only one that is asked. */
export function walkCursor(): u64 {
  const h = header();
  if (!walkDone) return (<u64>h.shardIndex << 38) | (<u64>walkPosition << 6) | <u64>walkBucket;
  return (callFlags & CALL_CLUSTER) == 0 && h.shardIndex + 1 < h.shardCount ? <u64>(h.shardIndex + 1) << 38 : 0;
}

/** Picks tried before RANDOMKEY walks instead: a table is never that empty but by mass deletion. */
const PICKS: u32 = 512;

/** A random live key of the database in hand, each about equally likely, or 0. */
export function randomEntry(out: u32): u32 {
  walkBegin(0, 0);
  return pick(out);
}

/** The same for a member of a container. */
export function randomMember(r: Root, out: u32): u32 {
  walkTable(r, 0, 0);
  return pick(out);
}

function pick(out: u32): u32 {
  const table = walked();
  if (table.count == 0) return 0;
  for (let i: u32 = 0; i < PICKS; i++) {
    const r = random();
    const segment = segmentAtPosition(table, <u32>(r >> 32));
    // A segment that many directory slots name is drawn that much more often, and turned down that much more often.
    const span = <u64>1 << (table.depth - <u32>segmentAt(segment).depth);
    if (((r >> 16) & 0xffff & (span - 1)) != 0) continue;
    const place = (<u32>r & 0xffff) * ((BUCKETS + STASH) * SLOTS) >>> 16;
    const bucket = bucketAt(segment, place / SLOTS);
    const e = load<u32>(slotAt(bucket, place % SLOTS));
    if (e == 0) continue;
    if (!expired(e)) return e;
    if (!walkKeys) continue;
    found(segment, bucket, place % SLOTS, tableHash(entryKey(e), entryKeyLen(e)));
    expireFound(db);
  }
  const e = firstEntry(<u32>random(), out);
  return e != 0 ? e : firstEntry(0, out);
}

/** The first live entry from a position on, or 0. Empty segments are passed over. */
function firstEntry(position: u32, out: u32): u32 {
  walkPosition = position;
  walkBucket = 0;
  walkDone = false;
  while (!walkDone) {
    if (segmentAt(segmentAtPosition(walked(), walkPosition)).count == 0) walkBucket = BUCKETS - 1;
    if (walkNext(out) != 0) return load<u32>(out);
  }
  return 0;
}
