// Test module of the arena alone. The header page is laid out by nobody here: the arena needs its own state only.
import { arenaAlloc, arenaFree } from '../memory/arena';

export {
  arenaAlloc, arenaCanAlloc, arenaCheck, arenaCommittedBytes, arenaFree, arenaInit, arenaLargestFreeRun, arenaPurge, arenaRealloc,
  arenaShouldMove, arenaSize, arenaUsedBytes,
} from '../memory/arena';
export { arenaFailIn, arenaFailLeft } from '../memory/fault';
export { ARENA_STATE } from '../memory/layout';
export { classOf, classSize } from '../memory/slab';

/** Fills a block's first `bytes` bytes, a multiple of 8, with a pattern that the seed and the place in the block decide. */
export function fill(ptr: u32, bytes: u32, seed: u32): void {
  for (let i: u32 = 0; i < bytes; i += 8) store<u64>(ptr + i, pattern(seed, i));
}
/** Offset of the first word that is not what `fill` put there, or `bytes`. */
export function firstDamage(ptr: u32, bytes: u32, seed: u32): u32 {
  for (let i: u32 = 0; i < bytes; i += 8) if (load<u64>(ptr + i) != pattern(seed, i)) return i;
  return bytes;
}
@inline function pattern(seed: u32, i: u32): u64 { return ((<u64>seed << 32) | i) * 0x9e3779b97f4a7c15; }

/** Allocates and frees `count` blocks of one size `rounds` times, newest last; addresses go to `table`. For timing. */
export function churn(table: u32, count: u32, size: u32, rounds: u32): u32 {
  let sum: u32 = 0;
  for (let r: u32 = 0; r < rounds; r++) {
    for (let i: u32 = 0; i < count; i++) {
      const ptr = arenaAlloc(size);
      if (ptr == 0) return 0;
      store<u32>(table + (i << 2), ptr);
      sum += ptr;
    }
    // A stride that shares no factor with a power of two frees in an order other than that of allocation.
    for (let i: u32 = 0; i < count; i++) arenaFree(load<u32>(table + (((i * 40503) & (count - 1)) << 2)));
  }
  return sum;
}
