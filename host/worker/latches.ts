// Taking shards' latches from JavaScript: one, or several in ascending order; waiting without blocking; reserving.
//
// Rules (DESIGN §2): whoever holds a latch only spins for the next one, briefly; failing that it gives all back, waits
// for the busy shard and starts again from the lowest. Each thread waits at most once per shard at a time. A shard that
// was waited for longer than RESERVE_AFTER_MS is reserved: newcomers fail on it until the waiter had its turn.

import { type Epochs, POLICY_NONE } from '../kernel/epochs.js';
import {
  HEADER_LATCH_OWNER,
  HEADER_LATCH_RESERVED,
  HEADER_LATCH_WAITERS,
  HEADER_LATCH_WAKE_SEQ,
  ShardKernel,
} from '../kernel/kernel.js';
import type { KeyEvent } from './key-events.js';

/** Looks at a latch before giving up: a few microseconds. */
export const SPINS = 600;
/** While other latches are held. */
const SPINS_HOLDING = 2000;
export const RESERVE_AFTER_MS = 5;
/** A wake-up that never comes would be a bug; this bounds what it costs. */
const WAIT_MS_MAX = 100;

const OWNER = ShardKernel.headerIndex(HEADER_LATCH_OWNER);
const WAITERS = ShardKernel.headerIndex(HEADER_LATCH_WAITERS);
const WAKE_SEQ = ShardKernel.headerIndex(HEADER_LATCH_WAKE_SEQ);
const RESERVED = ShardKernel.headerIndex(HEADER_LATCH_RESERVED);

type AsyncWait = { async: false; value: string } | { async: true; value: Promise<string> };
const waitAsync = (Atomics as unknown as { waitAsync(a: Int32Array, i: number, v: number, ms: number): AsyncWait })
  .waitAsync;

/** A batch of events for each thing that a step did. */
type Batches = KeyEvent[][];

/** Sees to what a step has left for others, before its latches are given back. */
export interface Attendant {
  /**
   * Serves whoever waits for keys of the shards in `held`, until none is ready. It may take further latches, and answers
   * all shards, ascending, whose latches are held then. The control blocks are as they were when it returns.
   */
  serve(held: readonly number[]): readonly number[];
  /** Looks what one thing that a step did has left on a shard: events are taken, and ready keys put in order. A step on several shards does so after each. */
  collect(shard: ShardKernel): void;
  /** Batches collected so far; and `order` is applied to those from `since` on. */
  readonly batches: number;
  reorder(since: number, order: (batches: Batches) => Batches): void;
  /** Whether anything has been collected and not told. */
  readonly hasCollected: boolean;
  /** Hands on what was collected, in that order. What the step has logged is published already. */
  tell(): void;
  /** The latches are free: what was gathered meanwhile may be sent. */
  sent(): void;
}

export class Latches {
  attendant: Attendant | undefined;
  /** Shards that this thread has reserved. */
  readonly #reserved = new Set<number>();
  /** Whoever is to be told once a shard's latch may be free; one pending wait per shard serves them all. */
  readonly #waiting = new Map<number, ((index: number) => void)[]>();

  readonly #epochs: Epochs;
  /** What the shards of the step that ends have answered: see #publishTogether. */
  readonly #wanted: number[] = [];

  /** @param owner This thread's id in latch words: 1 or more, unique in the store. */
  constructor(
    readonly shards: readonly ShardKernel[],
    readonly owner: number,
  ) {
    this.#epochs = shards[0].epochs;
  }

  /** Takes one latch, or answers false. */
  tryOne(index: number): boolean {
    return this.shards[index].begin(this.owner, SPINS) === 1;
  }

  /** Takes the latches of `indexes` (ascending, no duplicates): -1, or the shard that was busy; none is held then. */
  tryAll(indexes: readonly number[]): number {
    for (let i = 0; i < indexes.length; i++) {
      if (this.shards[indexes[i]].begin(this.owner, i === 0 ? SPINS : SPINS_HOLDING) === 1) continue;
      this.#giveBack(indexes, i);
      return indexes[i];
    }
    if (indexes.length > 1) this.#enterTogether(indexes);
    return -1;
  }

  /** Ends a step on one shard. */
  release(index: number): void {
    if (this.shards[index].pending || this.attendant?.hasCollected) this.#attend([index]);
    else this.#free(index);
  }

  #free(index: number): void {
    if (this.#reserved.size !== 0) this.#hadTurn(index);
    this.shards[index].end(this.owner);
  }

  /** Takes one more latch for a step on `held`, at its end. False: it is busy, or on the other side of a snapshot. */
  tryExtra(index: number, held: readonly number[]): boolean {
    const shard = this.shards[index];
    if (shard.begin(this.owner, SPINS_HOLDING) !== 1) return false;
    // The step has changed its shards already: it is on the side on which they are.
    if (this.#epochs.policy === POLICY_NONE || shard.calls.entered() === this.shards[held[0]].calls.entered())
      return true;
    shard.end(this.owner);
    return false;
  }

  /** Ends a step that has left something for others. */
  #attend(indexes: readonly number[]): void {
    const { attendant } = this;
    let held = indexes;
    if (attendant) {
      for (const index of indexes) {
        if (this.shards[index].readyCount === 0) continue;
        held = attendant.serve(indexes);
        break;
      }
      // Events leave in the order in which they happened, so under the latch; and they carry the epoch of what they tell.
      this.#publishTogether(held);
      for (const index of held) if (this.shards[index].pending) attendant.collect(this.shards[index]);
      attendant.tell();
    } else if (held.length > 1) this.#publishTogether(held);
    for (let i = held.length - 1; i >= 0; i--) this.#free(held[i]);
    attendant?.sent();
  }

