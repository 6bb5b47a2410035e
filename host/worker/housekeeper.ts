// What a thread does for shards when no client asks: active expiry, reclaiming what was flushed, and carrying the
// windows' call counters over to the shared figures. Each shard has one thread that keeps it.
import * as abi from '../kernel/abi.js';
import { ALLOWANCE_EVICTED } from '../kernel/allowance.js';
import { DEFRAG_COUNTERS } from '../kernel/defrag.js';
import {
  HEADER_AT,
  HEADER_EXPIRED,
  HEADER_EXPIRY_STALE,
  HEADER_HITS,
  HEADER_MISSES,
  type ShardKernel,
} from '../kernel/kernel.js';
import type { Clock } from './frame-runner.js';
import { type Latches, SPINS } from './latches.js';
import type { Stats } from './stats.js';

/** Things looked at under one hold of the latch: a few tens of microseconds. */
const BUDGET = 256;
/** A tick goes on with a shard that is behind for at most this long: a quarter of a tick, as Redis's expiry does. */
const TICK_MS_MAX = 25;
const OPCODES = 256;

export class Housekeeper {
  /** DEBUG SET-ACTIVE-EXPIRE. */
  activeExpire = true;

  /**
   * @param own Shards that this thread keeps.
   * @param all Every shard: this thread's windows in them have counters of its own.
   */
  constructor(
    readonly own: readonly ShardKernel[],
    readonly all: readonly ShardKernel[],
    readonly latches: Latches,
    readonly clock: Clock,
    readonly stats: Stats,
  ) {}

  /** One round over everything. Never waits for a latch: a busy shard has its turn in the next one. */
  tick(): void {
    for (const shard of this.all) this.#harvest(shard);
    for (const shard of this.own) this.#keep(shard, performance.now() + TICK_MS_MAX / this.own.length);
  }

  #keep(shard: ShardKernel, untilMs: number): void {
    const { owner } = this.latches;
    let more = true;
    while (more && performance.now() < untilMs) {
      if (shard.begin(owner, SPINS) !== 1) return;
      const nowMs = this.clock.nowMs();
      shard.stamp(nowMs, this.clock.lruClock(nowMs), 0, 2, 0, 1, 0);
      if (this.activeExpire) shard.calls.expire(shard.window, BUDGET);
      const reclaiming = shard.calls.reclaim(BUDGET) !== 0;
      more = reclaiming || (this.activeExpire && shard.header(HEADER_EXPIRY_STALE) !== 0);
      this.latches.release(shard.index);
    }
  }

  /** Takes over what this thread's own windows have counted; no latch is needed for that. */
  harvest(): void {
    for (const shard of this.all) this.#harvest(shard);
  }

  #harvest(shard: ShardKernel): void {
    const { words } = shard;
    const row = (shard.window + abi.WINDOW_CALLS) >> 2;
    const failed = (shard.window + abi.WINDOW_FAILED) >> 2;
    const rejected = (shard.window + abi.WINDOW_REJECTED) >> 2;
    for (let opcode = 1; opcode < OPCODES; opcode++) {
      if (words[rejected + opcode] !== 0) {
        this.stats.times.addRejected(opcode, words[rejected + opcode] >>> 0);
        words[rejected + opcode] = 0;
      }
      const calls = words[row + opcode];
      if (calls === 0) continue;
      this.stats.addCalls(opcode, calls >>> 0);
      words[row + opcode] = 0;
      if (words[failed + opcode] === 0) continue;
      this.stats.times.addFailed(opcode, words[failed + opcode] >>> 0);
      words[failed + opcode] = 0;
    }
  }

  /** Zeroes what the shards count for INFO stats, each under its latch. */
  resetShardCounters(): void {
    for (const shard of this.all) {
      this.#harvest(shard);
      if (shard.begin(this.latches.owner, SPINS * 100) !== 1) continue;
      for (const field of [HEADER_HITS, HEADER_MISSES, HEADER_EXPIRED, ALLOWANCE_EVICTED, ...DEFRAG_COUNTERS]) {
        shard.words[(HEADER_AT + field) >> 2] = 0;
        shard.words[(HEADER_AT + field + 4) >> 2] = 0;
      }
      shard.end(this.latches.owner);
    }
  }

  /** MEMORY PURGE: bytes that shards gave back. */
  purge(): number {
    let bytes = 0;
    for (const shard of this.all) {
      if (shard.begin(this.latches.owner, SPINS * 100) !== 1) continue;
      bytes += shard.calls.purge();
      shard.end(this.latches.owner);
    }
    return bytes;
  }
}
