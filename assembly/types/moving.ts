// Moving what entries own: their own blocks, the blobs of strings, the blocks of containers. A large table of members is
// walked in slices; the place where it goes on is `inside` of memory/moving.ts.
import { defragState, moveCost, movedBlock } from '../memory/moving';
import { ENC_BLOB, entryEncoding, entryPointer, entrySetPointer } from '../table/entry';
import { BUCKETS, STASH, bucketAt, segmentAt, slotAt, usedSlots } from '../table/table';
import { blobPinned } from './blob';
import { dictRoot } from './dict';

/** Blocks that the last `moveEntry` looked at cost so much of the budget. */
export let moveSpent: i32 = 0;

/** Moves the entry that a table's slot names, and the blob behind it unless somebody reads it. Answers the entry. */
export function moveEntry(slot: u32): u32 {
  const e = movedBlock(load<u32>(slot));
  store<u32>(slot, e);
  moveSpent = moveCost(e);
  if (entryEncoding(e) == ENC_BLOB && !blobPinned(entryPointer(e))) {
    entrySetPointer(e, movedBlock(entryPointer(e)));
    moveSpent += moveCost(entryPointer(e));
  }
  return e;
}

/** Moves the one block behind an entry, to which nothing else points. Answers what is left of the budget. */
export function movePointer(e: u32, budget: i32): i32 {
  const pointer = movedBlock(entryPointer(e));
  entrySetPointer(e, pointer);
  return budget - moveCost(pointer);
}

/**
 * Moves the blocks of a container that is a dict and nothing else.
 * @returns what is left of the budget; 0 or less: `inside` says where to go on.
 */
export function moveDict(e: u32, budget: i32): i32 {
  const d = defragState();
  let left = budget;
  if (d.inside == 0) {
    left = movePointer(e, left);
    const r = dictRoot(entryPointer(e));
    if (r.directory != 0) r.directory = movedBlock(r.directory);
    d.inside = 1;
  }
  const r = dictRoot(entryPointer(e));
  // Position and bucket as in a cursor of SCAN, and one more.
  let position = (d.inside - 1) >> 6;
  let bucket = <u32>(d.inside - 1) & 63;
  while (r.directory != 0 && position <= 0xffffffff) {
    const segment = load<u32>(r.directory + ((r.depth == 0 ? 0 : <u32>position >>> (32 - r.depth)) << 2));
    while (bucket < BUCKETS + STASH) {
      if (left <= 0) {
        d.inside = 1 + (position << 6 | bucket);
        return 0;
      }
      left -= moveBucket(bucketAt(segment, bucket)) + 1;
      bucket++;
    }
    const span = <u64>1 << (32 - <u64>segmentAt(segment).depth);
    position = (position & ~(span - 1)) + span;
    bucket = 0;
  }
  d.inside = 0;
  return max(left, 1);
}

/** Moves the entries of one bucket; answers what it cost. */
function moveBucket(bucket: u32): i32 {
  let mask = usedSlots(bucket);
  let spent: i32 = 0;
  while (mask != 0) {
    moveEntry(slotAt(bucket, ctz(mask)));
    mask &= mask - 1;
    spent += moveSpent;
  }
  return spent;
}
