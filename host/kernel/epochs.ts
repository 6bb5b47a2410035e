// The words that all threads of a store share with its persistence engine: epochs, how far the log is written and synced,
// and what policy is in force. One SharedArrayBuffer per store; one object of this class per thread.
//
// Numbers over 32 bits are two words behind a version that is odd while they are being written: only the engine writes.
//   word
//      0 policy      POLICY_*
//      1 failed      1: what is written cannot be kept, writers are refused
//      2 wake        futex word, raised whenever `synced` has moved or `failed` has changed, and `written` if that is awaited
//      3 wanted      futex word, raised by whoever waits for a sync: the engine need not wait for its next look
//      4 version, 5 low, 6 high    epoch: what a step belongs to that begins now, at least
//      7 …                         snapshot: first epoch of the last snapshot that was announced
//     10 …                         written: last round whose records are in the files
//     13 …                         synced: last round that is synced
//     16 asleep      1: the engine does not look by itself, whoever publishes records raises `wanted`
//     17 awaited     1: somebody waits for `written` to move. Each wake-up of another thread costs tens of microseconds
// Behind them, from byte REASON_AT on: why `failed` is 1, a u32 length and UTF-8.
import type { ShardKernel } from './kernel.js';

const POLICY = 0;
const FAILED = 1;
const WAKE = 2;
const WANTED = 3;
const EPOCH = 4;
const SNAPSHOT = 7;
const WRITTEN = 10;
const SYNCED = 13;
const ASLEEP = 16;
const AWAITED = 17;
const REASON_AT = 128;
const REASON_BYTES_MAX = 252;
const BYTES = REASON_AT + 4 + REASON_BYTES_MAX;

/** Nothing is ever persisted. */
export const POLICY_NONE = 0;
/** There is no log, but there may be snapshots. */
export const POLICY_SNAPSHOTS = 1;
/** Replies leave without waiting for the log (`everysec`, `no`). */
export const POLICY_LATER = 2;
/** No byte leaves before every round is synced that it could have seen. */
export const POLICY_ALWAYS = 3;

export class Epochs {
  readonly #words: Int32Array;
  /** The highest epoch that this thread has seen since it was last taken: what its replies have to wait for. */
  #seen = 0;

  /** @param buffer From `newBuffer`. */
  constructor(readonly buffer: SharedArrayBuffer | ArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  static newBuffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(BYTES);
  }
  /** For a store that nothing persists. */
  static none(): Epochs {
    return new Epochs(new ArrayBuffer(BYTES));
  }

