// A key's bytes where a kernel call can read them.
import type { ShardKernel } from './kernel.js';

/**
 * Calls `use` with the address of the key in the shard's memory, and answers what it answers; `fallback` if a long key finds
 * no memory. The shard's latch is held.
 */
export function withKey<T>(
  shard: ShardKernel,
  key: Uint8Array,
  use: (ptr: number, bytes: number) => T,
  fallback?: T,
): T {
  if (key.length <= shard.layout.inBytes) {
    shard.bytes.set(key, shard.staging);
    return use(shard.staging, key.length);
  }
  const block = shard.calls.blockNew(key.length) >>> 0;
  if (block === 0) return fallback as T;
  shard.view(block, key.length).set(key);
  const result = use(block, key.length);
  shard.calls.blockFree(block);
  return result;
}
