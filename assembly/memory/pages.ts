// The page level of the arena: 4 KiB pages, their descriptors, and runs of neighbouring pages.
//
// Pages are counted from arenaBase. The first ones hold the descriptor table: 16 bytes for every page that the memory
// may ever have, so that a descriptor is found by arithmetic. The table is address space rather than memory: the part
// that describes pages not taken yet is never touched. Page 0 is in the table, so 0 means "no page" everywhere.
//
// State at ARENA_STATE, read and written under the latch:
//   offset size field
//        0    4 base       address of page 0, a multiple of 64 KiB
//        4    4 pagesMax   the arena never reaches this page
//        8    4 firstPage  first page behind the descriptor table
//       12    4 pageEnd    pages from here on are not taken from the memory yet
//       16    8 usedBytes  sizes of all live blocks
//       24    4 freePages  pages in free runs
//       28    4 failIn     modules built with LATCHKEY_FAULTS: the failIn'th request from now fails; 0: none does
//       32    4 levels     bit l: some bin of level l is not empty
//       36   18 bins       bit b of byte l: bin b of level l is not empty
//       54    2 spare
//       56    4 empties    empty slabs held in reserve, memory/slab.ts
//       60    4 spare
//       64  576 heads      144 u32: first free run of each bin, 0 none
//      640 1248 classes    78 of 16 bytes, memory/slab.ts
// Descriptor, 16 bytes:
//        0    1 tag        TAG_INNER, 1 + size class, TAG_USED or TAG_FREE
//        1    1 back       slabs: pages from here back to the slab's first
//        2    2 used       slabs: live blocks
//        4    4 count      runs: pages. Slabs: see memory/slab.ts
//        8    4 next       free runs: neighbours in the bin. Slabs: in the class's list
//       12    4 prev
//
// Only the first and the last page of a run have a true descriptor; that of a used run's last page says TAG_INNER, that
// of a free run's last page repeats tag and count. Pages between them keep whatever they had. All pages of a slab have
// tag and back; the rest is in the first. Two free runs are never neighbours.
//
// Free runs lie in bins by length: one bin for each length below 16, then eight bins to a doubling.
import { ARENA_STATE, ARENA_STATE_BYTES } from './layout';

export const ARENA_PAGE_BYTES: u32 = 4096;
const DESCRIPTOR_BYTES: u32 = 16;
const LEVELS: u32 = 18;
const BINS: u32 = LEVELS * 8;
export const CLASSES: u32 = 78;
export const CLASS_BYTES: u32 = 16;

@unmanaged
export class ArenaState {
  base: u32; pagesMax: u32; firstPage: u32; pageEnd: u32; usedBytes: u64; freePages: u32; failIn: u32; levels: u32;
}
const LEVEL_BINS: u32 = ARENA_STATE + 36;
const EMPTIES: u32 = ARENA_STATE + 56;
const HEADS: u32 = ARENA_STATE + 64;
export const CLASS_ROWS: u32 = HEADS + BINS * 4;
if (offsetof<ArenaState>('usedBytes') != 16) ERROR('ArenaState no longer matches its drawing: usedBytes');
if (offsetof<ArenaState>('levels') != 32) ERROR('ArenaState no longer matches its drawing: levels');
if (<u32>36 + LEVELS > 56) ERROR('the bin bits run into what follows them');
if (CLASS_ROWS != ARENA_STATE + 640) ERROR('the class rows are not where they are drawn');
if (<u32>640 + CLASSES * CLASS_BYTES > ARENA_STATE_BYTES) ERROR('the state of the arena outgrew its place in the header');

@unmanaged
export class Page { tag: u8; back: u8; used: u16; count: u32; next: u32; prev: u32; }
if (offsetof<Page>() != DESCRIPTOR_BYTES) ERROR('Page no longer matches its drawing');

export const TAG_INNER: u8 = 0;
export const TAG_USED: u8 = 254;
export const TAG_FREE: u8 = 255;
if (CLASSES >= <u32>TAG_USED) ERROR('size classes run into the tags of runs');

/** The memory grows by an eighth of the arena, but never by less or more than this many pages at a time. */
const GROW_PAGES_MIN: u32 = 256;
const GROW_PAGES_MAX: u32 = 16384;
/** Runs looked at in a bin whose runs may be shorter than what is wanted, before a longer one is split. */
const PROBES: u32 = 16;

