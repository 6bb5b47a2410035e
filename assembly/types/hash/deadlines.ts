// Deadlines of fields. They are the expiries of the entries in a hash's dict, so every segment of the dict knows how many
// it has and a time before which none of them passes. Above that:
//
//   Root.bound (of the dict)      no field's deadline lies before this Unix millisecond, while the dict has any
//   ENTRY_FIELDS (key's entry)    the hash has, or lately had, fields with deadlines
//   Root.fielded, Segment.fielded how many such entries a database and each of its segments hold
//   Segment.minExpiry             a bound below the key's own expiry and below the fields' bounds
//
// A field whose time has come is invisible at once. It is taken out, and HDEL logged, by the next command that may write
// to the hash, by reads in small portions, and by passes of active expiry (table/expiry.ts), which find the hash by the
// bounds of its segment. With its last field the key goes, and DEL is logged.
import { db, nowMs, win } from '../../commands/context';
import { fxArg, fxBegin, fxEnd, logOn, logReserve } from '../../log/ring';
import { NOTIFY_GENERIC, NOTIFY_HASH, keyEvent, keyModified } from '../../events/events';
import { EVENT_DEL, EVENT_HEXPIRED } from '../../events/names';
import { HEADER_FLAG_CLOCK_STOPPED, header } from '../../memory/layout';
import { SCRATCH_BYTES, windowScratch } from '../../memory/window';
import {
  ENC_TABLE, ENTRY_FIELDS, ENTRY_GUEST, entryEncoding, entryExpiry, entryFlags, entryHasExpiry, entryKey, entryKeyLen, entryPointer, entrySetFlags,
} from '../../table/entry';
import { expired, setExpiryIn } from '../../table/keyspace';
import { BUCKETS, Root, STASH, bucketAt, find, foundSegment, noteFields, root, segmentAt, slotAt, unlinkFound, usedSlots } from '../../table/table';
import { dictCount, dictFind, dictRemove, dictRoot } from '../dict';
import { beforeWrite, keyDrop } from '../../snapshot/before-write';
import { fieldDrop } from './field';

/** Fields that one HDEL names: a record has 32 rows. */
const BATCH_MAX: u32 = 30;
/** Room of a record's rows, headers and command. */
const ROW_BYTES: u64 = 32;
const RECORD_BYTES: u64 = 128;

/** Addresses of the fields that go next: in the scratch, near its end. */
@inline function batch(): u32 { return windowScratch(win) + SCRATCH_BYTES - 256; }

@inline function clockRuns(): bool { return (header().flags & HEADER_FLAG_CLOCK_STOPPED) == 0; }
@inline function tableRoot(e: u32): Root { return dictRoot(entryPointer(e)); }

/** No field of the hash has a deadline before this; the maximum: none has any. */
export function hashBound(e: u32): i64 {
  // A copy of a hash whose last deadline was taken may be packed again, flag and all.
  if ((entryFlags(e) & ENTRY_FIELDS) == 0 || entryEncoding(e) != ENC_TABLE) return i64.MAX_VALUE;
  const r = tableRoot(e);
  return r.expires != 0 ? r.bound : i64.MAX_VALUE;
}

/** May the hash hold fields whose time has come? Guests are left as they came. */
@inline export function hashDue(e: u32): bool {
  return (entryFlags(e) & (ENTRY_FIELDS | ENTRY_GUEST)) == ENTRY_FIELDS && hashBound(e) < nowMs && clockRuns();
}

/** Fields of a table whose time has come and that are still in it. */
export function fieldsDue(e: u32): u32 {
  if (hashBound(e) >= nowMs || !clockRuns()) return 0;
  const r = tableRoot(e);
  let due: u32 = 0;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    const s = segmentAt(segment);
    if (s.expires != 0 && s.minExpiry < nowMs) due += dueIn(segment);
    i += 1 << (r.depth - s.depth);
  }
  return due;
}

function dueIn(segment: u32): u32 {
  let due: u32 = 0;
  for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
    const bucket = bucketAt(segment, b);
    let mask = usedSlots(bucket);
    while (mask != 0) {
      if (expired(load<u32>(slotAt(bucket, ctz(mask))))) due++;
      mask &= mask - 1;
    }
  }
  return due;
}

/** Gives the field that `dictFind` has just found a deadline, or takes it (-1). Its address may change. False: no memory. */
export function fieldSetDeadline(e: u32, f: u32, at: i64): bool {
  if (setExpiryIn(tableRoot(e), f, at) == 0) return false;
  if (at >= 0) noteDeadline(e, at);
  return true;
}

/** Keeps the bounds above the dict true after a field was given a deadline. Overwrites table.ts's found*. */
export function noteDeadline(e: u32, at: i64): void {
  const r = tableRoot(e);
  const lower = r.expires <= 1 || at < r.bound;
  if (lower) r.bound = at;
  const flags = entryFlags(e);
  const had = (flags & ENTRY_FIELDS) != 0;
  if (had && !lower) return;
  entrySetFlags(e, flags | ENTRY_FIELDS);
  if (flags & ENTRY_GUEST) return;
  assert(find(root(db), entryKey(e), entryKeyLen(e)) == e);
  noteFields(root(db), foundSegment, had, true, at);
}

/** What `hashPurge` had left of its budget; above zero when it got through the whole hash. */
export let purgeLeft: i32 = 0;
/** The log had no room for the deletions: what is due stays, invisible. */
export let purgeRefused: bool = false;
/** Fields that the last `hashPurge` took out. */
export let purged: u32 = 0;

