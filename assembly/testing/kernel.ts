// The whole kernel as the tests use it: the ABI, memory that fails on purpose, and databases encoded for a snapshot file
// without a snapshot's walk.
export * from '../index';
export { arenaFailIn, arenaFailLeft } from '../memory/fault';
import { contextLoad } from '../commands/context';
import { encodeBegin, encodeEntry, encodeSlice } from '../snapshot/encode';
import { sinkReset } from '../snapshot/sink';
import { BUCKETS, STASH, bucketAt, find, root, segmentAt, slotAt, usedSlots } from '../table/table';
export { sinkBytes, sinkClear, sinkConsume, sinkFailed, sinkOwn, sinkPiece } from '../snapshot/sink';
import { sinkPieceBytes as pieceBytes } from '../snapshot/sink';
export function sinkPieceBytes(): u32 { return pieceBytes; }
export function encodeReset(bound: f64): void { sinkReset(<u64>bound); }

/** Encodes every entry of a database; in slices of about `budget` bytes, or, with 0, each in one go. */
export function encodeDatabase(window: u32, db: u32, budget: u32): void {
  contextLoad(window);
  const r = root(db);
  if (r.directory == 0) return;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      let mask = usedSlots(bucketAt(segment, b));
      while (mask != 0) {
        const e = load<u32>(slotAt(bucketAt(segment, b), ctz(mask)));
        mask &= mask - 1;
        if (budget == 0) { encodeEntry(e, db); continue; }
        encodeBegin(e, db);
        while (encodeSlice(budget) != 0) {}
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
}

/** Of a key whose bytes lie at `ptr`: writes it in one go, or opens it; encodeSlice goes on with it. False: no such key. */
export function encodeKey(window: u32, db: u32, ptr: u32, length: u32, opens: bool): bool {
  contextLoad(window);
  const e = find(root(db), ptr, length);
  if (e == 0) return false;
  if (opens) encodeBegin(e, db);
  else encodeEntry(e, db);
  return true;
}
export { encodeClose, encodeOpen, encodeSlice } from '../snapshot/encode';
