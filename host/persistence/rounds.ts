// Rounds: what the steps of one epoch have left in the shards' log rings is appended to the shards' files, and behind it
// a round record in each. Rounds have the numbers of their epochs, without a gap: an epoch is ended only when there is
// something to write, or when a snapshot begins.
//
// A round that cannot be written is taken back on every shard and tried again, the same round with the same ends, until
// it is written. Nothing behind it is written before.
import { StorageError } from '../storage/port.js';
import type { LogFile } from './log-file.js';
import { encodeRound, type Participant } from './log-format.js';
import { type EngineEpochs, latched, type ShardPort } from './shard-port.js';
import type { Timing } from './timing.js';

/** Looks at a shard that is publishing, before other things get their turn: it is a matter of a few instructions. */
const PUBLISHING_LOOKS = 1000;

interface Round {
  readonly number: number;
  readonly participants: readonly Participant[];
}

/** The round that a snapshot covers. */
export interface SnapshotRound {
  readonly number: number;
  /** Where what comes behind it begins in each log. */
  readonly ends: readonly { readonly offset: number; readonly endLsn: number }[];
}

export class Rounds {
  #logs: readonly LogFile[] = [];
  /** Ended and not written. */
  #waiting: Round | undefined;
  #busy = false;
  readonly #consumeTo: number[];
  /** Shards whose bytes are written, but whose latch was not free. */
  readonly #consumeLater = new Set<number>();
  /** The last round that is in the files. */
  written = 0;

  constructor(
    readonly shards: readonly ShardPort[],
    readonly epochs: EngineEpochs,
    readonly timing: Timing,
    /** The last round known to be synced: every round record says it. */
    readonly synced: () => number,
  ) {
    this.#consumeTo = shards.map(() => 0);
  }

  get logs(): readonly LogFile[] {
    return this.#logs;
  }
  /** A round is being ended or written: nobody else may do so now. */
  get busy(): boolean {
    return this.#busy;
  }
  /** A round could not be written yet. */
  get stuck(): boolean {
    return this.#waiting !== undefined;
  }

  /** From now on rounds go to these files; none: they are not written. */
  use(logs: readonly LogFile[]): void {
    this.#logs = logs;
  }

  /** Whether records wait that no round holds. */
  get dirty(): boolean {
    return this.#waiting !== undefined || this.#logs.some((log, i) => this.shards[i].published() > log.endLsn);
  }
  /** Whether something is left to do though nothing more is published. */
  get unfinished(): boolean {
    return this.#consumeLater.size !== 0 || this.dirty;
  }
  /** The round by which everything that is published now will be written. Not while `busy`. */
  get lastRound(): number {
    const ends = this.#logs.map(({ endLsn }) => endLsn);
    for (const { shard, endLsn } of this.#waiting?.participants ?? []) ends[shard] = endLsn;
    if (ends.some((end, i) => this.shards[i].published() > end)) return this.epochs.epoch;
    return this.#waiting?.number ?? this.written;
  }
  /** Bytes that wait to be written. */
  get waitingBytes(): number {
    return this.#logs.reduce((sum, log, i) => sum + Math.max(0, this.shards[i].published() - log.endLsn), 0);
  }

  /**
   * Writes a round if there is something to write and nobody else is at it.
   * @returns whether one was written.
   * @throws StorageError: the round is taken back, and the next call tries it again.
   */
  async write(): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    try {
      this.#consumeRest();
      if (!this.dirty) return false;
      if (!this.#waiting) {
        const { epoch } = this.epochs;
        this.epochs.epoch = epoch + 1;
        await this.#end(epoch, false);
      }
      this.#writeWaiting();
      return true;
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Begins a snapshot: it is the state at the end of the round that this ends and writes.
   * @param entered Called when every shard has entered, before anything else happens.
   * @returns the round, and where in each log it ends.
   * @throws StorageError as `write` does; the shards may have entered all the same.
   */
  async beginSnapshot(entered: () => void): Promise<SnapshotRound> {
    while (this.#busy) await this.timing.turn();
    this.#busy = true;
    try {
      if (this.#waiting) this.#writeWaiting();
      for (const shard of this.shards) shard.bound();
      const { epoch } = this.epochs;
      // In this order: a step that reads the new epoch reads the new snapshot, too.
      this.epochs.snapshot = epoch + 1;
      this.epochs.epoch = epoch + 1;
      for (const shard of this.shards) await latched(shard, () => shard.enter());
      entered();
      if (this.#logs.length !== 0) {
        await this.#end(epoch, true);
        this.#writeWaiting();
      }
      return { number: epoch, ends: this.#logs.map(({ size, endLsn }) => ({ offset: size, endLsn })) };
    } finally {
      this.#busy = false;
    }
  }

  /** Drops what waits: it is in no file, and will be in none. */
  async forget(): Promise<void> {
    while (this.#busy) await this.timing.turn();
    this.#waiting = undefined;
    this.#consumeLater.clear();
    for (const shard of this.shards) {
      await latched(shard, () => shard.consume(shard.published()));
    }
  }

  /** Ends an epoch after the shared word was raised. @param evenEmpty A round without records is a round, too. */
  async #end(epoch: number, evenEmpty: boolean): Promise<void> {
    for (const shard of this.shards) shard.raise(epoch + 1);
    for (const shard of this.shards) {
      for (let looks = 1; shard.publishing(); looks++) if (looks % PUBLISHING_LOOKS === 0) await this.timing.turn();
    }
    const participants: Participant[] = [];
    for (const [index, log] of this.#logs.entries()) {
      const endLsn = this.shards[index].epochEnd(epoch);
      if (endLsn > log.endLsn) participants.push({ shard: index, endLsn });
    }
    if (participants.length === 0 && evenEmpty) participants.push({ shard: 0, endLsn: this.#logs[0].endLsn });
    if (participants.length === 0) throw new Error(`round ${epoch} was ended for nothing`);
    this.#waiting = { number: epoch, participants };
  }

  #writeWaiting(): void {
    const { number, participants } = this.#waiting!;
    const record = encodeRound({ number, synced: this.synced(), participants });
    const touched: LogFile[] = [];
    try {
      for (const { shard, endLsn } of participants) {
        const log = this.#logs[shard];
        touched.push(log);
        const pieces = endLsn > log.endLsn ? this.shards[shard].pieces(log.endLsn, endLsn) : [];
        log.append([...pieces, record]);
      }
    } catch (error) {
      for (const log of touched) log.takeBack();
      throw error;
    }
    for (const { shard, endLsn } of participants) {
      this.#logs[shard].keep(endLsn);
      this.#consumeTo[shard] = endLsn;
      this.#consumeLater.add(shard);
    }
    this.#waiting = undefined;
    this.written = number;
    this.#consumeRest();
    this.epochs.written = number;
  }

  #consumeRest(): void {
    for (const shard of this.#consumeLater) {
      if (this.shards[shard].consume(this.#consumeTo[shard])) this.#consumeLater.delete(shard);
    }
  }
}

/** What the world says is wrong, in one line. Anything else is a mistake of ours, and is thrown on. */
export function storageReason(error: unknown): string {
  if (error instanceof StorageError) return error.message;
  throw error;
}
