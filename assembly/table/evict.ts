// Eviction, as Redis does it: a few keys are drawn at random, the best of them become candidates, and the best candidate
// goes. The host draws from all shards and decides which one that is; it names it by the hash of its key, so nothing has
// to stay where it was between the two calls.
//
// Candidate, 24 bytes, in the control block (CONTROL_CANDIDATES):
//   offset size field
//        0    8 score   f64  the higher, the sooner it should go
//        8    8 hash    u64  of the key, by the table's own hash
//       16    4 db      u32
//       20    4 spare
import { CANDIDATES_MAX, CONTROL_CANDIDATES, EVICT_LFU, EVICT_LRU, EVICT_TTL, EVICT_VOLATILE } from '../abi';
import { db, lruClock, setDb, win } from '../commands/context';
import { fxArg, fxBegin, fxEnd, logOn, logReserve } from '../log/ring';
import { allowance, dataBytes } from '../memory/allowance';
import { keyDrop } from '../snapshot/before-write';
import { NOTIFY_EVICTED, keyEvent, keyModified } from '../events/events';
import { EVENT_EVICTED } from '../events/names';
import { header } from '../memory/layout';
import { entryClock, entryExpiry, entryHasExpiry, entryKey, entryKeyLen } from './entry';
import { EXPIRE_LOG_BYTES, lfuCounter, random } from './keyspace';
import { BUCKETS, Root, SLOTS, STASH, bucketAt, found, foundEntry, homeOf, printOf, root, segmentAt, segmentOf, slotAt, unlinkFound, usedSlots } from './table';
import { tableHash } from './hash';

/** Segments that one search passes over before it leaves the rest to the next one: each may be a cache miss. */
const SEGMENTS_MAX: u32 = 512;
const CANDIDATE_BYTES: u32 = 24;

let candidates: u32 = 0;
let criterion: u32 = 0;
let onlyVolatile: bool = false;

@inline function candidateAt(i: u32): u32 { return win + CONTROL_CANDIDATES + i * CANDIDATE_BYTES; }

function score(e: u32): f64 {
  if (criterion == EVICT_LRU) return <f64>((lruClock - entryClock(e)) & 0xffffff);
  if (criterion == EVICT_LFU) return <f64>(255 - lfuCounter(e));
  if (criterion == EVICT_TTL) return -<f64>entryExpiry(e);
  return <f64>(random() >> 11);
}

/** Keeps the entry among the best CANDIDATES_MAX of this call, the better first. */
function offer(e: u32, hash: u64): void {
  const its = score(e);
  let place = candidates;
  while (place != 0 && load<f64>(candidateAt(place - 1)) < its) place--;
  if (place == CANDIDATES_MAX) return;
  if (candidates < CANDIDATES_MAX) candidates++;
  memory.copy(candidateAt(place + 1), candidateAt(place), (candidates - 1 - place) * CANDIDATE_BYTES);
  const at = candidateAt(place);
  store<f64>(at, its);
  store<u64>(at, hash, 8);
  store<u32>(at, db, 16);
}

const PLACES: u32 = (BUCKETS + STASH) * SLOTS;
/** Slots tried when one key is wanted, before the walk, which is likelier to meet keys that lie behind a gap. */
const PICKS: u32 = 32;

@inline function randomPlace(): u32 { return <u32>((random() >> 32) * <u64>PLACES >> 32); }

/** Offers one entry of a segment, each about equally likely. False: none was hit. */
function offerOne(segment: u32): bool {
  for (let i: u32 = 0; i < PICKS; i++) {
    const place = randomPlace();
    const e = load<u32>(slotAt(bucketAt(segment, place / SLOTS), place % SLOTS));
    if (e == 0 || (onlyVolatile && !entryHasExpiry(e))) continue;
    offer(e, tableHash(entryKey(e), entryKeyLen(e)));
    return true;
  }
  return false;
}

/** Offers entries of a segment from a random slot on, round its end, until there are `wanted`; answers how many. */
function offerFrom(segment: u32, wanted: u32): u32 {
  if (wanted == 1 && offerOne(segment)) return 1;
  const start = randomPlace();
  const first = start / SLOTS;
  const below: u32 = (1 << (start % SLOTS)) - 1;
  let offered: u32 = 0;
  // The first bucket comes twice: its upper slots at the beginning, the lower ones in the end.
  for (let i: u32 = 0; i <= BUCKETS + STASH; i++) {
    const b = first + i;
    const bucket = bucketAt(segment, b < BUCKETS + STASH ? b : b - BUCKETS - STASH);
    let mask = usedSlots(bucket);
    if (i == 0) mask &= ~below;
    else if (i == BUCKETS + STASH) mask &= below;
    while (mask != 0) {
      const e = load<u32>(slotAt(bucket, ctz(mask)));
      mask &= mask - 1;
      if (onlyVolatile && !entryHasExpiry(e)) continue;
      offer(e, tableHash(entryKey(e), entryKeyLen(e)));
      if (++offered == wanted) return offered;
    }
  }
  return offered;
}

