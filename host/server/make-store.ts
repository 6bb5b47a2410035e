// The store of a server: shards' memories laid out as the configuration says, and what of it lives in their headers.
import { LatchkeyError } from '../errors.js';
import {
  HEADER_FLAG_LFU,
  HEADER_FLAGS,
  HEADER_LFU_DECAY,
  HEADER_LFU_LOG_FACTOR,
  ShardKernel,
} from '../kernel/kernel.js';
import { askNotifications } from '../worker/key-events.js';
import { configureMaxmemory } from '../worker/memory-limit.js';
import { laneCount } from '../worker/slow-lane.js';
import { newStore, type StoreParts, storeLayout } from '../worker/store-parts.js';
import type { Config } from './config.js';
import { configureLimits } from './config-limits.js';
import { kernelModule } from './kernel-module.js';

/** Windows of a shard, in this order: one per worker, one per lane, one for the persistence engine. */
export function engineWindow({ threads, shards }: { threads: number; shards: number }): number {
  return threads + laneCount(shards);
}

/** @throws LatchkeyError `OUT_OF_MEMORY`. */
export function makeStore(config: Config, module = kernelModule()): StoreParts {
  const { shards, databases } = config.values;
  try {
    const store = newStore(module, storeLayout(config.values, databases, engineWindow(config.values) + 1));
    configureShards(store, config);
    return store;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LatchkeyError('OUT_OF_MEMORY', `Cannot make ${shards} shards: ${why}`, { cause: error });
  }
}

/** Parameters that live in the shards' headers. Single words, so no latch is needed. */
export function configureShards(store: StoreParts, config: Config): void {
  const { maxmemoryPolicy, lfuLogFactor, lfuDecayTime, notifyKeyspaceEvents } = config.values;
  for (const memory of store.memories) {
    const words = new Int32Array(memory.buffer);
    const flags = ShardKernel.headerIndex(HEADER_FLAGS);
    if (maxmemoryPolicy.endsWith('-lfu')) Atomics.or(words, flags, HEADER_FLAG_LFU);
    else Atomics.and(words, flags, ~HEADER_FLAG_LFU);
    Atomics.store(words, ShardKernel.headerIndex(HEADER_LFU_LOG_FACTOR), lfuLogFactor);
    Atomics.store(words, ShardKernel.headerIndex(HEADER_LFU_DECAY), lfuDecayTime);
    askNotifications(memory.buffer, notifyKeyspaceEvents);
  }
  configureLimits(store.memories, (name) => config.get(name)!);
  configureMaxmemory(store.memories, config.values);
}
