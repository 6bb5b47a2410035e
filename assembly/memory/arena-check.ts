// The arena's own integrity check: walks every page and every list. For tests and DEBUG.
import {
  ARENA_PAGE_BYTES, BIN_COUNT, CLASSES, TAG_FREE, TAG_INNER, TAG_USED, arena, binHead, binMarked, binOf, emptySlabs, pageAddress, pageAt, pagesFor,
} from './pages';
import { classAt, slabFree, slabFresh } from './slab';

// Sums of the walk over the pages, compared with what the lists and counters say.
let usedBytes: u64 = 0;
let freePages: u32 = 0;
let freeRuns: u32 = 0;
let slabs: u32 = 0;
let openSlabs: u32 = 0;
let empties: u32 = 0;

/**
 * @returns 0, or the number of the first broken rule.
 *  1..4   the arena's bounds: table size, end, maximum, the memory itself
 *  10..13 runs: unknown descriptor, past the end, ends that differ, neighbours not merged
 *  20..27 slabs: past the end, inner pages, more blocks than room, a free list with a wrong offset, a wrong length or
 *         a block in it twice, a block handed out of no slab
 *  30..33 accounting: used bytes, free pages, slabs, empty slabs
 *  40..45 bins: wrong bin, broken links, a run missing or twice, maps
 *  50..53 class lists: a full or foreign slab, broken links, a slab missing or twice
 */
export function arenaCheck(): u32 {
  const a = arena();
  if (a.firstPage != pagesFor(a.pagesMax << 4)) return 1;
  if (a.pageEnd < a.firstPage) return 2;
  if (a.pageEnd > a.pagesMax) return 3;
  if ((a.base >>> 12) + a.pageEnd > <u32>memory.size() << 4) return 4;
  usedBytes = 0;
  freePages = 0;
  freeRuns = 0;
  slabs = 0;
  openSlabs = 0;
  empties = 0;
  let reason = checkPages();
  if (reason != 0) return reason;
  if (usedBytes != a.usedBytes) return 30;
  if (freePages != a.freePages) return 31;
  if (empties != emptySlabs()) return 33;
  reason = checkBins();
  return reason != 0 ? reason : checkClasses();
}

function checkPages(): u32 {
  const a = arena();
  let page = a.firstPage;
  let afterFree = false;
  while (page < a.pageEnd) {
    const p = pageAt(page);
    const tag = p.tag;
    let pages = p.count;
    if (tag == TAG_FREE || tag == TAG_USED) {
      if (pages == 0 || pages > a.pageEnd - page) return 11;
      const last = pageAt(page + pages - 1);
      if (tag == TAG_FREE) {
        if (last.tag != TAG_FREE || last.count != pages) return 12;
        if (afterFree) return 13;
        freePages += pages;
        freeRuns++;
      } else {
        if (pages > 1 && last.tag != TAG_INNER) return 12;
        usedBytes += <u64>pages << 12;
      }
    } else {
      if (tag == TAG_INNER || <u32>tag > CLASSES) return 10;
      const reason = checkSlab(page);
      if (reason != 0) return reason;
      pages = classAt(<u32>tag - 1).pages;
    }
    afterFree = tag == TAG_FREE;
    page += pages;
  }
  return 0;
}

function checkSlab(page: u32): u32 {
  const p = pageAt(page);
  const c = classAt(<u32>p.tag - 1);
  if (c.capacity == 0 || p.back != 0) return 27;
  if (<u32>c.pages > arena().pageEnd - page) return 20;
  for (let i: u32 = 1; i < <u32>c.pages; i++) {
    const inner = pageAt(page + i);
    if (inner.tag != p.tag || <u32>inner.back != i) return 21;
  }
  const used = <u32>p.used;
  const fresh = slabFresh(p);
  if (used > <u32>c.capacity) return 22;
  if (fresh > <u32>c.capacity * c.size || fresh % c.size != 0) return 23;
  const handedOut = fresh / c.size;
  // A list that names a block twice never ends, so a length that is right proves that it does not.
  let length: u32 = 0;
  let free = slabFree(p);
  while (free != 0) {
    const offset = free - 1;
    if (offset >= fresh || offset % c.size != 0) return 24;
    if (++length > handedOut) return 26;
    free = load<u16>(pageAddress(page) + offset);
  }
  if (length + used != handedOut) return 25;
  usedBytes += <u64>used * c.size;
  slabs++;
  if (used < <u32>c.capacity) openSlabs++;
  if (used == 0) empties++;
  return 0;
}

@inline function inArena(page: u32): bool { return page >= arena().firstPage && page < arena().pageEnd; }

function checkBins(): u32 {
  let runs: u32 = 0;
  let pages: u32 = 0;
  for (let bin: u32 = 0; bin < BIN_COUNT; bin++) {
    let page = binHead(bin);
    if ((page != 0) != binMarked(bin)) return 45;
    let before: u32 = 0;
    while (page != 0) {
      if (!inArena(page)) return 41;
      const p = pageAt(page);
      if (p.tag != TAG_FREE || binOf(p.count) != bin) return 40;
      if (p.prev != before) return 41;
      if (++runs > freeRuns) return 42;
      pages += p.count;
      before = page;
      page = p.next;
    }
  }
  if (runs != freeRuns) return 43;
  return pages == freePages ? 0 : 44;
}

function checkClasses(): u32 {
  let all: u32 = 0;
  let open: u32 = 0;
  for (let i: u32 = 0; i < CLASSES; i++) {
    const c = classAt(i);
    if (c.capacity != 0 && <u32>c.capacity * c.size > <u32>c.pages * ARENA_PAGE_BYTES) return 27;
    all += c.slabs;
    let page = c.head;
    let before: u32 = 0;
    while (page != 0) {
      if (!inArena(page)) return 51;
      const p = pageAt(page);
      if (<u32>p.tag != i + 1 || p.used >= c.capacity) return 50;
      if (p.prev != before) return 51;
      if (++open > openSlabs) return 52;
      before = page;
      page = p.next;
    }
  }
  if (all != slabs) return 32;
  return open == openSlabs ? 0 : 53;
}
