// Makes rounds durable, as the policy says, and says so in order. One sync is under way at a time; it covers every round
// that was written when it began. Under `always` the next one begins as soon as the last is done, if anything was written
// meanwhile (group commit); under `everysec` once a second; under `no` only for those who ask.

import type { Rounds } from './rounds.js';
import type { EngineEpochs } from './shard-port.js';
import type { Timing } from './timing.js';

export type SyncPolicy = 'always' | 'everysec' | 'no';

const SECOND_MS = 1000;
/** A sync that takes longer than this delays the writing of rounds, as in Redis. */
const PATIENCE_MS = 2000;

interface Waiter {
  readonly round: number;
  readonly resolve: (synced: boolean) => void;
}

export class Syncer {
  policy: SyncPolicy = 'everysec';
  /** While logs are provisional nobody is told anything, and nothing is synced here. */
  suspended = true;
  /** The last round that is durable. */
  synced = 0;
  /** Syncs for which writing had to wait. */
  delayed = 0;
  #running: Promise<void> | undefined;
  #beganMs = 0;
  #lastMs = 0;
  #countedDelay = false;
  /** Somebody needs this round to be synced, whatever the policy. */
  #demanded = 0;
  #waiters: Waiter[] = [];

  constructor(
    readonly rounds: Rounds,
    readonly epochs: EngineEpochs,
    readonly timing: Timing,
    /** Called after each sync that has succeeded, and with the reason after one that has not. */
    readonly done: () => void,
    readonly failed: (error: unknown) => void,
  ) {}

  get running(): boolean {
    return this.#running !== undefined;
  }
  /** Whether rounds are not to be written, since the disk does not keep up. */
  get delays(): boolean {
    if (this.policy !== 'everysec' || !this.#running) return false;
    if (this.timing.nowMs() - this.#beganMs < PATIENCE_MS) return false;
    if (!this.#countedDelay) this.delayed++;
    this.#countedDelay = true;
    return true;
  }

  /** Everything up to `round` is durable already, and syncing begins. */
  begin(round: number): void {
    this.suspended = false;
    this.#lastMs = this.timing.nowMs();
    this.#announce(round);
  }

  /** Begins a sync if one is due. */
  look(): void {
    if (this.suspended || this.#running || this.rounds.written <= this.synced) return;
    const due =
      this.policy === 'always' ||
      this.#demanded > this.synced ||
      (this.policy === 'everysec' && this.timing.nowMs() - this.#lastMs >= SECOND_MS);
    if (due) this.#running = this.#run();
  }

  async #run(): Promise<void> {
    const round = this.rounds.written;
    const logs = this.rounds.logs.filter((log) => log.unsynced);
    this.#beganMs = this.timing.nowMs();
    this.#lastMs = this.#beganMs;
    this.#countedDelay = false;
    // Nothing can leave before it is synced, so where there is but one log this thread has nothing better to do.
    const atOnce = this.policy === 'always' && logs.length === 1;
    // All are waited for: whoever replaces the logs closes them.
    const results = await Promise.allSettled(logs.map((log) => log.sync(atOnce)));
    this.#running = undefined;
    if (this.suspended) return;
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) {
      this.suspended = true;
      this.#giveUp();
      this.failed(failure.reason);
      return;
    }
    this.#announce(round);
    // Whoever asks this thread for something gets a turn between two syncs.
    if (atOnce) await this.timing.turn();
    this.done();
  }

  #announce(round: number): void {
    this.synced = round;
    this.epochs.synced = round;
    const still: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.round <= round) waiter.resolve(true);
      else still.push(waiter);
    }
    this.#waiters = still;
  }

  /**
   * Resolves with true once a round is durable; with false after `timeoutMs` (0: never), or if syncing has failed.
   * @param demand Sync even if the policy does not.
   */
  wait(round: number, demand: boolean, timeoutMs = 0): Promise<boolean> {
    if (round <= this.synced) return Promise.resolve(true);
    if (demand) this.#demanded = Math.max(this.#demanded, round);
    return new Promise((resolve) => {
      const waiter: Waiter = { round, resolve };
      this.#waiters.push(waiter);
      if (timeoutMs <= 0) return;
      void this.timing.pause(timeoutMs).then(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      });
    });
  }

  /** Stops: the log is gone. Whoever waits is told that it will not be synced. A sync under way is waited for. */
  async stop(): Promise<void> {
    this.suspended = true;
    await this.#running;
    this.#giveUp();
  }

  /** Resolves when no sync is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #giveUp(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve(false);
  }
}
