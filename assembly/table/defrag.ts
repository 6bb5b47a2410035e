// Active defragmentation: a walk over the whole keyspace, a slice at a time, that moves every block out of sparse slabs
// into fuller ones. What it leaves behind are free pages, which any later block can have. Blocks of whole pages stay
// where they are, and so does what somebody reads without the latch.
//
// Between two slices anything may change: segments split, keys go and come. The walk may then pass over a key, or meet it
// twice; the next pass sees to it.
import { defragState, movedBlock } from '../memory/moving';
import { header } from '../memory/layout';
import { encodeOpen } from '../snapshot/encode';
import { moveEntry, moveSpent } from '../types/moving';
import { valueDefrag } from '../types/value';
import { ENC_BLOB, entryEncoding } from './entry';
import { BUCKETS, Root, STASH, SLOTS, bucketAt, root, segmentAt, slotAt } from './table';

const PLACES: u32 = (BUCKETS + STASH) * SLOTS;
/** What looking through a segment's slots costs, whatever is in them. */
const SEGMENT_COST: i32 = 16;

/**
 * Goes on with the walk for about `budget` blocks looked at, a large block that is moved counting as several.
 * @returns true: there is more. False: the pass is complete, the next call begins a new one.
 */
export function defragSlice(budget: i32): bool {
  const d = defragState();
  let left = budget;
  for (let turn: u32 = 0; turn <= header().databaseCount && d.db < header().databaseCount; turn++) {
    const r = root(d.db);
    if (r.directory != 0) {
      left = defragDatabase(r, left);
      if (left <= 0) return true;
    }
    d.db++;
    d.position = 0;
    d.place = 0;
    d.inside = 0;
  }
  d.db = 0;
  return false;
}

/** Goes on in one database; answers what is left of the budget, above zero only when its end was reached. */
function defragDatabase(r: Root, budget: i32): i32 {
  const d = defragState();
  let left = budget;
  if (d.position == 0 && d.place == 0 && d.inside == 0) r.directory = movedBlock(r.directory);
  while (left > 0) {
    const segment = load<u32>(r.directory + ((r.depth == 0 ? 0 : d.position >>> (32 - r.depth)) << 2));
    left = defragSegment(segment, left);
    if (left <= 0) break;
    const span = <u64>1 << (32 - <u64>segmentAt(segment).depth);
    const next = (<u64>d.position & ~(span - 1)) + span;
    d.place = 0;
    if (next > 0xffffffff) return left;
    d.position = <u32>next;
  }
  return 0;
}

function defragSegment(segment: u32, budget: i32): i32 {
  const d = defragState();
  let left = budget - SEGMENT_COST;
  if (segmentAt(segment).count == 0) return max(left, 1);
  for (; d.place < PLACES; d.place++) {
    const slot = slotAt(bucketAt(segment, d.place / SLOTS), d.place % SLOTS);
    if (load<u32>(slot) == 0) { d.inside = 0; continue; }
    if (left <= 0) return 0;
    left = defragKey(slot, left);
    if (d.inside != 0) return 0;
  }
  // A segment that has been walked to its end is not begun again, whatever it cost.
  return max(left, 1);
}

/** Moves one key's blocks; `inside` is not 0 afterwards if its value has more. */
function defragKey(slot: u32, budget: i32): i32 {
  const d = defragState();
  // A snapshot that is in the middle of a value knows where its blocks lie.
  if (encodeOpen() == load<u32>(slot)) { d.inside = 0; return budget - 1; }
  const before = d.hits;
  const e = moveEntry(slot);
  let left = budget - moveSpent;
  if (entryEncoding(e) > ENC_BLOB) {
    left = valueDefrag(e, max(left, 1));
    if (left > 0) d.inside = 0;
  } else d.inside = 0;
  if (d.hits != before) d.keyHits++;
  else d.keyMisses++;
  return left;
}
