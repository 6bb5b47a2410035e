// Slabs: blocks of one size class, side by side in a few pages, without a header of their own. A block's class is found
// from the descriptor of the page that it begins in.
//
// Size classes: multiples of 8 up to 128, then eight to a doubling (144, 160 … 256, 288 …) up to 28672, so that a block
// is at most an eighth of itself larger than what was asked for. A class whose size is a whole number of pages has no
// slabs: its blocks are page runs.
//
// Class row, 16 bytes, at CLASS_ROWS:
//   offset size field
//        0    4 size      bytes of a block
//        4    2 capacity  blocks in a slab; 0: this class's blocks are runs
//        6    2 pages     pages of a slab
//        8    4 head      first slab with a free block, 0 none
//       12    4 slabs     all slabs of the class
// In the descriptor of a slab's first page (memory/pages.ts) `count` is two u16:
//        4    2 free      1 + offset of the first freed block, 0 none; that block's first u16 names the next one likewise
//        6    2 fresh     offset of the first block never handed out
//
// A slab is in its class's list exactly while it has a free block. The list's head is the one to allocate from; a full
// slab that gets a block back becomes the head, so nearly full slabs are filled up and sparse ones have time to empty.
// An empty slab gives its pages back, unless it is the only one in the list and its blocks are small: then it is held in
// reserve, and counted.
import {
  CLASSES, CLASS_BYTES, CLASS_ROWS, ARENA_PAGE_BYTES, Page, arena, emptySlabs, pageAddress, pageAt, runAlloc, runFind, runFree, setEmptySlabs,
} from './pages';

/** The largest class: above it, rounding up to whole pages wastes no more than a class would. */
export const SMALL_MAX: u32 = 28672;
const SLAB_PAGES_MAX: u32 = 13;
/** An empty slab is kept in reserve only for blocks of at most this size. */
const RESERVE_SIZE_MAX: u32 = 1024;
if (SLAB_PAGES_MAX * ARENA_PAGE_BYTES > 0xffff) ERROR('an offset in a slab must fit a u16');

@unmanaged
export class SizeClass { size: u32; capacity: u16; pages: u16; head: u32; slabs: u32; }
if (offsetof<SizeClass>() != CLASS_BYTES) ERROR('SizeClass no longer matches its drawing');

@inline export function classAt(index: u32): SizeClass { return changetype<SizeClass>(CLASS_ROWS + (index << 4)); }
@inline export function slabFree(p: Page): u32 { return load<u16>(changetype<usize>(p), 4); }
@inline export function slabFresh(p: Page): u32 { return load<u16>(changetype<usize>(p), 6); }
@inline function setFree(p: Page, free: u32): void { store<u16>(changetype<usize>(p), free, 4); }
@inline function setFresh(p: Page, fresh: u32): void { store<u16>(changetype<usize>(p), fresh, 6); }

/** The class of a request of at most SMALL_MAX bytes. */
@inline export function classOf(bytes: u32): u32 {
  if (bytes <= 128) return (max(bytes, 1) - 1) >>> 3;
  const log: u32 = 31 - clz(bytes - 1);
  return 16 + ((log - 7) << 3) + (((bytes - 1) >>> (log - 3)) & 7);
}

/** Bytes of a block of this class. */
export function classSize(index: u32): u32 {
  return index < 16 ? (index + 1) << 3 : (9 + (index & 7)) << (4 + ((index - 16) >>> 3));
}
if (SMALL_MAX % ARENA_PAGE_BYTES != 0) ERROR('requests above SMALL_MAX are whole pages');

/** The fewest pages that leave at most a 32nd of a slab unused behind its last block, or else the least unused. */
function slabPages(size: u32): u32 {
  let best: u32 = 0;
  let bestTail: u32 = 0;
  for (let pages: u32 = pagesAtLeast(size); pages <= SLAB_PAGES_MAX; pages++) {
    const tail = (pages * ARENA_PAGE_BYTES) % size;
    if (tail << 5 <= pages * ARENA_PAGE_BYTES) return pages;
    if (best == 0 || tail * best < bestTail * pages) { best = pages; bestTail = tail; }
  }
  return best;
}
@inline function pagesAtLeast(size: u32): u32 { return (size + ARENA_PAGE_BYTES - 1) / ARENA_PAGE_BYTES; }

