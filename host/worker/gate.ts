// Under `appendfsync always`, what a thread has to say waits until every round that it could have seen is synced. What
// waits is held in the order in which it was said, a batch for each turn of the event loop. When another policy comes into
// force, nothing waits any more; but on no connection does what is said meanwhile overtake what is held for it.
import { type Epochs, POLICY_ALWAYS } from '../kernel/epochs.js';

/** A missed wake-up would be a bug; this bounds what it costs. */
const WAIT_MS_MAX = 100;

interface Held {
  readonly gate: number;
  readonly bytes: number;
  readonly release: () => void;
}

export class Gate {
  readonly #held: Held[] = [];
  #waiting = false;
  #bytes = 0;

  constructor(readonly epochs: Epochs) {}

  /** Batches that wait. */
  get holding(): boolean {
    return this.#held.length !== 0;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether what is to be said now has to wait. @param gate The last round that it could have seen. */
  mustWait(gate: number): boolean {
    return this.epochs.policy === POLICY_ALWAYS && gate > this.epochs.synced;
  }

  /**
   * @param bytes What it counts for in `bytes`.
   * @param release Called once `gate` is synced, and everything held before it is released.
   */
  hold(gate: number, bytes: number, release: () => void): void {
    this.#held.push({ gate, bytes, release });
    this.#bytes += bytes;
    this.epochs.want();
    if (!this.#waiting) void this.#wait();
  }

  async #wait(): Promise<void> {
    this.#waiting = true;
    while (this.#held.length !== 0) {
      const count = this.epochs.wakeCount;
      const synced = this.epochs.policy === POLICY_ALWAYS ? this.epochs.synced : Number.POSITIVE_INFINITY;
      while (this.#held.length !== 0 && this.#held[0].gate <= synced) {
        const { bytes, release } = this.#held.shift()!;
        this.#bytes -= bytes;
        release();
      }
      if (this.#held.length !== 0) await this.epochs.changed(count, WAIT_MS_MAX);
    }
    this.#waiting = false;
  }
}
