// What a thread needs to use a store: its shards' memories, and the module to instantiate over them. It can be posted to
// another thread.

import { Epochs } from '../kernel/epochs.js';
import {
  initShard,
  newShardMemory,
  ROUTING_KEVYHASH,
  ROUTING_SLOTS,
  SERVER_LAYOUT,
  ShardKernel,
  type ShardLayout,
} from '../kernel/kernel.js';
import type { Layout } from '../persistence/meta.js';
import { Claims } from './claims.js';
import { newPost, type Post } from './mailbox.js';

export interface StoreParts {
  readonly module: WebAssembly.Module;
  readonly layout: ShardLayout;
  /** One per shard, in order. */
  readonly memories: readonly WebAssembly.Memory[];
  /** What all threads share with the persistence engine: `Epochs` in epochs.ts. */
  readonly epochs: SharedArrayBuffer;
  /** By which threads' clients are claimed: `Claims`. */
  readonly claims: SharedArrayBuffer;
  /** Between the threads that execute commands. */
  readonly post: Post;
}

/** How the shards of a store are laid out. @param windowCount Threads that use them. */
export function storeLayout({ shards, routing }: Layout, databases: number, windowCount: number): ShardLayout {
  const routingNumber = routing === 'slots' ? ROUTING_SLOTS : ROUTING_KEVYHASH;
  return { ...SERVER_LAYOUT, shardCount: shards, routing: routingNumber, databases, windowCount };
}

/** A single shard for this thread alone, empty: to load and look at, and then to be let go. */
export function loneShard(module: WebAssembly.Module, layout: ShardLayout, shard: number): ShardKernel {
  const memory = newShardMemory(true, layout.pagesMax);
  initShard(module, memory, shard, layout);
  return new ShardKernel(module, memory, shard, 0, layout);
}

/** One thread's instances over all shards of a store, with its window in each. */
export function openShards({ module, layout, memories, epochs }: StoreParts, windowIndex: number): ShardKernel[] {
  const own = new Epochs(epochs);
  return memories.map((memory, index) => new ShardKernel(module, memory, index, windowIndex, layout, own));
}

/**
 * A new, empty store over shared memory.
 * @param threads Those that execute commands: workers and slow lanes, in the order of their windows.
 */
export function newStore(module: WebAssembly.Module, layout: ShardLayout, threads = layout.windowCount): StoreParts {
  const memories = Array.from({ length: layout.shardCount }, (_, index) => {
    const memory = newShardMemory(true, layout.pagesMax);
    initShard(module, memory, index, layout);
    return memory;
  });
  return {
    ...{ module, layout, memories, epochs: Epochs.newBuffer() },
    ...{ claims: Claims.newBuffer(threads), post: newPost(threads) },
  };
}
