// maxmemory: one limit over all shards. It lies in the shards' headers, with all that eviction goes by, so that every
// thread sees a change at once, the slow lane's too.
//
// What is left of the limit is divided among the shards, and each may grow by its part without asking. So a write costs a
// comparison in the kernel; only when a shard has used up its part, all of them are added up and the rest is divided
// anew. The parts never sum up to more than the limit. With one shard, its part is the limit, and nobody divides.

import * as abi from '../kernel/abi.js';
import {
  ALLOWANCE_DIVIDING,
  ALLOWANCE_GRANULES,
  ALLOWANCE_LIMIT_BYTES,
  ALLOWANCE_NONE,
  ALLOWANCE_POLICY,
  ALLOWANCE_SAMPLES,
  ALLOWANCE_TENACITY,
  GRANULE_BYTES,
} from '../kernel/allowance.js';
import { ShardKernel } from '../kernel/kernel.js';

/** What the configuration says about the limit. */
export interface MemoryPolicy {
  /** Bytes; 0: none. */
  readonly maxmemory: number;
  readonly maxmemoryPolicy: string;
  readonly maxmemorySamples: number;
  readonly maxmemoryEvictionTenacity: number;
}

const GRANULES = ShardKernel.headerIndex(ALLOWANCE_GRANULES);
const DIVIDING = ShardKernel.headerIndex(ALLOWANCE_DIVIDING);
/** Of its first 32 bits; it is a 64-bit word. */
const LIMIT = ShardKernel.headerIndex(ALLOWANCE_LIMIT_BYTES);

const CRITERIA: Readonly<Record<string, number>> = {
  lru: abi.EVICT_LRU,
  lfu: abi.EVICT_LFU,
  ttl: abi.EVICT_TTL,
  random: abi.EVICT_RANDOM,
};

/** EVICT_* of a policy's name; 0 for noeviction. */
export function policyNumber(name: string): number {
  const [scope, criterion] = name.split('-');
  return (CRITERIA[criterion] ?? 0) | (scope === 'volatile' ? abi.EVICT_VOLATILE : 0);
}

/** Puts the limit into the shards' headers. What may be held is divided by the next `divide`. */
export function configureMaxmemory(memories: readonly WebAssembly.Memory[], policy: MemoryPolicy): void {
  for (const memory of memories) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, ShardKernel.headerIndex(ALLOWANCE_POLICY), policyNumber(policy.maxmemoryPolicy));
    Atomics.store(words, ShardKernel.headerIndex(ALLOWANCE_SAMPLES), policy.maxmemorySamples);
    Atomics.store(words, ShardKernel.headerIndex(ALLOWANCE_TENACITY), policy.maxmemoryEvictionTenacity);
    Atomics.store(new BigUint64Array(memory.buffer), LIMIT >> 1, BigInt(policy.maxmemory));
    // With a limit, the first write that asks finds out how much there is.
    Atomics.store(words, GRANULES, policy.maxmemory === 0 ? ALLOWANCE_NONE | 0 : 0);
  }
}

/** One thread's view of the limit. What holds for all shards is read in the first one's header. */
export class MemoryLimit {
  readonly #first: ShardKernel;

  /** @param owner Id of this thread in latch words. */
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly owner: number,
  ) {
    this.#first = shards[0];
  }

  /** Whether there is a limit. */
  get exists(): boolean {
    const { words } = this.#first;
    return words[LIMIT] !== 0 || words[LIMIT + 1] !== 0;
  }
  /** Bytes. */
  get bytes(): number {
    return Number(Atomics.load(new BigUint64Array(this.#first.memory.buffer, LIMIT * 4, 1), 0));
  }
  get policy(): number {
    return Atomics.load(this.#first.words, ShardKernel.headerIndex(ALLOWANCE_POLICY));
  }
  get samples(): number {
    return Atomics.load(this.#first.words, ShardKernel.headerIndex(ALLOWANCE_SAMPLES));
  }
  get tenacity(): number {
    return Atomics.load(this.#first.words, ShardKernel.headerIndex(ALLOWANCE_TENACITY));
  }

  /** Bytes that all shards hold: INFO's used_memory, but for what is kept for a snapshot, which has a bound of its own. */
  used(): number {
    let sum = 0;
    for (const shard of this.shards) sum += shard.calls.dataBytes();
    return sum;
  }

  /** Has the shard used up its part? Roughly, without its latch. */
  isOver(index: number): boolean {
    const granules = Atomics.load(this.shards[index].words, GRANULES) >>> 0;
    return granules !== ALLOWANCE_NONE && this.shards[index].calls.dataBytes() > granules * GRANULE_BYTES;
  }

  /**
   * Divides what is left of the limit among the shards. While it is exceeded no shard has a part, so that each write asks.
   * @returns false: another thread is at it.
   */
  divide(): boolean {
    if (Atomics.compareExchange(this.#first.words, DIVIDING, 0, this.owner) !== 0) return false;
    const { shards } = this;
    const limit = this.bytes;
    if (shards.length === 1 || limit === 0) {
      const all = limit === 0 ? ALLOWANCE_NONE : Math.min(Math.floor(limit / GRANULE_BYTES), ALLOWANCE_NONE - 1);
      for (let i = 0; i < shards.length; i++) this.#allow(i, all);
    } else {
      const used = shards.map((shard) => shard.calls.dataBytes());
      const left = limit - used.reduce((sum, bytes) => sum + bytes, 0);
      for (let i = 0; i < shards.length; i++) {
        const bytes = left < 0 ? 0 : used[i] + Math.floor(left / shards.length);
        this.#allow(i, Math.min(Math.floor(bytes / GRANULE_BYTES), ALLOWANCE_NONE - 1));
      }
    }
    Atomics.store(this.#first.words, DIVIDING, 0);
    return true;
  }

  #allow(index: number, granules: number): void {
    Atomics.store(this.shards[index].words, GRANULES, granules | 0);
  }
}