@inline export function emptySlabs(): u32 { return load<u32>(EMPTIES); }
@inline export function setEmptySlabs(count: u32): void { store<u32>(EMPTIES, count); }
@inline export function arena(): ArenaState { return changetype<ArenaState>(ARENA_STATE); }
@inline export function pageAt(page: u32): Page { return changetype<Page>(arena().base + (page << 4)); }
@inline export function pageAddress(page: u32): u32 { return arena().base + (page << 12); }
@inline export function pageOf(ptr: u32): u32 { return (ptr - arena().base) >>> 12; }
/** Pages that hold `bytes` bytes. */
@inline export function pagesFor(bytes: u32): u32 { return (bytes >>> 12) + ((bytes & (ARENA_PAGE_BYTES - 1)) != 0 ? 1 : 0); }

/** 8 * level + bin of free runs of this length, 1 or more. */
@inline export function binOf(pages: u32): u32 {
  if (pages < 8) return pages;
  const level = 29 - clz(pages);
  return (level << 3) | ((pages >>> (level - 1)) & 7);
}
@inline export function binHead(bin: u32): u32 { return load<u32>(HEADS + (bin << 2)); }
/** Does the map say that this bin holds a run? */
export function binMarked(bin: u32): bool {
  const level = bin >>> 3;
  return ((load<u8>(LEVEL_BINS + level) >>> (bin & 7)) & 1) != 0 && ((arena().levels >>> level) & 1) != 0;
}
export const BIN_COUNT: u32 = BINS;

/** Lays out an arena of at most `pagesMax` pages at `base`, whose state is all zero. False: no memory. */
export function pagesInit(base: u32, pagesMax: u32): bool {
  const a = arena();
  // The last page of the address space stays unused, so that the end of a block is never 2^32, which is 0 in a u32.
  const reach: u32 = 0x100000 - (base >>> 12);
  a.base = base;
  a.pagesMax = min(pagesMax, reach - 1);
  a.firstPage = pagesFor(a.pagesMax * DESCRIPTOR_BYTES);
  a.pageEnd = a.firstPage;
  return a.firstPage < a.pagesMax && growTail(1);
}

/** Takes `pages` more pages from the memory as a free run at the end. False: nothing changed. */
function extend(pages: u32): bool {
  const a = arena();
  const wanted = ((a.base >>> 12) + a.pageEnd + pages + 15) >>> 4;
  const have = <u32>memory.size();
  if (wanted > have && memory.grow(<i32>(wanted - have)) < 0) return false;
  const from = a.pageEnd;
  a.pageEnd = from + pages;
  runFree(from, pages);
  return true;
}

/** Pages of the free run that ends where the arena ends. */
@inline function tailPages(): u32 {
  const a = arena();
  if (a.pageEnd == a.firstPage) return 0;
  const last = pageAt(a.pageEnd - 1);
  return last.tag == TAG_FREE ? last.count : 0;
}

/** Makes the free run at the arena's end at least `pages` long, growing the memory if need be. False: nothing changed. */
export function growTail(pages: u32): bool {
  const a = arena();
  const tail = tailPages();
  if (tail >= pages) return true;
  const lack = pages - tail;
  const room = a.pagesMax - a.pageEnd;
  if (lack > room) return false;
  const step = max(lack, min(max((a.pageEnd - a.firstPage) >>> 3, GROW_PAGES_MIN), GROW_PAGES_MAX));
  return extend(stepTo(step, room)) || extend(stepTo(lack, room));
}

/** `pages` more, up to the next multiple of 64 KiB as far as there is room: the memory grows in such pages anyway. */
@inline function stepTo(pages: u32, room: u32): u32 {
  const end = arena().pageEnd;
  return min(((end + pages + 15) & ~15) - end, room);
}

function binLink(page: u32, pages: u32): void {
  const bin = binOf(pages);
  const level = bin >>> 3;
  const at = HEADS + (bin << 2);
  const first = load<u32>(at);
  const p = pageAt(page);
  p.next = first;
  p.prev = 0;
  if (first != 0) pageAt(first).prev = page;
  store<u32>(at, page);
  store<u8>(LEVEL_BINS + level, <u32>load<u8>(LEVEL_BINS + level) | (<u32>1 << (bin & 7)));
  arena().levels |= <u32>1 << level;
}

function binUnlink(page: u32): void {
  const p = pageAt(page);
  if (p.next != 0) pageAt(p.next).prev = p.prev;
  if (p.prev != 0) { pageAt(p.prev).next = p.next; return; }
  const bin = binOf(p.count);
  store<u32>(HEADS + (bin << 2), p.next);
  if (p.next != 0) return;
  const level = bin >>> 3;
  const bits = <u32>load<u8>(LEVEL_BINS + level) & ~(<u32>1 << (bin & 7));
  store<u8>(LEVEL_BINS + level, bits);
  if (bits == 0) arena().levels &= ~(<u32>1 << level);
}

