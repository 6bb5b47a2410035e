// maxmemory while a snapshot is under way. What is evicted and not saved yet is kept for the snapshot, encoded or as it is:
// if that counted as data, eviction would gain nothing, and go on until everything was gone.
import { describe, expect, it } from 'vitest';
import { ALLOWANCE_EVICTED } from '../../host/kernel/allowance.js';
import { Epochs, POLICY_SNAPSHOTS } from '../../host/kernel/epochs.js';
import { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS, type Build } from '../support/wasm.js';

const MIB = 1 << 20;
/** Of what is encoded. What of a block is not filled yet counts as data. */
const BLOCK_BYTES = 1 << 16;
const evicted = (store: StoreInProcess): number =>
  store.shards.reduce((sum, shard) => sum + shard.counter(ALLOWANCE_EVICTED), 0);
const holds = (store: StoreInProcess): number => store.shards.reduce((sum, { calls }) => sum + calls.usedBytes(), 0);

/** A store that is full, and in a snapshot that nobody walks. */
function entered(build: Build, shardCount: number, limit: number, keys: number, valueBytes: number) {
  const epochs = new Epochs(Epochs.newBuffer());
  epochs.policy = POLICY_SNAPSHOTS;
  epochs.epoch = 1;
  const store = new StoreInProcess(build, shardCount, {}, epochs);
  store.limit(limit, 'allkeys-lru');
  for (let i = 0; i < keys; i++) expect(store.call('SET', `key:${i}`, 'x'.repeat(valueBytes))).toBe('+OK\r\n');
  expect(evicted(store)).toBeGreaterThan(0);
  epochs.snapshot = 2;
  epochs.epoch = 2;
  // Whoever takes a latch enters.
  store.call('MGET', ...Array.from({ length: 50 }, (_, i) => `key:${i}`));
  expect(store.shards.map(({ calls }) => calls.snapshotActive())).toEqual(store.shards.map(() => 1));
  return store;
}

describe.each(BUILDS)('maxmemory during a snapshot, $memory $mode', (build) => {
  it.each([
    [1, 300, 8000],
    [3, 300, 8000],
    [1, 4000, 800],
    [3, 4000, 800],
    [1, 100_000, 40],
    [3, 100_000, 40],
  ])('%i shard(s), values of %i bytes: each write makes room for itself and for no more', (shardCount, bytes, keys) => {
    const limit = 2 * MIB;
    const store = entered(build, shardCount, limit, keys, bytes);
    const [before, keysBefore] = [evicted(store), store.keys()];
    const writes = Math.floor(MIB / 5 / bytes) + 1;
    for (let i = 0; i < writes; i++) {
      expect(store.call('SET', `new:${i}`, 'x'.repeat(bytes))).toBe('+OK\r\n');
      expect(store.used).toBeLessThanOrEqual(limit + bytes + 8192 + shardCount * BLOCK_BYTES);
    }
    // What room was left over is one key's, and each shard has begun a block or two.
    const most = writes * 1.5 + 2 + (shardCount * 3 * BLOCK_BYTES) / bytes;
    expect(evicted(store) - before).toBeLessThan(most);
    expect(store.keys()).toBeGreaterThan(keysBefore - most);
    expect(store.shards.map(({ calls }) => calls.snapshotFailed())).toEqual(store.shards.map(() => 0));
    expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
  });

  it.each([1, 3])(
    '%i shard(s): what is kept ends at its bound, the snapshot fails, and no write does',
    (shardCount) => {
      const limit = 6 * MIB;
      const store = entered(build, shardCount, limit, 120, 100_000);
      for (const { calls } of store.shards) calls.snapshotBound(MIB / shardCount);
      let most = 0;
      for (let i = 0; i < 200; i++) {
        expect(store.call('SET', `new:${i}`, 'x'.repeat(100_000))).toBe('+OK\r\n');
        most = Math.max(most, holds(store));
      }
      expect(store.shards.map(({ calls }) => calls.snapshotFailed())).toEqual(store.shards.map(() => 1));
      // One value more than may be kept is kept before it is seen.
      expect(most).toBeLessThan(limit + MIB + (shardCount + 1) * 120_000);
      expect(store.used).toBeLessThanOrEqual(limit + 120_000 + shardCount * BLOCK_BYTES);
      expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
    },
  );

  it.each([1, 3])('%i shard(s): what was flushed makes room before it is saved, for as much again', (shardCount) => {
    const limit = 2 * MIB;
    const store = entered(build, shardCount, limit, 4000, 1000);
    expect(store.call('FLUSHALL')).toBe('+OK\r\n');
    const before = evicted(store);
    const fill = (from: number, count: number): void => {
      for (let i = from; i < from + count; i++) expect(store.call('SET', `new:${i}`, 'x'.repeat(1000))).toBe('+OK\r\n');
    };
    fill(0, 1000);
    expect(store.keys()).toBe(1000);
    expect(evicted(store)).toBe(before);
    fill(1000, 3000);
    expect(evicted(store)).toBeGreaterThan(before + 1000);
    expect(store.used).toBeLessThan(2 * limit + MIB / 4);
    for (const { calls } of store.shards) calls.snapshotAbort();
    fill(4000, 100);
    expect(store.used).toBeLessThan(limit + MIB / 8);
    expect(store.keys()).toBeGreaterThan(1000);
    expect(store.shards.map(({ calls }) => calls.check())).toEqual(store.shards.map(() => 0));
  });
});
