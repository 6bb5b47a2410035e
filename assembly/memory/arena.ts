// The arena owns the memory above arenaBase and hands out blocks: small ones from slabs (memory/slab.ts), large ones as
// runs of 4 KiB pages (memory/pages.ts). Every block begins at a multiple of 8. All calls are made under the latch.
//
// A block of 4096 bytes, and every whole number of pages, is exactly that many pages and begins at one.
// A request that fails has changed nothing but, perhaps, the size of the memory.
import { arenaFails } from './fault';
import { ARENA_STATE, ARENA_STATE_BYTES } from './layout';
import {
  ARENA_PAGE_BYTES, TAG_FREE, TAG_INNER, TAG_USED, arena, growTail, markUsed, pageAddress, pageAt, pageOf, pagesActiveBytes, pagesFor, pagesInit, runExtend,
  runFind, runFree, runLongest, runShrink,
} from './pages';
import { SMALL_MAX, classAt, classOf, pagesTake, slabAlloc, slabFreeBlock, slabInit, slabPurge, slabSparse } from './slab';

export { arenaCheck } from './arena-check';

/** A large block that has to move gets an eighth more than was asked for, so that growing bit by bit is not quadratic. */
const MOVE_ROOM_MIN: u32 = 65536;
/** What a promise of `arenaCanAlloc` keeps in hand for slabs to be opened. */
const PROMISE_SMALL_BYTES: u64 = 1024;
const PROMISE_SMALL_PAGES: u32 = 16;
const PROMISE_PAGES: u32 = 64;

/**
 * Lays out an empty arena.
 * @param base     A multiple of 64 KiB, inside the memory or at its end.
 * @param pagesMax 4 KiB pages from `base` on that the memory may ever have.
 * @returns false: no memory for a first page.
 */
export function arenaInit(base: u32, pagesMax: u32): bool {
  memory.fill(ARENA_STATE, 0, ARENA_STATE_BYTES);
  slabInit();
  return pagesInit(base, pagesMax);
}

function runBlock(pages: u32): u32 {
  const page = pagesTake(pages);
  if (page == 0) return 0;
  markUsed(page, pages);
  arena().usedBytes += <u64>pages << 12;
  return pageAddress(page);
}

/**
 * A block of at least `size` bytes (any u32), not initialised; `arenaSize` says how many it has. It is the caller's
 * until `arenaFree`. 0: no memory.
 */
export function arenaAlloc(size: u32): u32 {
  if (arenaFails()) return 0;
  if (size > SMALL_MAX) return runBlock(pagesFor(size));
  const index = classOf(size);
  const c = classAt(index);
  if (c.capacity == 0) return runBlock(c.size >>> 12);
  return slabAlloc(c, index);
}

/** Gives a block back. */
export function arenaFree(ptr: u32): void {
  const page = pageOf(ptr);
  assert(page < arena().pageEnd);
  const p = pageAt(page);
  const tag = p.tag;
  assert(tag != TAG_INNER);
  assert(tag != TAG_FREE);
  if (tag != TAG_USED) { slabFreeBlock(page - p.back, ptr); return; }
  const pages = p.count;
  arena().usedBytes -= <u64>pages << 12;
  runFree(page, pages);
}

/** Bytes of a block: what was asked for, rounded up to its size class or to whole pages. */
export function arenaSize(ptr: u32): u32 {
  const p = pageAt(pageOf(ptr));
  return p.tag == TAG_USED ? p.count << 12 : classAt(<u32>p.tag - 1).size;
}

/**
 * Makes a block larger or smaller, where it is if possible: a block of whole pages grows into free pages behind it or
 * past the arena's end, and gives pages back when it shrinks.
 * @param used Bytes at the block's start that have to be kept, as far as `size` goes.
 * @returns the block to use from now on (the old one is gone unless equal), or 0: no memory, the old block is as it was.
 */
