// The integrity check of one database: its table, and every value in it. For tests and DEBUG.
import { contextLoad, win } from '../commands/context';
import { windowAt } from '../memory/window';
import { BUCKETS, STASH, bucketAt, root, segmentAt, slotAt, tableCheck, usedSlots } from '../table/table';
import { valueCheck } from './value';

/** Of a value's own reasons, the highest that is told apart from the next database. */
const VALUE_REASON_MAX: u32 = 799;

/** 0, or the number of the first rule that is broken: up to 199 the table's, from 200 on a value's. */
export function databaseCheck(database: u32): u32 {
  // Values are viewed through the window's spare part. An instance that has executed nothing yet has none in hand.
  if (win == 0) contextLoad(windowAt(0));
  const r = root(database);
  const reason = tableCheck(r);
  if (reason != 0 || r.directory == 0) return reason;
  const size: u32 = 1 << r.depth;
  let i: u32 = 0;
  while (i < size) {
    const segment = load<u32>(r.directory + (i << 2));
    for (let b: u32 = 0; b < BUCKETS + STASH; b++) {
      const bucket = bucketAt(segment, b);
      let mask = usedSlots(bucket);
      while (mask != 0) {
        const broken = valueCheck(load<u32>(slotAt(bucket, ctz(mask))));
        if (broken != 0) return 200 + min(broken, VALUE_REASON_MAX);
        mask &= mask - 1;
      }
    }
    i += 1 << (r.depth - segmentAt(segment).depth);
  }
  return 0;
}
