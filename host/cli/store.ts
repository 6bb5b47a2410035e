// Stores of kernels for commands that work without a server.
import { readFileSync } from 'node:fs';
import { LatchkeyError } from '../errors.js';
import type { ShardKernel } from '../kernel/kernel.js';
import type { Layout } from '../persistence/meta.js';
import { KernelStore } from '../transfer/kernel-store.js';
import { loneShard, newStore, storeLayout } from '../worker/store-parts.js';

const KERNEL = new URL('../../kernel.shared.wasm', import.meta.url);

export interface StoreShape extends Layout {
  readonly databases: number;
}

/** The kernel's module. */
export const compiled = (): WebAssembly.Module => new WebAssembly.Module(readFileSync(KERNEL));

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
    () => new KernelStore(newStore(compiled(), storeLayout(shape, shape.databases, 1))),
  );
}

/** Makes single shards of any layout, each empty and for nobody else. */
export function shardMaker(databases: number): (layout: Layout, shard: number) => ShardKernel {
  let module: WebAssembly.Module | undefined;
  return (layout, shard) =>
    withMemory(`shard ${shard}`, () => {
      module ??= compiled();
      return loneShard(module, storeLayout(layout, databases, 1), shard);
    });
}