export function arenaRealloc(ptr: u32, used: u32, size: u32): u32 {
  const had = arenaSize(ptr);
  if (size <= had) return size > had >>> 1 && had <= SMALL_MAX ? ptr : shrink(ptr, used, size, had);
  const page = pageOf(ptr);
  if (pageAt(page).tag == TAG_USED) {
    const pages = pagesFor(size);
    // Compared in pages: past the end of the address space there is nothing to grow into.
    if (!arenaFails() && pages < arena().pagesMax && runExtend(page, pages)) {
      arena().usedBytes += <u64>pages * ARENA_PAGE_BYTES - had;
      return ptr;
    }
  }
  let fresh: u32 = 0;
  if (size >= MOVE_ROOM_MIN && size <= 0xe0000000) fresh = arenaAlloc(size + (size >>> 3));
  if (fresh == 0) fresh = arenaAlloc(size);
  if (fresh == 0) return 0;
  memory.copy(fresh, ptr, min(used, had));
  arenaFree(ptr);
  return fresh;
}

/** A smaller block in place of one of `had` bytes. Never fails: at worst the block stays as it is. */
function shrink(ptr: u32, used: u32, size: u32, had: u32): u32 {
  const page = pageOf(ptr);
  const isRun = pageAt(page).tag == TAG_USED;
  if (size <= SMALL_MAX && size <= had >>> 1) {
    const fresh = arenaAlloc(size);
    if (fresh != 0) {
      memory.copy(fresh, ptr, min(used, size));
      arenaFree(ptr);
      return fresh;
    }
  }
  const pages = pagesFor(size);
  if (isRun && pages != 0 && pages < had >>> 12) {
    runShrink(page, pages);
    arena().usedBytes -= had - (pages << 12);
  }
  return ptr;
}

/** Bytes of all live blocks, as `arenaSize` reports them. */
export function arenaUsedBytes(): u64 { return arena().usedBytes; }

/** Bytes ever taken from the memory: pages, and that part of the descriptor table that describes them. */
export function arenaCommittedBytes(): u64 {
  const a = arena();
  return <u64>(a.pageEnd - a.firstPage + pagesFor(a.pageEnd << 4)) << 12;
}

/**
 * Can blocks of `bytes` bytes altogether be had? Gives reserves back and grows the memory, if need be, to be able to say
 * yes.
 *
 * A yes is kept whatever else is in the memory: until something else is allocated, requests that sum up to `bytes` will
 * succeed, one large one or many small ones, if each is a multiple of 8 or more than 32 bytes, and those below SMALL_MAX
 * are of at most four size classes. It takes one free run with room for all of them, a quarter more (size classes and
 * slabs' ends waste less than that), and the last slab of each class. A no is cautious: free blocks in slabs that are
 * open already are not counted.
 */
export function arenaCanAlloc(bytes: u64): bool {
  if (bytes >= 0x100000000) return false;
  const pages = <u32>((bytes + (bytes >> 2)) >> 12) + (bytes <= PROMISE_SMALL_BYTES ? PROMISE_SMALL_PAGES : PROMISE_PAGES);
  if (pages >= arena().pagesMax) return false;
  return runFind(pages) != 0 || (slabPurge() != 0 && runFind(pages) != 0) || growTail(pages);
}

/**
 * For whoever moves blocks to give pages back: is this block's slab sparsely used, and would `arenaAlloc` of the same
 * size put it into another one? Blocks of whole pages are never told to move.
 */
export function arenaShouldMove(ptr: u32): bool {
  const page = pageOf(ptr);
  const p = pageAt(page);
  return p.tag != TAG_USED && slabSparse(page - p.back);
}

/**
 * Gives the empty slabs held in reserve back to the page level; answers their bytes. The memory itself never shrinks.
 * A request that the memory would have to grow for, or that would fail, does so by itself.
 */
export function arenaPurge(): u64 { return <u64>slabPurge() << 12; }

/**
 * Bytes in slabs that no block uses. What is left of them after `arenaShouldMove` has been obeyed are the ends of slabs
 * and the last slab of each class.
 */
export function arenaSparseBytes(): u64 { return pagesActiveBytes() - arena().usedBytes; }

/** Bytes of the longest free run: the largest block that can be had without growing the memory. */
export function arenaLargestFreeRun(): u32 { return runLongest() << 12; }