/** Fills in the class rows. */
export function slabInit(): void {
  for (let i: u32 = 0; i < CLASSES; i++) {
    const c = classAt(i);
    const size = classSize(i);
    const pages = slabPages(size);
    c.size = size;
    c.pages = <u16>pages;
    c.capacity = size % ARENA_PAGE_BYTES == 0 ? 0 : <u16>(pages * ARENA_PAGE_BYTES / size);
    c.head = 0;
    c.slabs = 0;
  }
}

function listPush(c: SizeClass, page: u32): void {
  const p = pageAt(page);
  p.next = c.head;
  p.prev = 0;
  if (c.head != 0) pageAt(c.head).prev = page;
  c.head = page;
}

function listRemove(c: SizeClass, page: u32): void {
  const p = pageAt(page);
  if (p.next != 0) pageAt(p.next).prev = p.prev;
  if (p.prev != 0) pageAt(p.prev).next = p.next;
  else c.head = p.next;
}

/** Takes `pages` pages from the page level, as `runAlloc` does; reserves are given back before the memory grows for them. */
export function pagesTake(pages: u32): u32 {
  if (emptySlabs() != 0 && runFind(pages) == 0) slabPurge();
  return runAlloc(pages);
}

/** A new slab at the head of its class's list. False: no memory, nothing changed. */
function newSlab(c: SizeClass, index: u32): bool {
  const page = pagesTake(c.pages);
  if (page == 0) return false;
  const pages = <u32>c.pages;
  for (let i: u32 = 0; i < pages; i++) store<u64>(changetype<usize>(pageAt(page + i)), (index + 1) | (i << 8));
  c.slabs++;
  listPush(c, page);
  setEmptySlabs(emptySlabs() + 1);
  return true;
}

/** A block of class `index`, which must have slabs, or 0: no memory, nothing changed. */
@inline export function slabAlloc(c: SizeClass, index: u32): u32 {
  if (c.head == 0 && !newSlab(c, index)) return 0;
  const page = c.head;
  const p = pageAt(page);
  const size = c.size;
  const free = slabFree(p);
  let block = pageAddress(page);
  if (free != 0) {
    block += free - 1;
    setFree(p, load<u16>(block));
  } else {
    const fresh = slabFresh(p);
    block += fresh;
    setFresh(p, fresh + size);
  }
  const used = <u32>p.used + 1;
  if (used == 1) setEmptySlabs(emptySlabs() - 1);
  p.used = <u16>used;
  arena().usedBytes += size;
  if (used == <u32>c.capacity) listRemove(c, page);
  return block;
}

/** Frees a block of the slab that begins at `page`. */
@inline export function slabFreeBlock(page: u32, block: u32): void {
  const p = pageAt(page);
  const c = classAt(<u32>p.tag - 1);
  const used = <u32>p.used;
  assert(used != 0);
  store<u16>(block, slabFree(p));
  setFree(p, block - pageAddress(page) + 1);
  p.used = <u16>(used - 1);
  arena().usedBytes -= c.size;
  if (used == <u32>c.capacity) listPush(c, page);
  if (used == 1) slabEmptied(c, page);
}

function slabEmptied(c: SizeClass, page: u32): void {
  setEmptySlabs(emptySlabs() + 1);
  if (c.size <= RESERVE_SIZE_MAX && c.head == page && pageAt(page).next == 0) return;
  slabRelease(c, page);
}

function slabRelease(c: SizeClass, page: u32): void {
  setEmptySlabs(emptySlabs() - 1);
  listRemove(c, page);
  c.slabs--;
  runFree(page, c.pages);
}

/**
 * Gives back the pages of all empty slabs; answers how many. Walks the lists of slabs with free blocks until it has met
 * all that are in reserve.
 */
export function slabPurge(): u32 {
  let pages: u32 = 0;
  for (let i: u32 = 0; i < CLASSES && emptySlabs() != 0; i++) {
    const c = classAt(i);
    let page = c.head;
    while (page != 0 && emptySlabs() != 0) {
      const next = pageAt(page).next;
      if (pageAt(page).used == 0) {
        slabRelease(c, page);
        pages += c.pages;
      }
      page = next;
    }
  }
  return pages;
}

/**
 * Would moving a block out of this slab help to empty it? True when at most three quarters of it are used and the next
 * block of its class would come from another slab.
 */
export function slabSparse(page: u32): bool {
  const p = pageAt(page);
  const c = classAt(<u32>p.tag - 1);
  return (<u32>p.used << 2) <= <u32>c.capacity * 3 && c.head != page;
}
