// Latches as two threads see them: this one, and a worker thread that takes and gives back what it is told to.
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  HEADER_LATCH_OWNER,
  HEADER_LATCH_RESERVED,
  HEADER_LATCH_WAITERS,
  ROUTING_SLOTS,
  SERVER_LAYOUT,
  ShardKernel,
} from '../../host/kernel/kernel.js';
import { Latches } from '../../host/worker/latches.js';
import { newStore } from '../../host/worker/store-parts.js';

const KERNEL = new URL('../../dist/kernel.shared.wasm', import.meta.url);
const SHARDS = 3;
const HERE = 1;
const THERE = 2;

describe('latches between threads', () => {
  let shards: ShardKernel[];
  let latches: Latches;
  let worker: Worker;

  beforeEach(() => {
    const layout = { ...SERVER_LAYOUT, shardCount: SHARDS, routing: ROUTING_SLOTS, databases: 1, windowCount: 2 };
    const store = newStore(new WebAssembly.Module(readFileSync(KERNEL)), layout);
    shards = store.memories.map((memory, i) => new ShardKernel(store.module, memory, i, 0, layout));
    latches = new Latches(shards, HERE);
    worker = new Worker(new URL('./latch-thread.mjs', import.meta.url), {
      workerData: { store, windowIndex: 1, owner: THERE },
    });
  });
  afterEach(async () => {
    await worker.terminate();
  });

  /** Has the other thread's Latches do something; what it answered. */
  function there(call: keyof Latches, argument: number | readonly number[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (answer) => {
        worker.off('error', reject);
        resolve(answer);
      });
      worker.postMessage({ call, argument });
    });
  }
  const header = (shard: number, field: number): number =>
    Atomics.load(shards[shard].words, ShardKernel.headerIndex(field));

  it('wakes a parked wait when another thread releases', async () => {
    expect(await there('tryOne', 1)).toBe(true);
    expect(latches.tryOne(1)).toBe(false);
    // A wait may end by its time limit with the latch still held: whoever waits looks again, as the workers do.
    const turn = (async () => {
      while (!latches.tryOne(1)) await new Promise((resolve) => latches.wait(1, resolve));
    })();
    expect(header(1, HEADER_LATCH_WAITERS)).toBe(1);
    await there('release', 1);
    await turn;
    expect(header(1, HEADER_LATCH_OWNER)).toBe(HERE);
    expect(header(1, HEADER_LATCH_WAITERS)).toBe(0);
    latches.release(1);
  });

  it('serves every waiter of a thread with one wait', async () => {
    expect(await there('tryOne', 0)).toBe(true);
    const woken = [0, 1, 2].map(() => new Promise((resolve) => latches.wait(0, resolve)));
    expect(header(0, HEADER_LATCH_WAITERS)).toBe(1);
    await there('release', 0);
    expect(await Promise.all(woken)).toEqual([0, 0, 0]);
  });

  it('makes newcomers yield to a reservation, until its owner has had its turn', async () => {
    expect(await there('tryOne', 2)).toBe(true);
    latches.reserve(2);
    await there('release', 2);
    expect(header(2, HEADER_LATCH_RESERVED)).toBe(HERE);
    expect(await there('tryOne', 2)).toBe(false);
    expect(latches.tryOne(2)).toBe(true);
    latches.release(2);
    expect(header(2, HEADER_LATCH_RESERVED)).toBe(0);
    expect(await there('tryOne', 2)).toBe(true);
  });

  it('gives up its reservations when another thread was first with the next', async () => {
    await there('reserve', 1);
    latches.reserve(0);
    latches.reserve(1);
    expect(header(0, HEADER_LATCH_RESERVED)).toBe(0);
    expect(header(1, HEADER_LATCH_RESERVED)).toBe(THERE);
  });

  it('gives up all its reservations when who made them goes away', async () => {
    expect(await there('tryAll', [0, 1])).toBe(-1);
    latches.reserve(0);
    latches.reserve(1);
    await there('releaseAll', [0, 1]);
    expect(await there('tryAll', [0, 1])).toBe(0);
    latches.unreserve();
    expect([0, 1].map((shard) => header(shard, HEADER_LATCH_RESERVED))).toEqual([0, 0]);
    expect(await there('tryAll', [0, 1])).toBe(-1);
  });

  it('holds all latches or none', async () => {
    expect(await there('tryOne', 2)).toBe(true);
    expect(latches.tryAll([0, 1, 2])).toBe(2);
    expect([0, 1, 2].map((shard) => header(shard, HEADER_LATCH_OWNER))).toEqual([0, 0, THERE]);
    expect(await there('release', 2)).toBe(null);
    expect(latches.tryAll([0, 1, 2])).toBe(-1);
    expect(await there('tryAll', [0, 1])).toBe(0);
    latches.releaseAll([0, 1, 2]);
    expect(await there('tryAll', [0, 1])).toBe(-1);
  });
});
