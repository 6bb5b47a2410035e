// What a thread needs to use a store: its shards' memories, and the module to instantiate over them. It can be posted to
// another thread.
import { initShard, newShardMemory, type ShardLayout } from '../kernel/kernel.js';

export interface StoreParts {
  readonly module: WebAssembly.Module;
  readonly layout: ShardLayout;
  /** One per shard, in order. */
  readonly memories: readonly WebAssembly.Memory[];
}

/** A new, empty store over shared memory. */
export function newStore(module: WebAssembly.Module, layout: ShardLayout): StoreParts {
  const memories = Array.from({ length: layout.shardCount }, (_, index) => {
    const memory = newShardMemory(true, layout.pagesMax);
    initShard(module, memory, index, layout);
    return memory;
  });
  return { module, layout, memories };
}
