// Runs active defragmentation for the shards that a thread keeps, by Redis's rules: when there are holes enough, over all
// shards and in the shard, it takes a part of the thread's time, the more the more holes there are. It works in slices
// well below a millisecond of latch each.
//
// Holes are bytes in slabs that no block uses. What is free as whole pages is none: any block can have it.
import type { ShardKernel } from '../kernel/kernel.js';
import { type Latches, SPINS } from './latches.js';
import { STAT, type Stats } from './stats.js';

/** The part of the configuration that is read afresh with each tick. */
export interface DefragSettings {
  readonly activedefrag: boolean;
  readonly activeDefragIgnoreBytes: number;
  /** Percent of what a shard uses. */
  readonly activeDefragThresholdLower: number;
  readonly activeDefragThresholdUpper: number;
  /** Percent of the thread's time. */
  readonly activeDefragCycleMin: number;
  readonly activeDefragCycleMax: number;
}

/** Blocks looked at under one hold of the latch: some ten microseconds. */
export const DEFRAG_BUDGET = 128;
/** After a pass, holes have to grow by so much before the next one: some cannot be closed. */
const GROWN = 1.25;

interface Progress {
  running: boolean;
  /** Bytes of holes that the last pass left. */
  leftBytes: number;
}

export class Defragmenter {
  readonly #progress: Progress[];
  #sinceMs = 0;

  /**
   * @param own Shards that this thread keeps.
   * @param all Every shard: the least size of holes counts over all of them.
   */
  constructor(
    readonly own: readonly ShardKernel[],
    readonly all: readonly ShardKernel[],
    readonly latches: Latches,
    readonly stats: Stats,
    readonly settings: DefragSettings,
  ) {
    this.#progress = own.map(() => ({ running: false, leftBytes: 0 }));
  }

  /** @param tickMs Time from one call to the next, which percentages are taken of. */
  tick(tickMs: number): void {
    let most = 0;
    if (this.settings.activedefrag && this.#holes() >= this.settings.activeDefragIgnoreBytes) {
      for (let i = 0; i < this.own.length; i++) most = Math.max(most, this.#keep(i, tickMs / this.own.length));
    }
    if (most === 0 && this.#sinceMs === 0) return;
    this.#sinceMs = most === 0 ? 0 : this.#sinceMs || Date.now();
    this.stats.set(STAT.defragPercent, most);
    this.stats.set(STAT.defragSinceMs, this.#sinceMs);
  }

  #holes(): number {
    let sum = 0;
    for (const shard of this.all) sum += shard.calls.sparseBytes();
    return sum;
  }

  /** Works on one shard; the percentage of time that it takes, 0 if there is nothing to do. */
  #keep(index: number, tickMs: number): number {
    const shard = this.own[index];
    const progress = this.#progress[index];
    const holes = shard.calls.sparseBytes();
    const percent = this.#percentFor(holes, shard.calls.usedBytes());
    progress.leftBytes = Math.min(progress.leftBytes, holes);
    if (!progress.running && holes <= progress.leftBytes * GROWN) return 0;
    if (percent === 0) {
      // In the middle of a pass, what remains of it is left to the next one.
      progress.running = false;
      return 0;
    }
    progress.running = true;
    const beganMs = performance.now();
    const untilMs = beganMs + (tickMs * percent) / 100;
    while (progress.running && performance.now() < untilMs) {
      if (shard.begin(this.latches.owner, SPINS) !== 1) break;
      progress.running = shard.calls.defrag(DEFRAG_BUDGET) !== 0;
      if (!progress.running) {
        shard.calls.purge();
        progress.leftBytes = shard.calls.sparseBytes();
      }
      shard.end(this.latches.owner);
    }
    this.stats.add(STAT.defragMs, performance.now() - beganMs);
    return percent;
  }

  /** Redis's rule: from cycle-min at the lower threshold to cycle-max at the upper one, in a straight line. */
  #percentFor(holes: number, used: number): number {
    const { activeDefragThresholdLower: lower, activeDefragThresholdUpper: upper } = this.settings;
    const { activeDefragCycleMin: least, activeDefragCycleMax: most } = this.settings;
    const part = used === 0 ? 0 : (holes * 100) / used;
    if (part < lower || holes === 0) return 0;
    const way = upper <= lower ? 1 : Math.min((part - lower) / (upper - lower), 1);
    return Math.round(least + Math.max(most - least, 0) * way);
  }
}
