// The persistence engine's hold on a shard: its own instance of the kernel over the shard's memory, its own window, and
// its own place among those who take the latch.
import {
  HEADER_AT,
  HEADER_DIRTY,
  HEADER_FLAG_LOG,
  HEADER_FLAGS,
  type ShardKernel,
  SINK_BYTES,
  SNAPSHOT_KEPT_BYTES,
} from '../kernel/kernel.js';
import { SystemClock } from '../worker/clock.js';
import { type Latches, RESERVE_AFTER_MS } from '../worker/latches.js';
import { MemoryLimit } from '../worker/memory-limit.js';
import type { ShardPort, SnapshotStep } from './shard-port.js';

/** What is cleared of a snapshot that was given up, under one hold of the latch. */
const CLEAR_BUDGET = 1 << 14;
/** What a snapshot may keep of a shard's part of maxmemory, at the end of which the shard would be full ... */
const KEPT_PART = 4;
/** ... but never less than some blocks of what is encoded. */
const KEPT_BYTES_MIN = 1 << 20;
/** Reasons of assembly/snapshot/sink.ts and walk.ts. */
const REASONS: Readonly<Record<number, string>> = {
  1: 'more would have to be kept than may be',
  2: 'no memory is left to keep what changes',
  3: 'a value is not what its own counts say',
};

export class KernelShard implements ShardPort {
  readonly #shard: ShardKernel;
  readonly #clock: SystemClock;
  readonly #limit: MemoryLimit;
  /** Since when the latch has been waited for, 0: it is not. */
  #waitsSinceMs = 0;

  constructor(
    readonly latches: Latches,
    readonly index: number,
  ) {
    this.#shard = latches.shards[index];
    this.#clock = new SystemClock(this.#shard);
    this.#limit = new MemoryLimit(latches.shards, latches.owner);
  }

  published(): number {
    return this.#shard.calls.published();
  }
  raise(epoch: number): void {
    this.#shard.calls.raise(epoch);
  }
  publishing(): boolean {
    return this.#shard.calls.publishing() !== 0;
  }
  epochEnd(epoch: number): number {
    return this.#shard.calls.epochEnd(epoch);
  }
  pieces(from: number, to: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = from; at < to; ) {
      const ptr = this.#shard.calls.logPiece(at, to) >>> 0;
      const bytes = this.#shard.calls.logPieceBytes() >>> 0;
      pieces.push(this.#shard.view(ptr, bytes));
      at += bytes;
    }
    return pieces;
  }
  changes(): number {
    return this.#shard.counter(HEADER_DIRTY);
  }
  keys(): number {
    let sum = 0;
    for (let db = 0; db < this.#shard.layout.databases; db++) sum += this.#shard.calls.databaseKeys(db) >>> 0;
    return sum;
  }
  snapshotOwn(): boolean {
    return this.#shard.calls.snapshotNeedsOwnVersion() !== 0;
  }

  /** Calls something under the latch, if it is free. */
  #hold<T>(call: () => T): T | undefined {
    if (!this.latches.tryOne(this.index)) return undefined;
    this.#waitsSinceMs = 0;
    try {
      return call();
    } finally {
      this.latches.release(this.index);
    }
  }

  #do(call: () => unknown): boolean {
    const done = this.#hold(() => {
      call();
      return true;
    });
    return done === true;
  }

  consume(to: number): boolean {
    return this.#do(() => this.#shard.calls.logConsumeTo(to));
  }
  setLogging(on: boolean): boolean {
    const flags = (HEADER_AT + HEADER_FLAGS) >> 2;
    const { words } = this.#shard;
    // Others set other flags without the latch.
    const set = (): number =>
      on ? Atomics.or(words, flags, HEADER_FLAG_LOG) : Atomics.and(words, flags, ~HEADER_FLAG_LOG);
    return this.#do(set);
  }
  bound(): void {
    const part = this.#limit.bytes / this.latches.shards.length / KEPT_PART;
    // Without a limit, the kernel's own bound holds: the same part of all that its memory may come to.
    const bytes = part === 0 ? 0 : Math.max(KEPT_BYTES_MIN, Math.floor(part));
    this.#shard.calls.snapshotBound(bytes);
  }
  enter(): boolean {
    // Taking the latch is all: whoever holds it has entered what is announced.
    return this.#do(() => {});
  }

  snapshotStep(consumed: number, budget: number): SnapshotStep | undefined {
    return this.#hold(() => {
      const shard = this.#shard;
      const { calls } = shard;
      this.#stamp();
      if (consumed !== 0) calls.snapshotConsume(consumed);
      const more = calls.snapshotSlice(shard.window, budget) !== 0;
      const ptr = calls.snapshotPiece() >>> 0;
      const reason = calls.snapshotFailed();
      return {
        piece: shard.view(ptr, ptr === 0 ? 0 : calls.snapshotPieceBytes() >>> 0),
        done: !more && ptr === 0,
        failed: reason === 0 ? undefined : (REASONS[reason] ?? 'it was given up'),
        keptBytes: shard.counter(SINK_BYTES) + shard.counter(SNAPSHOT_KEPT_BYTES),
        keys: calls.snapshotKeys(),
      };
    });
  }
  snapshotAbort(): boolean {
    const isClear = this.#hold(() => {
      const { calls, window } = this.#shard;
      this.#stamp();
      if (calls.snapshotActive() !== 0 || calls.snapshotPiece() >>> 0 !== 0) calls.snapshotAbort();
      return calls.snapshotSlice(window, CLEAR_BUDGET) === 0;
    });
    return isClear === true;
  }
  #stamp(): void {
    const nowMs = this.#clock.nowMs();
    this.#shard.stamp(nowMs, this.#clock.lruClock(nowMs), 0, 2, 0, 1, 0);
  }

  latchFree(): Promise<unknown> {
    const nowMs = performance.now();
    if (this.#waitsSinceMs === 0) this.#waitsSinceMs = nowMs;
    else if (nowMs - this.#waitsSinceMs > RESERVE_AFTER_MS) this.latches.reserve(this.index);
    return new Promise((resolve) => this.latches.wait(this.index, resolve));
  }
  begin(lsn: number, epoch: number): void {
    this.#shard.calls.logBegin(lsn, epoch);
  }
}
