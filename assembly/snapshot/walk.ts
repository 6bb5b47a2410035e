// The walk of a snapshot (snapshot/state.ts): it saves every key that is not saved yet, in slices under the latch. First
// what is in nobody's way any more but takes memory: kept values and flushed databases; then the live databases.
//
// Its place in a live database is position and home bucket, as in a cursor of SCAN, so nothing is lost when segments split:
// an entry stays with its home bucket. Here each step saves whatever lies in the two buckets and the stash where entries
// of that home may lie, whichever home they have: that it came early does no harm, and no key has to be hashed.
import { contextLoad } from '../commands/context';
import { header } from '../memory/layout';
import { BUCKETS, Root, STASH, bucketAt, root, segmentAt, slotAt, usedSlots } from '../table/table';
import { closed, detachedToGarbage, giveUp, isLarge, keptOrigin, save, takeKept } from './before-write';
import { encodeBegin, encodeOpen, encodeSlice } from './encode';
import { sinkBytes, sinkClear, sinkFailed, sinkPiece } from './sink';
import {
  PHASE_CLEARING, PHASE_NONE, PHASE_SAVING, WALK_DONE, WALK_UNDER_WAY, WALK_WAITS, markSaved, rootOrigin, rootSetWalk, rootWalk, snapshot, unsaved,
} from './state';

/** What looking through a bucket costs of a budget, and passing a segment without entries, in bytes written instead. */
const BUCKET_COST: i64 = 16;
const SEGMENT_COST: i64 = 64;

/** What is left of the budget of the slice in hand. */
let left: i64 = 0;

/**
 * Goes on with the walk for about `budget` bytes (latched).
 * @returns 1: there is more to do. 0: the walk is through; what the sink holds still waits to be written.
 */
export function slice(window: u32, budget: u32): i32 {
  contextLoad(window);
  left = <i64>max<u32>(budget, 1);
  const s = snapshot();
  while (s.phase != PHASE_NONE) {
    if (left <= 0) return 1;
    if (!step()) s.phase = PHASE_NONE;
  }
  return 0;
}

/** Does one thing. False: there is nothing left to do. */
function step(): bool {
  if (encodeOpen() != 0) { goOn(); return true; }
  const e = takeKept();
  if (e != 0) {
    snapshot().openKept = 1;
    open(e, keptOrigin);
    return true;
  }
  if (snapshot().detached != 0) { detachedOn(snapshot().detached); return true; }
  const r = nextRoot();
  if (r == 0) return false;
  liveOn(changetype<Root>(r));
  return true;
}

function open(e: u32, origin: u32): void {
  const before = sinkBytes();
  encodeBegin(e, origin);
  left -= <i64>(sinkBytes() - before) + BUCKET_COST;
}

/** Writes on at the open entry. */
function goOn(): void {
  const e = encodeOpen();
  const before = sinkBytes();
  const more = encodeSlice(<u32>min<i64>(left, 0x40000000));
  // What was looked at in vain counts as well: a slice that wrote little has used up its budget all the same.
  left = more != 0 ? 0 : left - <i64>(sinkBytes() - before) - BUCKET_COST;
  if (more == 0) closed(e);
}

/** The database under way, or the next one that waits; 0: there is none. */
function nextRoot(): u32 {
  let waiting: u32 = 0;
  for (let db: u32 = 0; db < header().databaseCount; db++) {
    const r = root(db);
    if (rootWalk(r) == WALK_UNDER_WAY) return <u32>changetype<usize>(r);
    if (rootWalk(r) == WALK_WAITS && waiting == 0) waiting = <u32>changetype<usize>(r);
  }
  if (waiting == 0) return 0;
  rootSetWalk(changetype<Root>(waiting), WALK_UNDER_WAY);
  snapshot().position = 0;
  snapshot().bucket = 0;
  return waiting;
}

