// Under `appendfsync always`, what a thread has to say waits until every round that it could have seen is synced. What
// waits is held in the order in which it was said, a batch for each turn of the event loop.
import type { Epochs } from '../kernel/epochs.js';

/** A missed wake-up would be a bug; this bounds what it costs. */
const WAIT_MS_MAX = 100;

interface Held {
  readonly gate: number;
  readonly release: () => void;
}

export class Gate {
  readonly #held: Held[] = [];
  #waiting = false;

  constructor(readonly epochs: Epochs) {}

  /** Batches that wait. */
  get holding(): boolean {
    return this.#held.length !== 0;
  }

  /** Whether what has been said since the last question has to wait; asked once per batch, before `hold`. */
  mustWait(gate: number): boolean {
    return this.#held.length !== 0 || gate > this.epochs.synced;
  }

  /** @param release Called once `gate` is synced, and everything held before it is released. */
  hold(gate: number, release: () => void): void {
    this.#held.push({ gate, release });
    this.epochs.want();
    if (!this.#waiting) void this.#wait();
  }

  async #wait(): Promise<void> {
    this.#waiting = true;
    while (this.#held.length !== 0) {
      const count = this.epochs.wakeCount;
      const { synced } = this.epochs;
      while (this.#held.length !== 0 && this.#held[0].gate <= synced) this.#held.shift()!.release();
      if (this.#held.length !== 0) await this.epochs.changed(count, WAIT_MS_MAX);
    }
    this.#waiting = false;
  }
}
