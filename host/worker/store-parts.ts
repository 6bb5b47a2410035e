// What a thread needs to use a store: its shards' memories, and the module to instantiate over them. It can be posted to
// another thread.

import { Epochs } from '../kernel/epochs.js';
import { initShard, newShardMemory, ShardKernel, type ShardLayout } from '../kernel/kernel.js';

export interface StoreParts {
  readonly module: WebAssembly.Module;
  readonly layout: ShardLayout;
  /** One per shard, in order. */
  readonly memories: readonly WebAssembly.Memory[];
  /** What all threads share with the persistence engine: `Epochs` in epochs.ts. */
  readonly epochs: SharedArrayBuffer;
}

/** One thread's instances over all shards of a store, with its window in each. */
export function openShards({ module, layout, memories, epochs }: StoreParts, windowIndex: number): ShardKernel[] {
  const own = new Epochs(epochs);
  return memories.map((memory, index) => new ShardKernel(module, memory, index, windowIndex, layout, own));
}

/** A new, empty store over shared memory. */
export function newStore(module: WebAssembly.Module, layout: ShardLayout): StoreParts {
  const memories = Array.from({ length: layout.shardCount }, (_, index) => {
    const memory = newShardMemory(true, layout.pagesMax);
    initShard(module, memory, index, layout);
    return memory;
  });
  return { module, layout, memories, epochs: Epochs.newBuffer() };
}
