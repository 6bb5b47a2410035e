// Keeps the store within maxmemory: deletes keys as the policy says, the best candidate of all shards first, until there
// is room again. It is asked when a write finds its shard's part used up, with no latch held, and takes one latch at a
// time: to draw candidates from a shard, to delete one, to free what was dropped.
//
// How close to the limit the store stays. A write is executed if, before it, no more than the limit is held; so each
// worker may exceed it by one command, as in Redis. Frames for several shards that are executed together are one step in
// this (at most FRAMES_MAX commands out of one read). When eviction runs out of time (maxmemory-eviction-tenacity),
// BATCH_MAX commands are let pass before it goes on.
import * as abi from '../kernel/abi.js';
import { HEADER_DROPPED_HEAD, HEADER_GARBAGE_HEAD, type ShardKernel, SNAPSHOT_DETACHED } from '../kernel/kernel.js';
import type { Clock } from './frame-runner.js';
import { type Latches, SPINS } from './latches.js';
import { MemoryLimit } from './memory-limit.js';

/**
 * What became of the wish for room. `room`: there is some. `later`: not yet, but it is coming, go on all the same. `none`:
 * nothing can be evicted; writes that make the data grow are to be refused.
 */
export type Room = 'room' | 'later' | 'none';

/** Commands let pass before the limit is looked at again, while it is exceeded. */
export const BATCH_MAX = 16;

interface Candidate {
  readonly shard: number;
  readonly db: number;
  readonly hashLow: number;
  readonly hashHigh: number;
  readonly score: number;
}

/** Candidates that are remembered from one round to the next, as Redis does it. */
const POOL_MAX = 16;
/** More samples than this change nothing. */
const SAMPLES_MAX = 64;
/** Keys evicted between two looks at the clock. */
const KEYS_PER_LOOK = 16;
/** Things freed in one hold of the latch. */
const RECLAIM_BUDGET = 256;
/** Eviction goes on a little below the limit, so that not every write has to ask: this much for each shard ... */
const HEADROOM_BYTES = 1 << 14;
/** ... and at most this part of the limit. */
const HEADROOM_PART = 256;
/** While what was flushed is still to be saved, all may come to so many times the limit. */
const FLUSHED_PART = 2;
const CANDIDATE_BYTES = 24;
/** `evictKey`: its log has no room for the DEL. */
const NO_LOG = -2;

/** Milliseconds that one call may spend on eviction: 500 µs at 10, 15 % more with each step above, no end at 100. */
export function timeLimitMs(tenacity: number): number {
  if (tenacity >= 100) return Number.POSITIVE_INFINITY;
  return tenacity <= 10 ? tenacity * 0.05 : 0.5 * 1.15 ** (tenacity - 10);
}

export class Evictor {
  readonly limit: MemoryLimit;
  /** The best candidate last. */
  #pool: Candidate[] = [];
  #poolPolicy = 0;
  #turn = 0;