/**
 * Takes out fields whose time has come, about `budget` of them or a segment's worth more, and logs that; then the key, if
 * it has none left. Overwrites table.ts's found*.
 * @param outer What the caller has reserved of the log's room and not used yet.
 * @returns the key's entry, or 0: it is gone.
 */
export function hashPurge(e: u32, budget: i32, outer: u64): u32 {
  purgeLeft = budget;
  purgeRefused = false;
  purged = 0;
  const r = tableRoot(e);
  beforeWrite(e);
  if (r.directory != 0) purgeSegments(e, r, outer);
  if (purged != 0) {
    keyModified(entryKey(e), entryKeyLen(e));
    keyEvent(NOTIFY_HASH, EVENT_HEXPIRED, entryKey(e), entryKeyLen(e));
  }
  if (purgeRefused || purgeLeft <= 0) return e;
  if (r.count == 0) {
    keyEvent(NOTIFY_GENERIC, EVENT_DEL, entryKey(e), entryKeyLen(e));
    assert(find(root(db), entryKey(e), entryKeyLen(e)) == e);
    if (logOn()) { fxBegin('DEL'); fxArg(entryKey(e), entryKeyLen(e)); fxEnd(); }
    keyDrop(unlinkFound(root(db)));
    return 0;
  }
  if (r.expires == 0) {
    assert(find(root(db), entryKey(e), entryKeyLen(e)) == e);
    entrySetFlags(e, entryFlags(e) & ~ENTRY_FIELDS);
    noteFields(root(db), foundSegment, true, false, i64.MAX_VALUE);
  }
  return e;
}

/** One pass over the segments: those with something due are purged, and the bound of the whole is found anew. */
function purgeSegments(e: u32, r: Root, outer: u64): void {
  const size: u32 = 1 << r.depth;
  let bound = i64.MAX_VALUE;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    const s = segmentAt(segment);
    if (s.expires != 0 && s.minExpiry < nowMs && !purgeRefused && purgeLeft > 0) {
      const gone = purgeSegment(e, segment, outer);
      purged += gone;
      purgeLeft -= <i32>gone + 1;
      // Having reached the end in the last segment counts as getting through.
      if (purgeLeft <= 0 && !purgeRefused && i + (1 << (r.depth - s.depth)) >= size) purgeLeft = 1;
    }
    if (s.expires != 0) bound = min(bound, s.minExpiry);
    i += 1 << (r.depth - s.depth);
  }
  r.bound = bound;
}

/** Takes what is due out of one segment, at most 756 fields, and finds its bound anew. Answers how many went. */
function purgeSegment(e: u32, segment: u32, outer: u64): u32 {
  let least = i64.MAX_VALUE;
  let gone: u32 = 0;
  let waiting: u32 = 0;
  for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
    const bucket = bucketAt(segment, b);
    let mask = usedSlots(bucket);
    while (mask != 0) {
      const f = load<u32>(slotAt(bucket, ctz(mask)));
      mask &= mask - 1;
      if (!entryHasExpiry(f)) continue;
      if (!expired(f)) { least = min(least, entryExpiry(f)); continue; }
      store<u32>(batch() + (waiting << 2), f);
      waiting++;
      if (waiting < BATCH_MAX) continue;
      if (!purgeBatch(e, waiting, outer)) return gone;
      gone += waiting;
      waiting = 0;
    }
  }
  if (waiting != 0 && !purgeBatch(e, waiting, outer)) return gone;
  segmentAt(segment).minExpiry = least;
  return gone + waiting;
}

/** Logs and deletes `count` fields. False: the log has no room for it. */
function purgeBatch(e: u32, count: u32, outer: u64): bool {
  const dict = entryPointer(e);
  if (logOn()) {
    // The key is named twice: in front of the fields, and in the DEL that may follow.
    let bytes = outer + 2 * (<u64>entryKeyLen(e) + RECORD_BYTES);
    for (let i: u32 = 0; i < count; i++) bytes += <u64>entryKeyLen(load<u32>(batch() + (i << 2))) + ROW_BYTES;
    if (!logReserve(bytes)) { purgeRefused = true; return false; }
    fxBegin('HDEL');
    fxArg(entryKey(e), entryKeyLen(e));
    for (let i: u32 = 0; i < count; i++) {
      const f = load<u32>(batch() + (i << 2));
      fxArg(entryKey(f), entryKeyLen(f));
    }
    fxEnd();
  }
  for (let i: u32 = 0; i < count; i++) {
    const f = load<u32>(batch() + (i << 2));
    assert(dictFind(dict, entryKey(f), entryKeyLen(f)) == f);
    fieldDrop(dictRemove(dict));
  }
  header().dirty += count;
  return true;
}

/** Is everything that the bounds say true? For the integrity check of a hash in table form. */
export function deadlinesSound(e: u32): bool {
  const r = tableRoot(e);
  if (r.expires == 0) return true;
  if ((entryFlags(e) & ENTRY_FIELDS) == 0) return false;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      const bucket = bucketAt(segment, b);
      let mask = usedSlots(bucket);
      while (mask != 0) {
        const f = load<u32>(slotAt(bucket, ctz(mask)));
        mask &= mask - 1;
        if (entryHasExpiry(f) && entryExpiry(f) < r.bound) return false;
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
  return true;
}

