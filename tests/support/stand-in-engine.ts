// Stands in for the persistence engine where only its side of epochs and rounds matters: it ends rounds, takes their bytes
// out of the log rings and keeps them, and says that they are written or synced when the test wants it to.
import { type Epochs, POLICY_LATER } from '../../host/kernel/epochs.js';
import { HEADER_FLAG_LOG, HEADER_FLAGS, type ShardKernel } from '../../host/kernel/kernel.js';
import { Latches } from '../../host/worker/latches.js';
import { type KevyLog, readKevyLog } from './kevy-log.js';

export interface StandInRound {
  readonly number: number;
  readonly snapshot: boolean;
  /** Per shard: where it ends, and its commands. */
  readonly ends: readonly number[];
  readonly commands: readonly (readonly Buffer[][])[];
}

export class StandInEngine {
  readonly epochs: Epochs;
  readonly rounds: StandInRound[] = [];
  readonly #latches: Latches;
  readonly #taken: number[];

  /** @param shards Instances of this thread's own. Nobody else uses the store yet. */
  constructor(
    readonly shards: readonly ShardKernel[],
    owner: number,
    policy: number = POLICY_LATER,
  ) {
    this.epochs = shards[0].epochs;
    this.#latches = new Latches(shards, owner);
    this.#taken = shards.map(() => 0);
    for (const shard of shards) {
      shard.calls.logBegin(0, 1);
      shard.setHeader(HEADER_FLAGS, shard.header(HEADER_FLAGS) | HEADER_FLAG_LOG);
    }
    this.epochs.epoch = 1;
    this.epochs.policy = policy;
  }

  get isDirty(): boolean {
    return this.shards.some((shard, i) => shard.calls.published() > this.#taken[i]);
  }

  /** Ends a round and takes its bytes; the room that they took in the rings is free afterwards, unless `keeps`. */
  round(snapshot = false, keeps = false): StandInRound {
    const { epochs, shards } = this;
    const number = epochs.epoch;
    if (snapshot) epochs.snapshot = number + 1;
    epochs.epoch = number + 1;
    // Taking a latch is entering.
    if (snapshot) for (let i = 0; i < shards.length; i++) this.#under(i, () => {});
    for (const { calls } of shards) calls.raise(number + 1);
    for (const { calls } of shards) while (calls.publishing() !== 0);
    const ends = shards.map(({ calls }) => calls.epochEnd(number));
    const commands = shards.map((_, i) => this.#take(i, ends[i]).commands);
    if (!keeps) this.consume();
    const round = { number, snapshot, ends, commands };
    this.rounds.push(round);
    epochs.written = number;
    return round;
  }

  /** Frees the room of all that was taken. */
  consume(): void {
    for (const [i, { calls }] of this.shards.entries()) this.#under(i, () => calls.logConsumeTo(this.#taken[i]));
  }

  /** The published bytes up to `end` that have not been taken. */
  #take(index: number, end: number): KevyLog {
    const shard = this.shards[index];
    const parts: Buffer[] = [Buffer.from('KEVYAOF2\n')];
    while (this.#taken[index] < end) {
      const at = shard.calls.logPiece(this.#taken[index], end) >>> 0;
      const bytes = shard.calls.logPieceBytes() >>> 0;
      parts.push(Buffer.from(shard.view(at, bytes)));
      this.#taken[index] += bytes;
    }
    const whole = Buffer.concat(parts);
    const log = readKevyLog(whole);
    if (log.goodBytes !== whole.length) throw new Error(`shard ${index}: a round is no whole number of records`);
    return log;
  }

  #under(index: number, call: () => void): void {
    this.#latches.takeAllBlocking([index]);
    call();
    this.#latches.release(index);
  }
}
