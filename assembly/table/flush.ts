// Emptying databases without a stall: the directory is taken off the root at once and put on a list; `reclaim` frees
// what hangs on it, a slice at a time.
//
// One that a snapshot has not been through yet waits on the snapshot's list first (snapshot/walk.ts).
//
// Garbage node, 24 bytes: next u32, directory u32, depth u32, index u32 (next directory slot to reclaim, or to save),
// bucket u32, origin u32 (the database's number in the snapshot).
import { arenaAlloc, arenaFree } from '../memory/arena';
import { header } from '../memory/layout';
import { databaseLost } from '../snapshot/before-write';
import { WALK_DONE, rootOrigin, rootWalk, saving, snapshot } from '../snapshot/state';
import { dropBucket } from '../types/dict';
import { reclaimDropped } from '../types/value';
import { BUCKETS, ROOT_BYTES, STASH, bucketAt, root, segmentAt } from './table';

const NODE_BYTES: u32 = 24;

/** Empties one database; answers how many keys it had. Falls back to freeing at once when there is no memory for a node. */
export function flushDatabase(db: u32): u32 {
  const r = root(db);
  const count = r.count;
  if (r.directory == 0) return 0;
  const node = arenaAlloc(NODE_BYTES);
  const directory = r.directory;
  const depth = r.depth;
  const origin = rootOrigin(r);
  const wanted = saving() && rootWalk(r) != WALK_DONE;
  memory.fill(changetype<usize>(r), 0, ROOT_BYTES);
  if (node != 0) {
    store<u32>(node, wanted ? snapshot().detached : header().garbageHead);
    store<u32>(node, directory, 4);
    store<u32>(node, depth, 8);
    store<u32>(node, 0, 12);
    store<u32>(node, 0, 16);
    store<u32>(node, origin, 20);
    if (wanted) snapshot().detached = node;
    else header().garbageHead = node;
    return count;
  }
  if (wanted) databaseLost();
  const size: u32 = 1 << depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(directory + (i << 2));
    const span: u32 = 1 << (depth - segmentAt(segment).depth);
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) dropBucket(bucketAt(segment, b));
    arenaFree(segment);
    i += span;
  }
  arenaFree(directory);
  return count;
}

/** Frees up to about `budget` entries of flushed databases and members of dropped values. True: more is waiting. */
export function reclaim(budget: u32): bool {
  const h = header();
  let left = reclaimDropped(<i32>budget);
  if (left <= 0) return true;
  while (h.garbageHead != 0) {
    const node = h.garbageHead;
    const directory = load<u32>(node, 4);
    const depth = load<u32>(node, 8);
    const size: u32 = 1 << depth;
    while (load<u32>(node, 12) < size) {
      const index = load<u32>(node, 12);
      const segment = load<u32>(directory + (index << 2));
      while (load<u32>(node, 16) < BUCKETS + STASH) {
        if (left <= 0) return true;
        left -= <i32>dropBucket(bucketAt(segment, load<u32>(node, 16))) + 1;
        store<u32>(node, load<u32>(node, 16) + 1, 16);
      }
      const span: u32 = 1 << (depth - segmentAt(segment).depth);
      arenaFree(segment);
      store<u32>(node, 0, 16);
      store<u32>(node, index + span, 12);
    }
    arenaFree(directory);
    h.garbageHead = load<u32>(node);
    arenaFree(node);
    // Large values that the databases held have been put on the other list meanwhile.
    left = reclaimDropped(left);
    if (left <= 0) return true;
  }
  return false;
}

/** Exchanges the contents of two databases. */
export function swapDatabases(a: u32, b: u32): void {
  if (a == b) return;
  const x = <u32>changetype<usize>(root(a));
  const y = <u32>changetype<usize>(root(b));
  for (let i: u32 = 0; i < ROOT_BYTES; i += 8) {
    const kept = load<u64>(x + i);
    store<u64>(x + i, load<u64>(y + i));
    store<u64>(y + i, kept);
  }
}