  #read(at: number): number {
    const words = this.#words;
    for (;;) {
      const version = Atomics.load(words, at);
      const low = Atomics.load(words, at + 1) >>> 0;
      const high = Atomics.load(words, at + 2);
      if ((version & 1) === 0 && Atomics.load(words, at) === version) return high * 2 ** 32 + low;
    }
  }
  #write(at: number, value: number): void {
    const words = this.#words;
    Atomics.add(words, at, 1);
    Atomics.store(words, at + 1, value | 0);
    Atomics.store(words, at + 2, Math.floor(value / 2 ** 32));
    Atomics.add(words, at, 1);
  }

  get policy(): number {
    return Atomics.load(this.#words, POLICY);
  }
  set policy(policy: number) {
    Atomics.store(this.#words, POLICY, policy);
    this.wake();
  }
  get failed(): boolean {
    return Atomics.load(this.#words, FAILED) !== 0;
  }
  set failed(failed: boolean) {
    Atomics.store(this.#words, FAILED, failed ? 1 : 0);
    this.wake();
  }
  /** Sets `failed`, with a reason for a person: what the system said. */
  fail(reason: string): void {
    const bytes = Buffer.from(reason.replace(/[\r\n]+/g, ' ')).subarray(0, REASON_BYTES_MAX);
    new Uint8Array(this.buffer).set(bytes, REASON_AT + 4);
    Atomics.store(this.#words, REASON_AT >> 2, bytes.length);
    this.failed = true;
  }
  /** Why `failed` is set, '' if nobody has said so. */
  get reason(): string {
    const length = Math.min(Atomics.load(this.#words, REASON_AT >> 2), REASON_BYTES_MAX);
    return Buffer.from(new Uint8Array(this.buffer, REASON_AT + 4, length)).toString();
  }

  /**
   * Set by the engine before it looks for records once more and then waits: a step that has published reads this after,
   * so one of the two sees the other.
   */
  get asleep(): boolean {
    return Atomics.load(this.#words, ASLEEP) !== 0;
  }
  set asleep(asleep: boolean) {
    Atomics.store(this.#words, ASLEEP, asleep ? 1 : 0);
  }

  // Hints are read in this order, epoch before snapshot; the engine writes them in the other.
  get epoch(): number {
    return this.#read(EPOCH);
  }
  set epoch(epoch: number) {
    this.#write(EPOCH, epoch);
  }
  get snapshot(): number {
    return this.#read(SNAPSHOT);
  }
  set snapshot(epoch: number) {
    this.#write(SNAPSHOT, epoch);
  }
  get written(): number {
    return this.#read(WRITTEN);
  }
  set written(round: number) {
    this.#write(WRITTEN, round);
    if (Atomics.exchange(this.#words, AWAITED, 0) !== 0) this.wake();
  }
  /** From now on, once, `wake` is raised when `written` moves. Whoever calls this looks once more before it waits. */
  awaitWritten(): void {
    Atomics.store(this.#words, AWAITED, 1);
  }
  get synced(): number {
    return this.#read(SYNCED);
  }
  set synced(round: number) {
    this.#write(SYNCED, round);
    this.wake();
  }

  /** Wakes whoever waits for something here. */
  wake(): void {
    Atomics.add(this.#words, WAKE, 1);
    if (this.buffer instanceof SharedArrayBuffer) Atomics.notify(this.#words, WAKE);
  }
  /** Says that a sync is waited for, or that there are records. */
  want(): void {
    Atomics.add(this.#words, WANTED, 1);
    if (this.buffer instanceof SharedArrayBuffer) Atomics.notify(this.#words, WANTED);
  }
  /** Resolves when something has moved since `wakeCount` was read, or after `ms`. */
  changed(wakeCount: number, ms: number): Promise<unknown> {
    return wait(this.#words, WAKE, wakeCount, ms);
  }
  get wakeCount(): number {
    return Atomics.load(this.#words, WAKE);
  }
  /** The engine's side of `want`. */
  wanted(wantCount: number, ms: number): Promise<unknown> {
    return wait(this.#words, WANTED, wantCount, ms);
  }
  get wantCount(): number {
    return Atomics.load(this.#words, WANTED);
  }
  /** What this thread says next could have seen a step of this epoch. */
  note(epoch: number): void {
    if (epoch > this.#seen) this.#seen = epoch;
  }
  /** The same for all that a shard's content comes from. */
  noteShard(shard: ShardKernel): void {
    this.note(shard.calls.lastEpoch());
  }
  /** Does something of which no client is told: whatever it sees does not count. */
  untold(work: () => void): void {
    const seen = this.#seen;
    work();
    this.#seen = seen;
  }
  /** The highest epoch noted since `takeSeen`. */
  get seen(): number {
    return this.#seen;
  }
  /** The highest epoch noted since the last call. */
  takeSeen(): number {
    const seen = this.#seen;
    this.#seen = 0;
    return seen;
  }
}

type AsyncWait = { async: false; value: string } | { async: true; value: Promise<string> };
const waitAsync = (Atomics as unknown as { waitAsync(a: Int32Array, i: number, v: number, ms: number): AsyncWait })
  .waitAsync;

async function wait(words: Int32Array, index: number, value: number, ms: number): Promise<unknown> {
  const result = waitAsync(words, index, value, ms);
  return result.value;
}