/** Goes on in a live database. */
function liveOn(r: Root): void {
  const s = snapshot();
  while (left > 0) {
    const segment = load<u32>(r.directory + ((r.depth == 0 ? 0 : s.position >>> (32 - r.depth)) << 2));
    if (segmentAt(segment).count == 0) { s.bucket = BUCKETS; left -= SEGMENT_COST; }
    while (s.bucket < BUCKETS) {
      if (!homeSaved(segment, s.bucket, rootOrigin(r))) return;
      s.bucket++;
    }
    s.bucket = 0;
    const span: u64 = <u64>1 << (32 - <u64>segmentAt(segment).depth);
    const next = (<u64>s.position & ~(span - 1)) + span;
    if (next > 0xffffffff) { rootSetWalk(r, WALK_DONE); return; }
    s.position = <u32>next;
  }
}

/** Saves what may have this bucket for its home. False: the slice ends here, or an entry was opened. */
function homeSaved(segment: u32, home: u32, origin: u32): bool {
  const bucket = bucketAt(segment, home);
  if (!bucketSaved(bucket, origin)) return false;
  if (!bucketSaved(bucketAt(segment, home + 1 == BUCKETS ? 0 : home + 1), origin)) return false;
  if (load<u8>(bucket, 12) == 0) return true;
  for (let i = BUCKETS; i < BUCKETS + STASH; i++) if (!bucketSaved(bucketAt(segment, i), origin)) return false;
  return true;
}

/** Saves the entries of one bucket. False: as above. */
function bucketSaved(bucket: u32, origin: u32): bool {
  if (left <= 0) return false;
  left -= BUCKET_COST;
  let mask = usedSlots(bucket);
  while (mask != 0) {
    const e = load<u32>(slotAt(bucket, ctz(mask)));
    mask &= mask - 1;
    if (!unsaved(e)) continue;
    if (snapshot().phase == PHASE_CLEARING) { markSaved(e); continue; }
    if (left <= 0) return false;
    if (isLarge(e)) { open(e, origin); return false; }
    const before = sinkBytes();
    save(e, origin);
    left -= <i64>(sinkBytes() - before);
  }
  return true;
}

/** Goes on in a flushed database; once through, it is garbage. Nothing in it changes any more. */
function detachedOn(node: u32): void {
  const directory = load<u32>(node, 4);
  const depth = load<u32>(node, 8);
  while (load<u32>(node, 12) < (<u32>1 << depth)) {
    const segment = load<u32>(directory + (load<u32>(node, 12) << 2));
    while (load<u32>(node, 16) < BUCKETS + STASH) {
      if (!bucketSaved(bucketAt(segment, load<u32>(node, 16)), load<u32>(node, 20))) return;
      // A failure has made garbage of it.
      if (snapshot().phase != PHASE_SAVING) return;
      store<u32>(node, load<u32>(node, 16) + 1, 16);
    }
    store<u32>(node, 0, 16);
    store<u32>(node, load<u32>(node, 12) + (1 << (depth - segmentAt(segment).depth)), 12);
  }
  detachedToGarbage();
}

/** Gives the snapshot up (latched): what is encoded is dropped. `slice` is still to be called until it answers 0. */
export function abort(): void {
  if (snapshot().phase == PHASE_SAVING) snapshot().stopped = 1;
  giveUp();
  sinkClear();
}

/** Gives up the snapshot that is under way, and clears up at once. */
export function walkToEnd(): void {
  abort();
  while (snapshot().phase != PHASE_NONE) {
    left = i64.MAX_VALUE;
    if (!step()) snapshot().phase = PHASE_NONE;
  }
}

/** Encoded bytes that wait (sinkPieceBytes of them); 0: none, and once the walk is through, no memory is held for any. */
export function piece(): u32 {
  const at = sinkPiece();
  if (at == 0 && snapshot().phase == PHASE_NONE) sinkClear();
  return at;
}

/** Reason of the last snapshot's failure: SINK_* of snapshot/sink.ts, SNAPSHOT_STOPPED, or 0. */
export const SNAPSHOT_STOPPED: u32 = 100;
export function failed(): u32 { return sinkFailed() != 0 ? sinkFailed() : snapshot().stopped != 0 ? SNAPSHOT_STOPPED : 0; }
