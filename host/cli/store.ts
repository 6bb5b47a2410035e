// Stores of kernels for commands that work without a server.
import { LatchkeyError } from '../errors.js';
import type { ShardKernel } from '../kernel/kernel.js';
import type { Layout } from '../persistence/meta.js';
import { kernelModule } from '../server/kernel-module.js';
import { KernelStore } from '../transfer/kernel-store.js';
import { loneShard, newStore, storeLayout } from '../worker/store-parts.js';

export interface StoreShape extends Layout {
  readonly databases: number;
}

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
  return withMemory(
    `${shape.shards} shards`,
    () => new KernelStore(newStore(kernelModule(), storeLayout(shape, shape.databases, 1))),
  );
}

/** Makes single shards of any layout, each empty and for nobody else. */
export function shardMaker(databases: number): (layout: Layout, shard: number) => ShardKernel {
  let module: WebAssembly.Module | undefined;
  return (layout, shard) =>
    withMemory(`shard ${shard}`, () => {
      module ??= kernelModule();
      return loneShard(module, storeLayout(layout, databases, 1), shard);
    });
}
