// Small things that need a shard's latch and that nobody waits for: done at once if the latch is free, else when it is.
import type { ShardKernel } from '../kernel/kernel.js';
import type { Latches } from './latches.js';

export class Later {
  readonly #waiting: ((shard: ShardKernel) => void)[][];

  constructor(readonly latches: Latches) {
    this.#waiting = latches.shards.map(() => []);
  }

  /** @param work Is done with the latch held; once, in the order of the calls. */
  do(index: number, work: (shard: ShardKernel) => void): void {
    const waiting = this.#waiting[index];
    waiting.push(work);
    if (waiting.length === 1) this.#try(index);
  }

  readonly #try = (index: number): void => {
    if (!this.latches.tryOne(index)) {
      this.latches.wait(index, this.#try);
      return;
    }
    const works = this.#waiting[index].splice(0);
    for (const work of works) work(this.latches.shards[index]);
    this.latches.release(index);
  };
}
