// Stores of kernels for commands that work without a server.
import { readFileSync } from 'node:fs';
import { LatchkeyError } from '../errors.js';
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
import { KernelStore } from '../transfer/kernel-store.js';
import { newStore } from '../worker/store-parts.js';

const KERNEL = new URL('../../kernel.shared.wasm', import.meta.url);

export interface StoreShape extends Layout {
  readonly databases: number;
}

function layoutOf({ shards, routing, databases }: StoreShape): ShardLayout {
  return {
    ...SERVER_LAYOUT,
    shardCount: shards,
    routing: routing === 'slots' ? ROUTING_SLOTS : ROUTING_KEVYHASH,
    databases,
    windowCount: 1,
  };
}

const compiled = (): WebAssembly.Module => new WebAssembly.Module(readFileSync(KERNEL));

/** Runs what takes memory. @throws LatchkeyError `OUT_OF_MEMORY`. */
function withMemory<T>(shards: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new LatchkeyError('OUT_OF_MEMORY', `Cannot make ${shards}: ${(error as Error).message}`, { cause: error });
  }
}

/** An empty store in this thread. @throws LatchkeyError `OUT_OF_MEMORY`. */
export function emptyStore(shape: StoreShape): KernelStore {
  return withMemory(`${shape.shards} shards`, () => new KernelStore(newStore(compiled(), layoutOf(shape))));
}

/** Makes single shards of any layout, each empty and for nobody else. */
export function shardMaker(databases: number): (layout: Layout, shard: number) => ShardKernel {
  let module: WebAssembly.Module | undefined;
  return (layout, shard) =>
    withMemory(`shard ${shard}`, () => {
      module ??= compiled();
      const shardLayout = layoutOf({ ...layout, databases });
      const memory = newShardMemory(true, shardLayout.pagesMax);
      initShard(module, memory, shard, shardLayout);
      return new ShardKernel(module, memory, shard, 0, shardLayout);
    });
}
