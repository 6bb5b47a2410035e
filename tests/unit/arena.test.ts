// The arena's promises, one by one: sizes, failure, growth in place, accounting.
import { describe, expect, it } from 'vitest';
import { BASE, PAGE, ShadowHeap } from '../support/shadow-heap.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

/** Takes blocks of `size` until there are no more. */
function exhaust(heap: ShadowHeap, size: number): number[] {
  const taken: number[] = [];
  for (let ptr = heap.alloc(size, false); ptr !== 0; ptr = heap.alloc(size, false)) taken.push(ptr);
  return taken;
}

describe.each(BUILDS)('arena, $memory $mode', (build) => {
  it('a block is at most an eighth larger than what was asked for, and no larger than 8 bytes more up to 128', () => {
    const heap = new ShadowHeap(build);
    const { classOf, classSize } = heap.module.exports;
    let sizes = 0;
    for (let size = 1; size <= 28672; size++) {
      const got = classSize(classOf(size)) >>> 0;
      const allowed = size <= 128 ? size + 7 : Math.floor(size * 1.125);
      if (got < size || got > allowed) throw new Error(`${got} bytes for ${size}`);
      if (classOf(got) !== classOf(size)) throw new Error(`${got} is not of its own class`);
      sizes++;
    }
    expect(sizes).toBe(28672);
    for (const size of [28673, 40000, 65536, 65537, 1_000_000, 5_000_001]) {
      const ptr = heap.alloc(size);
      expect(heap.blocks.get(ptr)?.size).toBe(Math.ceil(size / PAGE) * PAGE);
    }
    expect(heap.check()).toBe(0);
  });

  it('an entry of 40 bytes takes 40, and 102 of them take one page', () => {
    const heap = new ShadowHeap(build);
    const pages = new Set<number>();
    for (let i = 0; i < 102; i++) pages.add(heap.alloc(40) >>> 12);
    expect(pages.size).toBe(1);
    expect(heap.used).toBe(4080n);
    expect(heap.alloc(40) >>> 12).not.toBe([...pages][0]);
  });

  it('a block of whole pages is exactly those pages', () => {
    const heap = new ShadowHeap(build);
    for (const pages of [1, 2, 3, 5, 7, 8, 16, 64, 1024]) {
      const ptr = heap.alloc(pages * PAGE);
      expect(ptr % PAGE).toBe(0);
      expect(heap.blocks.get(ptr)?.size).toBe(pages * PAGE);
    }
    expect(heap.check()).toBe(0);
  });

  it('a request for nothing gives a block that can be freed', () => {
    const heap = new ShadowHeap(build);
    heap.free(heap.alloc(0));
    expect(heap.check()).toBe(0);
  });

  it('requests of up to 4 GiB fail without a trap where there is no such memory', () => {
    const heap = new ShadowHeap(build, 64);
    const before = heap.committed;
    for (const size of [0xffffffff, 0xfffffff8, 0xfffff001, 0xfffff000, 0xf0000000, 0x80000000, 0x7fffffff, 64 << 16]) {
      expect(heap.alloc(size)).toBe(0);
      const small = heap.alloc(100);
      expect(heap.realloc(small, size)).toBe(0);
      const large = heap.alloc(100_000);
      expect(heap.realloc(large, size)).toBe(0);
      expect(heap.canAlloc(size)).toBe(false);
      heap.free(small);
      heap.free(large);
    }
    for (const bytes of [2n ** 32n, 2n ** 40n, 2n ** 64n - 1n]) expect(heap.canAlloc(bytes)).toBe(false);
    expect(heap.committed).toBe(before);
    expect(heap.check()).toBe(0);
  });

  it('the memory is used to its maximum, fails cleanly there, and is whole again afterwards', () => {
    const heap = new ShadowHeap(build, 64);
    for (const size of [1, 40, 100, 1000, 4096, 5000, 26000, 100_000]) {
      const taken = exhaust(heap, size);
      expect(taken.length).toBeGreaterThan(20);
      expect(heap.alloc(size)).toBe(0);
      expect(heap.check()).toBe(0);
      // Within a slab or a block of everything there is: 64 WASM pages but for the arena's base and table.
      const room = (64 << 16) - 0x20000 - heap.tablePages() * PAGE;
      expect(Number(heap.used) / room).toBeGreaterThan(0.9);
      heap.free(taken.pop() as number);
      expect(heap.alloc(size, false)).not.toBe(0);
      heap.freeAll();
      expect(heap.check()).toBe(0);
      expect(heap.whole()).toBe(true);
    }
  });

  it('a memory that will not grow although it may is a clean failure too', () => {
    for (let really = 17; really < 40; really += 3) {
      const heap = new ShadowHeap(build, 1024, really);
      const taken = exhaust(heap, 3000);
      expect(heap.check()).toBe(0);
      expect(heap.canAlloc(100)).toBe(false);
      expect(heap.realloc(taken[0], 1 << 20)).toBe(0);
      heap.freeAll();
      expect(heap.check()).toBe(0);
      expect(heap.whole()).toBe(true);
    }
  });

  it('all of 4 GiB but its last page can be had', () => {
    // Blocks are taken and not touched, so this is address space and no memory.
    const { exports } = loadTestModule('arena', build);
    expect(exports.arenaInit(BASE, 65536 * 16 - BASE / PAGE)).toBe(1);
    let end = 0;
    for (const size of [1 << 30, 100 << 20, 1 << 20, PAGE]) {
      for (let ptr = exports.arenaAlloc(size) >>> 0; ptr !== 0; ptr = exports.arenaAlloc(size) >>> 0) {
        end = Math.max(end, ptr + size);
      }
    }
    expect(end).toBe(2 ** 32 - PAGE);
    expect(exports.arenaCheck()).toBe(0);
    expect(exports.arenaCommittedBytes()).toBe(BigInt(2 ** 32 - PAGE - BASE));
  });

  it('the memory grows in steps of at least a mebibyte and an eighth of itself', () => {
    const heap = new ShadowHeap(build);
    const steps: { from: number; by: number }[] = [];
    let before = heap.committed;
    for (let i = 0; i < 4000; i++) {
      heap.alloc(65536, false);
      const now = heap.committed;
      if (now !== before) steps.push({ from: before, by: now - before });
      before = now;
    }
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.length).toBeLessThan(60);
    for (const { from, by } of steps) {
      expect(by).toBeGreaterThanOrEqual(1 << 20);
      expect(by).toBeLessThanOrEqual(Math.max(from / 8, 1 << 20) + 65536 + 2 * PAGE);
    }
  });

  it('a block at the end of the memory grows where it is, however often', () => {
    const heap = new ShadowHeap(build);
    const start = heap.alloc(100_000);
    let ptr = start;
    for (let size = 200_000; size < 8_000_000; size += 100_000) ptr = heap.realloc(ptr, size);
    expect(ptr).toBe(start);
    expect(heap.check()).toBe(0);
  });

  it('two blocks that grow by turns are moved a number of times that grows as the logarithm of their size', () => {
    const heap = new ShadowHeap(build);
    const ptrs = [heap.alloc(70_000, false), heap.alloc(70_000, false)];
    let moves = 0;
    for (let size = 80_000; size < 10_000_000; size += 20_000) {
      for (const i of [0, 1]) {
        const had = heap.blocks.get(ptrs[i])?.size ?? 0;
        if (size <= had) continue;
        const fresh = heap.realloc(ptrs[i], size);
        if (fresh !== ptrs[i]) moves++;
        ptrs[i] = fresh;
      }
    }
    expect(moves).toBeGreaterThan(2);
    expect(moves).toBeLessThan(120);
    expect(heap.check()).toBe(0);
  });

  it('a block that shrinks gives its pages back', () => {
    const heap = new ShadowHeap(build);
    const ptr = heap.alloc(1 << 20);
    expect(heap.realloc(ptr, 300_000)).toBe(ptr);
    expect(heap.blocks.get(ptr)?.size).toBe(Math.ceil(300_000 / PAGE) * PAGE);
    const small = heap.realloc(ptr, 100);
    expect(heap.blocks.get(small)?.size).toBe(104);
    const tiny = heap.realloc(small, 1);
    expect(heap.blocks.get(tiny)?.size).toBe(8);
    expect(heap.check()).toBe(0);
    heap.free(tiny);
    expect(heap.whole()).toBe(true);
  });

  it('an empty slab is kept once per class and given back by a purge', () => {
    const heap = new ShadowHeap(build);
    for (let i = 0; i < 1000; i++) heap.alloc(40);
    heap.freeAll();
    expect(heap.check()).toBe(0);
    expect(heap.purge()).toBe(PAGE);
    expect(heap.purge()).toBe(0);
    expect(heap.check()).toBe(0);
    expect(heap.whole()).toBe(true);
  });

  it('a load that was emptied fits again without growth', () => {
    const heap = new ShadowHeap(build);
    const sizes = [40, 56, 4096, 24, 700, 9000, 150_000, 40, 40];
    const load = () => {
      for (let i = 0; i < 4000; i++) heap.alloc(sizes[i % sizes.length], false);
    };
    load();
    const before = heap.committed;
    for (let round = 0; round < 3; round++) {
      heap.freeAll();
      load();
    }
    expect(heap.committed).toBe(before);
    expect(heap.check()).toBe(0);
  });

  it('sparse slabs are emptied by moving the blocks that should move', () => {
    const heap = new ShadowHeap(build);
    for (let i = 0; i < 102 * 50; i++) heap.alloc(40);
    [...heap.blocks.keys()].forEach((ptr, i) => {
      if (i % 5 !== 0) heap.free(ptr);
    });
    const pages = () => new Set([...heap.blocks.keys()].map((ptr) => ptr >>> 12)).size;
    expect(pages()).toBe(50);
    for (const ptr of [...heap.blocks.keys()]) {
      if (!heap.shouldMove(ptr)) continue;
      expect(heap.alloc(40)).not.toBe(0);
      heap.free(ptr);
    }
    // 1020 blocks need 10 pages; slabs more than three quarters full are left alone.
    expect(pages()).toBeLessThanOrEqual(15);
    expect(heap.check()).toBe(0);
    const run = heap.alloc(50_000);
    expect(heap.shouldMove(run)).toBe(false);
  });

  it('what is promised can be had, as one block or as many, up to the maximum', () => {
    const splits: ((bytes: number) => number[])[] = [
      (bytes) => [bytes],
      (bytes) => Array<number>(Math.floor(bytes / 40)).fill(40),
      (bytes) => Array<number>(Math.floor(bytes / 33)).fill(33),
      (bytes) => [40, 4096, Math.max(bytes - 5000, 8), 700],
      (bytes) => Array<number>(Math.floor(bytes / 16) || 1).fill(16),
      (bytes) => Array<number>(Math.floor(bytes / 7169)).fill(7169),
    ];
    let kept = 0;
    for (const split of splits) {
      for (const bytes of [600, 5000, 70_000, 500_000]) {
        const heap = new ShadowHeap(build, 64);
        // Fill up, then open holes until the arena says yes.
        const taken = exhaust(heap, 3000);
        while (!heap.canAlloc(bytes)) heap.free(taken.shift() as number);
        const pieces = split(bytes).filter((piece) => piece > 0 && piece <= bytes);
        if (pieces.reduce((sum, piece) => sum + piece, 0) > bytes) continue;
        for (const piece of pieces) {
          if (heap.alloc(piece, false) === 0) throw new Error(`no ${piece} of the ${bytes} that were promised`);
          kept++;
        }
        expect(heap.check()).toBe(0);
      }
    }
    expect(kept).toBeGreaterThan(1000);
  });

  it('every request that is made to fail leaves all as it was', () => {
    const run = (failAt: number): number => {
      const heap = new ShadowHeap(build, 256);
      const kept = heap.alloc(200_000);
      const steps: (() => number)[] = [
        () => heap.alloc(40),
        () => heap.alloc(4096),
        () => heap.alloc(100_000),
        () => heap.realloc(kept, 150_000),
        () => heap.realloc(heap.alloc(100) || kept, 120_000),
        () => heap.realloc(heap.alloc(80_000) || kept, 900_000),
        () => heap.realloc(heap.alloc(20_000) || kept, 10),
      ];
      heap.failIn(failAt);
      for (const step of steps) {
        const live = heap.blocks.size;
        const armed = heap.failLeft;
        const got = step();
        if (got === 0) expect(armed).toBeGreaterThan(0);
        expect(heap.blocks.size).toBeGreaterThanOrEqual(live);
        expect(heap.check()).toBe(0);
      }
      const left = heap.failLeft;
      heap.failIn(0);
      heap.freeAll();
      expect(heap.whole()).toBe(true);
      return left;
    };
    let failAt = 1;
    while (run(failAt) === 0 && failAt < 100) failAt++;
    expect(failAt).toBeGreaterThan(8);
    expect(failAt).toBeLessThan(100);
  });
});