  /** A step on several shards is wholly on one side of a snapshot: if one of them has entered, the others do too. */
  #enterTogether(indexes: readonly number[]): void {
    if (this.#epochs.policy === POLICY_NONE) return;
    let latest = 0;
    for (const index of indexes) latest = Math.max(latest, this.shards[index].calls.entered());
    const { epoch } = this.#epochs;
    for (const index of indexes) {
      const { calls } = this.shards[index];
      if (calls.entered() < latest) calls.enter(epoch, latest);
    }
  }

  /**
   * What a step on several shards has logged becomes part of one epoch on all of them before any latch is free; and what
   * comes to any of them later, also where it has only looked, is not of an earlier epoch.
   */
  #publishTogether(indexes: readonly number[]): void {
    if (this.#epochs.policy === POLICY_NONE) return;
    const wanted = this.#wanted;
    let epoch = 0;
    for (let i = 0; i < indexes.length; i++) {
      wanted[i] = this.shards[indexes[i]].calls.stepPrepare();
      epoch = Math.max(epoch, Math.abs(wanted[i]));
    }
    for (let i = 0; i < indexes.length; i++) {
      if (wanted[i] > 0 || -wanted[i] < epoch) this.shards[indexes[i]].calls.stepPublish(epoch);
    }
  }

  /** Ends a step on shards that `tryAll` or `takeAllBlocking` took. */
  releaseAll(indexes: readonly number[]): void {
    if (this.attendant?.hasCollected || indexes.some((index) => this.shards[index].pending)) {
      this.#attend(indexes);
      return;
    }
    if (indexes.length > 1) this.#publishTogether(indexes);
    for (let i = indexes.length - 1; i >= 0; i--) this.#free(indexes[i]);
  }

  /** Latches given back without having been of use: reservations stay. */
  #giveBack(indexes: readonly number[], count: number): void {
    for (let i = count - 1; i >= 0; i--) this.shards[indexes[i]].end(this.owner);
  }

  /** This thread got what it had reserved the shard for. To be called while the latch is held, before it is released. */
  #hadTurn(index: number): void {
    if (!this.#reserved.delete(index)) return;
    Atomics.compareExchange(this.shards[index].words, RESERVED, this.owner, 0);
  }

  /** The same after a call that took and released the latch by itself: wakes whoever failed on the reservation. */
  hadTurn(index: number): void {
    if (this.#reserved.size === 0 || !this.#reserved.has(index)) return;
    this.#hadTurn(index);
    this.#wake(index);
  }

  /**
   * Gives up all reservations of this thread: of who goes away, or waits for something else, nobody knows which they are.
   * Whoever still wants a shard reserves it again.
   */
  unreserve(): void {
    for (const index of [...this.#reserved]) this.hadTurn(index);
  }

  #wake(index: number): void {
    const words = this.shards[index].words;
    Atomics.add(words, WAKE_SEQ, 1);
    Atomics.notify(words, WAKE_SEQ);
  }

  /**
   * Reserves a shard that has been waited for too long. If somebody else reserved it first, this thread gives up its own
   * reservations: two threads that hold one each and want the other's would wait for ever.
   */
  reserve(index: number): void {
    if (this.#reserved.has(index)) return;
    if (Atomics.compareExchange(this.shards[index].words, RESERVED, 0, this.owner) === 0) {
      this.#reserved.add(index);
      return;
    }
    this.unreserve();
  }

  /**
   * Calls `wake` once the latch of a shard has been released, or may have been; never before `wait` has returned. At
   * most one futex wait per shard is pending, however many ask.
   */
  wait(index: number, wake: (index: number) => void): void {
    const others = this.#waiting.get(index);
    if (others) {
      others.push(wake);
      return;
    }
    const wakes = [wake];
    this.#waiting.set(index, wakes);
    const words = this.shards[index].words;
    Atomics.add(words, WAITERS, 1);
    const seq = Atomics.load(words, WAKE_SEQ);
    const done = (): void => {
      Atomics.sub(words, WAITERS, 1);
      this.#waiting.delete(index);
      for (const each of wakes) each(index);
    };
    // The waiter is counted before the latch is looked at: an unlock from now on raises the sequence.
    const owner = Atomics.load(words, OWNER);
    const reserved = Atomics.load(words, RESERVED);
    if (owner === 0 && (reserved === 0 || reserved === this.owner)) {
      setImmediate(done);
      return;
    }
    const result = waitAsync(words, WAKE_SEQ, seq, WAIT_MS_MAX);
    if (result.async) result.value.then(done, done);
    else setImmediate(done);
  }

  /**
   * Takes the latches of `indexes`, sleeping on the futex while one is busy. For threads with nothing else to do.
   * Never reserves: whoever waits here does long work, and newcomers must not queue up behind it.
   */
  takeAllBlocking(indexes: readonly number[]): void {
    for (;;) {
      const busy = this.tryAll(indexes);
      if (busy < 0) return;
      const words = this.shards[busy].words;
      Atomics.add(words, WAITERS, 1);
      const seq = Atomics.load(words, WAKE_SEQ);
      if (Atomics.load(words, OWNER) !== 0 || Atomics.load(words, RESERVED) !== 0) {
        Atomics.wait(words, WAKE_SEQ, seq, WAIT_MS_MAX);
      }
      Atomics.sub(words, WAITERS, 1);
    }
  }
}
