// Goal: no sequence of requests makes the arena hand out memory twice, lose some, or damage a live block.
// Method: random requests against a shadow that knows every live byte; blocks are filled with a pattern of their own and
// verified when they go; the arena checks itself every few hundred steps; at the end all is freed and must be one run.
import { describe, expect, it } from 'vitest';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { ShadowHeap } from '../support/shadow-heap.js';
import { BUILDS } from '../support/wasm.js';

const STEPS = process.env.LATCHKEY_TEST_LONG ? 200_000 : 6_000;
const seed = runSeed('arena');

const MIXES = {
  'small blocks': (r: Random) => r.between(1, 128),
  'all classes': (r: Random) => Math.floor(2 ** (r.below(1500) / 100)),
  'page runs': (r: Random) => r.between(1, 40) * 4096 - r.below(4096),
  'a bit of everything': (r: Random) =>
    r.weighted([
      [20, 40],
      [10, r.between(1, 300)],
      [5, 4096],
      [4, r.between(300, 30_000)],
      [2, r.between(30_000, 400_000)],
    ] as const),
};

/**
 * One history of phases: growing, so that the arena fills up, then shrinking, so that it is full of holes.
 * @returns how many requests were refused.
 */
function history(heap: ShadowHeap, random: Random, size: (r: Random) => number): number {
  const live: number[] = [];
  let refused = 0;
  let growing = true;
  for (let step = 0; step < STEPS; step++) {
    if (random.oneIn(400)) growing = !growing;
    const choice = random.below(10);
    if (live.length === 0 || choice < (growing ? 6 : 2)) {
      const ptr = heap.alloc(size(random));
      if (ptr !== 0) live.push(ptr);
      else refused++;
    } else {
      const at = random.below(live.length);
      if (choice === 9) {
        const fresh = heap.realloc(live[at], size(random));
        if (fresh !== 0) live[at] = fresh;
        else refused++;
      } else {
        heap.free(live[at]);
        live[at] = live[live.length - 1];
        live.pop();
      }
    }
    if (random.oneIn(1000)) heap.purge();
    if (step % 300 === 0) expect(heap.check()).toBe(0);
  }
  return refused;
}

describe.each(BUILDS)('arena against a shadow, $memory $mode', (build) => {
  it.each(Object.entries(MIXES))('%s: nothing overlaps, nothing is lost, all is whole in the end', (name, size) => {
    const random = new Random(deriveSeed(seed, name.length));
    const heap = new ShadowHeap(build);
    expect(history(heap, random, size)).toBe(0);
    heap.freeAll();
    expect(heap.check()).toBe(0);
    expect(heap.whole()).toBe(true);
  });

  it.each(Object.entries(MIXES))('%s at the maximum of the memory: refusals change nothing', (name, size) => {
    const random = new Random(deriveSeed(seed, 100 + name.length));
    const heap = new ShadowHeap(build, 20);
    // Blocks of a page until none is left, and a few of them back: every mix meets the end in such a memory.
    const ballast: number[] = [];
    for (let ptr = heap.alloc(4096); ptr !== 0; ptr = heap.alloc(4096)) ballast.push(ptr);
    for (let i = 0; i < 6; i++) heap.free(ballast.pop() as number);
    expect(history(heap, random, size)).toBeGreaterThan(0);
    heap.freeAll();
    expect(heap.check()).toBe(0);
    expect(heap.whole()).toBe(true);
  });

  it('what is promised in a full and fragmented memory can be had in pieces of any four sizes', () => {
    const random = new Random(deriveSeed(seed, 200));
    let kept = 0;
    for (let round = 0; round < (STEPS > 10_000 ? 300 : 25); round++) {
      const heap = new ShadowHeap(build, 40);
      const live: number[] = [];
      const draw = MIXES['a bit of everything'];
      for (let ptr = heap.alloc(draw(random), false); ptr !== 0; ptr = heap.alloc(draw(random), false)) live.push(ptr);
      const holes = random.shuffled(live);
      const bytes = random.between(200, 2 ** random.between(8, 18));
      while (!heap.canAlloc(bytes) && holes.length > 0) heap.free(holes.pop() as number);
      expect(heap.canAlloc(bytes)).toBe(true);
      const sizes = Array.from({ length: 4 }, () => random.between(33, Math.max(33, Math.min(30_000, bytes >> 4))));
      for (let left = bytes; left >= 8; ) {
        const piece = Math.min(random.pick(sizes), left);
        // The last piece may be of a fifth class, so it is left out unless it fits one of the four.
        if (!sizes.includes(piece)) break;
        if (heap.alloc(piece, false) === 0) throw new Error(`no ${piece} with ${left} of ${bytes} promised bytes left`);
        left -= piece;
        kept++;
      }
      expect(heap.check()).toBe(0);
    }
    expect(kept).toBeGreaterThan(300);
  });
});
