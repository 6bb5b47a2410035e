// Active expiry: a pass over the segments that may hold something to expire, one segment at a time.
//
// Each segment keeps a time before which none of its entries expires, so a segment with nothing due costs one
// comparison. Writes lower that bound (noteExpiry), a split resets it to 0, and a pass over the segment finds it anew.
import { nowMs, setDb, db } from '../commands/context';
import { HEADER_FLAG_CLOCK_STOPPED, header } from '../memory/layout';
import { largeUnsaved } from '../snapshot/before-write';
import { hashBound, hashPurge, purgeLeft, purgeRefused, purged } from '../types/hash/deadlines';
import { ENTRY_FIELDS, entryExpiry, entryFlags, entryHasExpiry, entryKey, entryKeyLen } from './entry';
import { expireFound } from './keyspace';
import { BUCKETS, STASH, bucketAt, found, root, segmentAt, slotAt, usedSlots } from './table';
import { tableHash } from './hash';

/**
 * Goes on with active expiry for at most about `budget` entries and segments looked at.
 * @returns entries expired; header.expiryStale is 1 when the budget ended the call and not the keyspace.
 */
export function expireCycle(budget: u32): u32 {
  const h = header();
  h.expiryStale = 0;
  if (h.flags & HEADER_FLAG_CLOCK_STOPPED) return 0;
  const kept = db;
  let left = <i32>budget;
  let total: u32 = 0;
  for (let turn: u32 = 0; turn <= h.databaseCount; turn++) {
    const database = h.expireCursorDb;
    const r = root(database);
    setDb(database);
    while ((r.expires | r.fielded) != 0 && r.directory != 0 && h.expireCursorSegment < (<u32>1 << r.depth)) {
      if (left <= 0) { h.expiryStale = 1; setDb(kept); return total; }
      const segment = load<u32>(r.directory + (h.expireCursorSegment << 2));
      const s = segmentAt(segment);
      const span: u32 = 1 << (r.depth - s.depth);
      left--;
      if ((s.expires | s.fielded) != 0 && s.minExpiry < nowMs) {
        const gone = expireSegment(database, segment, left);
        total += gone;
        left -= <i32>(gone * 4 + s.count / 4 + fieldsGone * 4);
        // Fields are left that are due: the same segment again, next time.
        if (fieldsLeft) { left = 0; continue; }
      }
      h.expireCursorSegment = (h.expireCursorSegment & ~(span - 1)) + span;
    }
    h.expireCursorSegment = 0;
    h.expireCursorDb = database + 1 < h.databaseCount ? database + 1 : 0;
  }
  setDb(kept);
  return total;
}

/** Fields that the last `expireSegment` took out of hashes, and whether there are more. */
let fieldsGone: u32 = 0;
let fieldsLeft: bool = false;

/** Takes out what is due of a hash's fields; answers when the next one may be. Overwrites found*. */
function expireFields(e: u32, budget: i32): i64 {
  if (hashBound(e) >= nowMs || largeUnsaved(e)) return hashBound(e);
  const lives = hashPurge(e, max(budget - <i32>fieldsGone * 4, 1), 0);
  fieldsGone += purged;
  if (lives == 0) return i64.MAX_VALUE;
  if (purgeLeft <= 0 && !purgeRefused) fieldsLeft = true;
  return hashBound(e);
}

/** Expires what is due in one segment (at most 756 entries) and finds its bound anew. */
function expireSegment(database: u32, segment: u32, budget: i32): u32 {
  fieldsGone = 0;
  fieldsLeft = false;
  const s = segmentAt(segment);
  let least = i64.MAX_VALUE;
  let gone: u32 = 0;
  for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
    const bucket = bucketAt(segment, b);
    let mask = usedSlots(bucket);
    while (mask != 0) {
      const slot = ctz(mask);
      mask &= mask - 1;
      const e = load<u32>(slotAt(bucket, slot));
      if (entryHasExpiry(e)) {
        const at = entryExpiry(e);
        if (nowMs > at) {
          found(segment, bucket, slot, tableHash(entryKey(e), entryKeyLen(e)));
          if (expireFound(database)) { gone++; continue; }
        }
        least = min(least, at);
      }
      if (entryFlags(e) & ENTRY_FIELDS) least = min(least, fieldsLeft ? 0 : expireFields(e, budget));
    }
  }
  s.minExpiry = least;
  return gone;
}
