// Stores of kernels for commands that work without a server.
import { readFileSync } from 'node:fs';
import { LatchkeyError } from '../errors.js';
import { ROUTING_KEVYHASH, ROUTING_SLOTS, SERVER_LAYOUT } from '../kernel/kernel.js';
import { KernelStore } from '../transfer/kernel-store.js';
import { newStore } from '../worker/store-parts.js';

const KERNEL = new URL('../../kernel.shared.wasm', import.meta.url);

export interface StoreShape {
  readonly shards: number;
  readonly routing: 'kevyhash' | 'slots';
  readonly databases: number;
}

/** An empty store in this thread. @throws LatchkeyError `OUT_OF_MEMORY`. */
export function emptyStore({ shards, routing, databases }: StoreShape): KernelStore {
  const layout = {
    ...SERVER_LAYOUT,
    shardCount: shards,
    routing: routing === 'slots' ? ROUTING_SLOTS : ROUTING_KEVYHASH,
    databases,
    windowCount: 1,
  };
  try {
    return new KernelStore(newStore(new WebAssembly.Module(readFileSync(KERNEL)), layout));
  } catch (error) {
    const { message } = error as Error;
    throw new LatchkeyError('OUT_OF_MEMORY', `Cannot make ${shards} shards: ${message}`, { cause: error });
  }
}