/** Writes both ends of a free run and puts it into its bin. */
function markFree(page: u32, pages: u32): void {
  const last = pageAt(page + pages - 1);
  last.tag = TAG_FREE;
  last.count = pages;
  const first = pageAt(page);
  first.tag = TAG_FREE;
  first.count = pages;
  binLink(page, pages);
}

/** Writes both ends of a used run. */
@inline export function markUsed(page: u32, pages: u32): void {
  pageAt(page + pages - 1).tag = TAG_INNER;
  const first = pageAt(page);
  first.tag = TAG_USED;
  first.count = pages;
}

/** Gives pages back, merged with their free neighbours. */
export function runFree(page: u32, pages: u32): void {
  const a = arena();
  a.freePages += pages;
  let start = page;
  let end = page + pages;
  if (page > a.firstPage) {
    const before = pageAt(page - 1);
    if (before.tag == TAG_FREE) {
      start = page - before.count;
      binUnlink(start);
    }
  }
  if (end < a.pageEnd) {
    const after = pageAt(end);
    if (after.tag == TAG_FREE) {
      binUnlink(end);
      end += after.count;
    }
  }
  markFree(start, end - start);
}

/** The first of up to `probes` runs of the bin that has `pages` pages, or 0. */
function findInBin(bin: u32, pages: u32, probes: u32): u32 {
  let page = binHead(bin);
  for (let i: u32 = 0; page != 0 && i < probes; i++) {
    if (pageAt(page).count >= pages) return page;
    page = pageAt(page).next;
  }
  return 0;
}

/** Head of the first bin behind `bin` that is not empty, or 0. Every run in it is longer than those of `bin`. */
@inline function findBehind(bin: u32): u32 {
  const level = bin >>> 3;
  const same = <u32>load<u8>(LEVEL_BINS + level) & (0xfffffffe << (bin & 7));
  if (same != 0) return binHead((level << 3) | ctz(same));
  const above = arena().levels & (0xfffffffe << level);
  if (above == 0) return 0;
  const next = ctz(above);
  return binHead((next << 3) | ctz(<u32>load<u8>(LEVEL_BINS + next)));
}

/** A free run of at least `pages` pages, close to the shortest there is, or 0. Bounded; may miss one in a crowded bin. */
export function runFind(pages: u32): u32 {
  const bin = binOf(pages);
  const page = findInBin(bin, pages, PROBES);
  return page != 0 ? page : findBehind(bin);
}

/** Cuts the first `pages` pages off a free run. Their descriptors are the caller's to write. */
export function runTake(page: u32, pages: u32): void {
  const count = pageAt(page).count;
  binUnlink(page);
  arena().freePages -= pages;
  if (count > pages) markFree(page + pages, count - pages);
}

/**
 * Takes `pages` pages, 1 or more. Their descriptors are the caller's to write.
 * @returns the first page, or 0: neither free pages nor memory to grow into; nothing changed.
 */
export function runAlloc(pages: u32): u32 {
  const a = arena();
  if (pages >= a.pagesMax) return 0;
  let page = runFind(pages);
  if (page == 0) {
    if (growTail(pages)) page = a.pageEnd - tailPages();
    // The last resort looks at every run of the bin: at most one for each `pages` pages of the memory.
    else page = findInBin(binOf(pages), pages, a.pagesMax);
    if (page == 0) return 0;
  }
  runTake(page, pages);
  return page;
}

/** Makes a used run longer where it is: into the free run behind it, or past the arena's end. False: nothing changed. */
export function runExtend(page: u32, pages: u32): bool {
  const a = arena();
  const count = pageAt(page).count;
  const lack = pages - count;
  const next = page + count;
  const free = next < a.pageEnd && pageAt(next).tag == TAG_FREE ? pageAt(next).count : 0;
  if (free < lack && (next + free != a.pageEnd || !growTail(lack))) return false;
  runTake(next, lack);
  markUsed(page, pages);
  return true;
}

/** Gives back all but the first `pages` pages of a used run, 1 or more. */
export function runShrink(page: u32, pages: u32): void {
  const count = pageAt(page).count;
  markUsed(page, pages);
  runFree(page + pages, count - pages);
}

/** Bytes of all pages in slabs and in used runs: what is not in free runs. */
export function pagesActiveBytes(): u64 {
  const a = arena();
  return <u64>(a.pageEnd - a.firstPage - a.freePages) << 12;
}

/** Pages of the longest free run. Looks at every run of the highest bin in use. */
export function runLongest(): u32 {
  const levels = arena().levels;
  if (levels == 0) return 0;
  const level: u32 = 31 - clz(levels);
  let page = binHead((level << 3) | (31 - clz(<u32>load<u8>(LEVEL_BINS + level))));
  let longest: u32 = 0;
  while (page != 0) {
    longest = max(longest, pageAt(page).count);
    page = pageAt(page).next;
  }
  return longest;
}
