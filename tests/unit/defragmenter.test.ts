// When active defragmentation runs, and when it leaves things alone.
import { describe, expect, it } from 'vitest';
import { DEFRAG_HITS, DEFRAG_MISSES } from '../../host/kernel/defrag.js';
import { Defragmenter, type DefragSettings } from '../../host/worker/defragmenter.js';
import { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS } from '../support/wasm.js';

const settings = {
  activedefrag: true,
  activeDefragIgnoreBytes: 200_000,
  activeDefragThresholdLower: 10,
  activeDefragThresholdUpper: 100,
  activeDefragCycleMin: 1,
  activeDefragCycleMax: 25,
};

/** A store of three shards, with nine of ten keys deleted again. */
function thinned(build: (typeof BUILDS)[number]) {
  const store = new StoreInProcess(build, 3);
  const commands = (verb: string, keep: (i: number) => boolean, ...value: string[]) =>
    Array.from({ length: 12_000 }, (_, i) => i)
      .filter(keep)
      .map((i) => [verb, `k${i}`, ...value]);
  const feed = (all: string[][]) => {
    for (let i = 0; i < all.length; i += 100) store.pipeline(all.slice(i, i + 100));
  };
  feed(commands('SET', () => true, 'v'.repeat(100)));
  feed(commands('DEL', (i) => i % 10 !== 0));
  const holes = () => store.shards.reduce((sum, shard) => sum + shard.calls.sparseBytes(), 0);
  const looked = () =>
    store.shards.reduce((sum, shard) => sum + shard.counter(DEFRAG_HITS) + shard.counter(DEFRAG_MISSES), 0);
  const defragmenter = (changes: Partial<DefragSettings> = {}) =>
    new Defragmenter(store.shards, store.shards, store.latches, store.stats, { ...settings, ...changes });
  return { store, holes, looked, defragmenter };
}

describe.each(BUILDS)('the defragmenter, $memory $mode', (build) => {
  it('closes holes a part of the time, and rests when that is done', () => {
    const { store, holes, looked, defragmenter } = thinned(build);
    const before = holes();
    const its = defragmenter();
    its.tick(100);
    expect(store.stats.ofWorker(0, 'defragPercent')).toBe(25);
    expect(store.stats.ofWorker(0, 'defragSinceMs')).toBeGreaterThan(0);
    let ticks = 1;
    for (; store.stats.ofWorker(0, 'defragPercent') !== 0 && ticks < 1000; ticks++) its.tick(100);
    expect(ticks).toBeLessThan(1000);
    expect(holes()).toBeLessThan(before / 4);
    expect(store.stats.sum('defragMs')).toBeGreaterThan(0);
    expect(store.stats.ofWorker(0, 'defragSinceMs')).toBe(0);
    const until = looked();
    for (let i = 0; i < 10; i++) its.tick(100);
    expect(looked()).toBe(until);
    for (const shard of store.shards) expect(shard.calls.check()).toBe(0);
    expect(store.keys()).toBe(1200);
    expect(store.call('GET', 'k11990')).toBe(`$100\r\n${'v'.repeat(100)}\r\n`);
  });

  it.each([
    ['it is switched off', { activedefrag: false }],
    ['the holes are few', { activeDefragIgnoreBytes: 100 << 20 }],
    ['they are a small part of the shard', { activeDefragThresholdLower: 1000, activeDefragThresholdUpper: 1000 }],
  ])('does nothing when %s', (_, changes) => {
    const { store, looked, defragmenter } = thinned(build);
    const its = defragmenter(changes);
    for (let i = 0; i < 10; i++) its.tick(100);
    expect(looked()).toBe(0);
    expect(store.stats.ofWorker(0, 'defragPercent')).toBe(0);
  });

  it('leaves alone a shard whose latch is busy', () => {
    const { store, looked, defragmenter } = thinned(build);
    for (const shard of store.shards) shard.calls.begin(9, 0);
    defragmenter().tick(100);
    expect(looked()).toBe(0);
    for (const shard of store.shards) shard.calls.end(9);
    defragmenter().tick(100);
    expect(looked()).toBeGreaterThan(0);
  });
});