/** Draws `samples` neighbouring keys of the database in hand, from a random place on. Fewer, if the search gets long. */
function drawFrom(r: Root, samples: u32): void {
  const a = allowance();
  const slots: u32 = 1 << r.depth;
  let place = <u32>((random() >> 32) * <u64>slots >> 32);
  if (a.cursorDb == db + 1) { place = a.cursorPlace & (slots - 1); a.cursorDb = 0; }
  let wanted = samples;
  let passed: u32 = 0;
  for (let i: u32 = 0; i < SEGMENTS_MAX && passed < slots; i++) {
    const segment = load<u32>(r.directory + (place << 2));
    const s = segmentAt(segment);
    if (onlyVolatile ? s.expires != 0 : s.count != 0) {
      wanted -= offerFrom(segment, wanted);
      if (wanted == 0) return;
    }
    const span: u32 = 1 << (r.depth - s.depth);
    place = ((place & ~(span - 1)) + span) & (slots - 1);
    passed += span;
  }
  if (wanted != samples || passed >= slots) return;
  a.cursorDb = db + 1;
  a.cursorPlace = place;
}

/**
 * Draws `samples` keys from each database that has any (under EVICT_VOLATILE: keys with an expiry) and leaves the best
 * in the control block.
 * @param policy EVICT_LRU, EVICT_LFU, EVICT_TTL or EVICT_RANDOM, and EVICT_VOLATILE.
 * @returns how many candidates there are. None may mean that the search was long: see `evictableKeys`.
 */
export function evictSample(policy: u32, samples: u32): u32 {
  const kept = db;
  candidates = 0;
  criterion = policy & ~EVICT_VOLATILE;
  onlyVolatile = (policy & EVICT_VOLATILE) != 0;
  for (let i: u32 = 0; i < header().databaseCount; i++) {
    const r = root(i);
    if ((onlyVolatile ? r.expires : r.count) == 0) continue;
    setDb(i);
    drawFrom(r, samples);
  }
  setDb(kept);
  return candidates;
}

/** Keys that a policy may evict. */
export function evictableKeys(policy: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < header().databaseCount; i++) sum += (policy & EVICT_VOLATILE) != 0 ? root(i).expires : root(i).count;
  return sum;
}

export const EVICT_GONE: i64 = -1;
export const EVICT_NO_LOG: i64 = -2;

/**
 * Deletes the key of a database whose hash this is, and logs it as a DEL.
 * @returns bytes of data (`dataBytes`) that the shard holds less now, which may be 0 as what is large is freed later;
 *          EVICT_GONE: there is no such key (any more), or it may not go under this policy; EVICT_NO_LOG: the log has no room.
 */
export function evictKey(policy: u32, database: u32, hash: u64): i64 {
  const r = root(database);
  if (!findHash(r, hash, (policy & EVICT_VOLATILE) != 0)) return EVICT_GONE;
  if (logOn() && !logReserve(<u64>entryKeyLen(foundEntry()) + EXPIRE_LOG_BYTES)) return EVICT_NO_LOG;
  const before = dataBytes();
  const kept = db;
  setDb(database);
  const e = unlinkFound(r);
  allowance().evicted++;
  header().dirty++;
  if (logOn()) {
    fxBegin('DEL');
    fxArg(entryKey(e), entryKeyLen(e));
    fxEnd();
  }
  keyModified(entryKey(e), entryKeyLen(e));
  keyEvent(NOTIFY_EVICTED, EVENT_EVICTED, entryKey(e), entryKeyLen(e));
  keyDrop(e);
  setDb(kept);
  const after = dataBytes();
  return before > after ? <i64>(before - after) : 0;
}

/** Makes the table's found* name the entry with this hash. */
function findHash(r: Root, hash: u64, needsExpiry: bool): bool {
  if (r.directory == 0) return false;
  const segment = segmentOf(r, hash);
  const home = homeOf(hash);
  if (findIn(segment, home, hash, needsExpiry)) return true;
  if (findIn(segment, home + 1 == BUCKETS ? 0 : home + 1, hash, needsExpiry)) return true;
  for (let b = BUCKETS; b < BUCKETS + STASH; b++) if (findIn(segment, b, hash, needsExpiry)) return true;
  return false;
}

function findIn(segment: u32, b: u32, hash: u64, needsExpiry: bool): bool {
  const bucket = bucketAt(segment, b);
  const print = printOf(hash);
  let mask = usedSlots(bucket);
  while (mask != 0) {
    const slot = ctz(mask);
    mask &= mask - 1;
    if (<u32>load<u8>(bucket + slot) != print) continue;
    const e = load<u32>(slotAt(bucket, slot));
    if (tableHash(entryKey(e), entryKeyLen(e)) != hash || (needsExpiry && !entryHasExpiry(e))) continue;
    found(segment, bucket, slot, hash);
    return true;
  }
  return false;
}