  /** @param exceeded Told after each look at the limit whether it is exceeded. */
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly latches: Latches,
    readonly clock: Clock,
    readonly exceeded: (isOver: boolean) => void = () => {},
  ) {
    this.limit = new MemoryLimit(shards, latches.owner);
  }

  /** Is there a limit, and has one of these shards used up its part? */
  isOver(indexes: readonly number[]): boolean {
    return this.limit.exists && indexes.some((index) => this.limit.isOver(index));
  }

  /**
   * Sees to it that there is room, as far as the policy allows. No latch may be held by this thread; the control blocks of
   * its windows have to be stamped anew afterwards.
   */
  makeRoom(): Room {
    const room = this.#makeRoom();
    this.exceeded(room !== 'room');
    return room;
  }

  #makeRoom(): Room {
    const { limit } = this;
    const bytes = limit.bytes;
    if (bytes === 0 || limit.used() <= bytes) return limit.divide() ? 'room' : 'later';
    const deadlineMs = performance.now() + timeLimitMs(limit.tenacity);
    const room = this.#shrink(bytes, deadlineMs);
    limit.divide();
    return room;
  }

  #shrink(bytes: number, deadlineMs: number): Room {
    const { limit } = this;
    const target = bytes - Math.min(HEADROOM_BYTES * this.shards.length, Math.floor(bytes / HEADROOM_PART));
    const ended = (): Room => (limit.used() <= bytes ? 'room' : 'later');
    let freed = 0;
    for (let keys = 0; ; keys++) {
      // What is deleted already comes first: nobody has to suffer for it.
      while (this.#dropped()) {
        if (limit.used() <= bytes) return 'room';
        if (!this.#reclaim() || performance.now() > deadlineMs) return ended();
      }
      const used = limit.used();
      // A last key that was large has made room enough, even if it is less than the headroom.
      if (used <= target || (used <= bytes && freed > bytes - target)) return 'room';
      // What was flushed is the snapshot's until it is saved. It was within the limit: so much may come in its place.
      if (used <= FLUSHED_PART * bytes && this.shards.some(hasFlushed)) return ended();
      if (limit.policy === 0) return used <= bytes ? 'room' : 'none';
      if (keys % KEYS_PER_LOOK === KEYS_PER_LOOK - 1 && performance.now() > deadlineMs) return ended();
      const result = this.#evictOne(limit.policy, limit.samples);
      if (result === 'none') return limit.used() <= bytes ? 'room' : 'none';
      if (result === 'busy') return ended();
      freed = result === 'again' ? 0 : result;
    }
  }

  /** Does any shard hold values or databases that are deleted and not yet freed? */
  #dropped(): boolean {
    return this.shards.some(hasDropped);
  }

  /** Frees a slice of them. False: every latch was busy. */
  #reclaim(): boolean {
    let any = false;
    for (const shard of this.shards) {
      if (!hasDropped(shard) || shard.begin(this.latches.owner, SPINS) !== 1) continue;
      shard.calls.reclaim(RECLAIM_BUDGET);
      this.latches.release(shard.index);
      any = true;
    }
    return any;
  }

  /**
   * Evicts the best key that can be found.
   * @returns bytes freed at once; `none`: nothing may be evicted; `busy`: the latches were; `again`: the candidates were
   *          gone already, or the search for the few keys that may go is long and is to be gone on with.
   */
  #evictOne(policy: number, samples: number): number | 'none' | 'busy' | 'again' {
    const random = (policy & ~abi.EVICT_VOLATILE) === abi.EVICT_RANDOM;
    if (random || policy !== this.#poolPolicy) this.#pool = [];
    this.#poolPolicy = policy;
    const count = random ? 1 : Math.min(samples, SAMPLES_MAX);
    // While the pool holds candidates of all shards, each victim costs one draw, as in Redis: from the next shard in turn.
    let looked = this.#pool.length > POOL_MAX / 2 && this.#draw(this.#nextShard(), policy, count);
    if (!looked) {
      let evictable = 0;
      for (const shard of this.shards) {
        const keys = shard.calls.evictableKeys(policy) >>> 0;
        evictable += keys;
        if (keys !== 0 && this.#draw(shard, policy, count)) looked = true;
      }
      if (evictable === 0) return 'none';
    }
    let unlogged = false;
    for (;;) {
      const best = this.#pool.pop();
      if (best === undefined) return unlogged ? 'none' : looked ? 'again' : 'busy';
      const shard = this.shards[best.shard];
      if (shard.begin(this.latches.owner, SPINS) !== 1) continue;
      this.#stamp(shard);
      const freed = shard.calls.evictKey(shard.window, policy, best.db, best.hashLow, best.hashHigh);
      this.latches.release(shard.index);
      if (freed >= 0) return freed;
      if (freed === NO_LOG) unlogged = true;
    }
  }

  #nextShard(): ShardKernel {
    this.#turn = (this.#turn + 1) % this.shards.length;
    return this.shards[this.#turn];
  }

  #stamp(shard: ShardKernel): void {
    const nowMs = this.clock.nowMs();
    shard.stamp(nowMs, this.clock.lruClock(nowMs), 0, 2, 0, 1, 0);
  }

  /** Draws keys from one shard into the pool. False: its latch was busy. */
  #draw(shard: ShardKernel, policy: number, samples: number): boolean {
    if (shard.begin(this.latches.owner, SPINS) !== 1) return false;
    this.#stamp(shard);
    const count = shard.calls.evictSample(shard.window, policy, samples) >>> 0;
    this.latches.release(shard.index);
    for (let i = 0; i < count; i++) this.#offer(candidateAt(shard, i));
    return true;
  }

  /** Keeps a candidate if it is among the best. */
  #offer(candidate: Candidate): void {
    const pool = this.#pool;
    const { shard, db, hashLow, hashHigh, score } = candidate;
    const known = pool.findIndex(
      (other) => other.hashLow === hashLow && other.hashHigh === hashHigh && other.db === db && other.shard === shard,
    );
    if (known >= 0) pool.splice(known, 1);
    else if (pool.length === POOL_MAX && pool[0].score >= score) return;
    let place = pool.length;
    while (place > 0 && pool[place - 1].score > score) place--;
    pool.splice(place, 0, candidate);
    if (pool.length > POOL_MAX) pool.shift();
  }
}

const hasDropped = (shard: ShardKernel): boolean =>
  shard.header(HEADER_GARBAGE_HEAD) !== 0 || shard.header(HEADER_DROPPED_HEAD) !== 0;

const hasFlushed = (shard: ShardKernel): boolean => shard.header(SNAPSHOT_DETACHED) !== 0;

/** Row `i` of what `evictSample` left in the control block. */
function candidateAt(shard: ShardKernel, i: number): Candidate {
  const at = shard.window + abi.CONTROL_CANDIDATES + i * CANDIDATE_BYTES;
  const { words } = shard;
  return {
    shard: shard.index,
    // Scores are whole numbers, and equal ones are many: where a key lies must not decide between them.
    score: shard.float(at) + Math.random(),
    hashLow: words[(at + 8) >> 2],
    hashHigh: words[(at + 12) >> 2],
    db: words[(at + 16) >> 2],
  };
}
