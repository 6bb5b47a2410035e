// Writes the dumps of all shards under passing names: slices of each shard's walk in turn, with everything else having
// its turn between them.
import type { Storage, StorageFile } from '../storage/port.js';
import { removeIfThere } from './commit-set.js';
import { DumpWriter } from './dump-write.js';
import { dumpName } from './log-format.js';
import { latched, type ShardPort, type SnapshotStep } from './shard-port.js';
import type { Timing } from './timing.js';

/** Bytes encoded under one hold of a latch: some 25 microseconds. */
const BUDGET = 1 << 12;
/** The walk goes on for so long before others have their turn. */
const SLICE_MS = 2;

export const dumpTemp = (shard: number): string => `${dumpName(shard)}.tmp`;

/** A snapshot that cannot be finished, by no fault of the disk's. */
export class SnapshotFailed extends Error {}

/** What the dumps are to say. */
export interface DumpOf {
  /** Of the logs, 32 hex digits; undefined: there are none. */
  readonly birthId: string | undefined;
  readonly round: number;
}

/** Figures of a snapshot under way. */
export interface WalkFigures {
  keys: number;
  keptBytes: number;
  keptBytesPeak: number;
}

interface Part {
  readonly index: number;
  readonly port: ShardPort;
  readonly file: StorageFile;
  readonly writer: DumpWriter;
  consumed: number;
  keys: number;
  keptBytes: number;
  done: boolean;
}

export class DumpSet {
  readonly #parts: Part[] = [];
  readonly figures: WalkFigures = { keys: 0, keptBytes: 0, keptBytesPeak: 0 };
  /** Set to end the walk early: it fails then. */
  stopped: string | undefined;

  constructor(
    readonly storage: Storage,
    readonly shards: readonly ShardPort[],
    readonly timing: Timing,
    /** Called between slices. */
    readonly between: () => Promise<unknown>,
  ) {}

  /**
   * Writes and syncs all files. The shards have entered the snapshot.
   * @returns bytes of each.
   * @throws StorageError or SnapshotFailed: `discard` then.
   */
  async write(of: DumpOf): Promise<number[]> {
    for (const [index, port] of this.shards.entries()) {
      const file = await this.storage.open(dumpTemp(index), 'create');
      this.#parts.push({
        index,
        port,
        file,
        writer: new DumpWriter(file),
        consumed: 0,
        keys: 0,
        keptBytes: 0,
        done: false,
      });
    }
    await this.#walk();
    const birthId = of.birthId === undefined ? undefined : Buffer.from(of.birthId, 'hex');
    const sizes: number[] = [];
    for (const { port, writer } of this.#parts) {
      sizes.push(writer.finish({ own: port.snapshotOwn(), birthId, round: of.birthId === undefined ? 0 : of.round }));
    }
    // All are waited for, since a file that is being synced must not be closed.
    const results = await Promise.allSettled(this.#parts.map(({ file }) => file.sync()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    this.#close();
    // What was consumed last has not been counted yet.
    for (const port of this.shards) await latched(port, () => port.snapshotAbort());
    return sizes;
  }

  async #walk(): Promise<void> {
    let open = this.#parts.length;
    let stalled: ShardPort | undefined;
    while (open > 0) {
      const untilMs = this.timing.nowMs() + SLICE_MS;
      do {
        let busy = 0;
        stalled = undefined;
        for (const part of this.#parts) {
          if (part.done) continue;
          const step = part.port.snapshotStep(part.consumed, BUDGET);
          if (!step) {
            busy++;
            stalled = part.port;
            continue;
          }
          this.#take(part, step);
          if (part.done) open--;
        }
        if (busy === open) break;
        stalled = undefined;
      } while (open > 0 && this.timing.nowMs() < untilMs);
      this.#count();
      await (stalled ? stalled.latchFree() : this.between());
      if (this.stopped !== undefined) throw new SnapshotFailed(this.stopped);
    }
  }

  #take(part: Part, step: SnapshotStep): void {
    if (step.failed !== undefined) throw new SnapshotFailed(`shard ${part.index}: ${step.failed}`);
    if (step.piece.length !== 0) part.writer.append(step.piece);
    part.consumed = step.piece.length;
    part.keys = step.keys;
    part.keptBytes = step.keptBytes;
    part.done = step.done;
  }

  #count(): void {
    const { figures } = this;
    figures.keys = this.#parts.reduce((sum, { keys }) => sum + keys, 0);
    figures.keptBytes = this.#parts.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    figures.keptBytesPeak = Math.max(figures.keptBytesPeak, figures.keptBytes);
  }

  #close(): void {
    for (const { file } of this.#parts.splice(0)) file.close();
  }

  /** After a failure: nothing stays, as far as the disk lets go of it. */
  async discard(): Promise<void> {
    this.#close();
    for (const [index, port] of this.shards.entries()) {
      await latched(port, () => port.snapshotAbort());
      await removeIfThere(this.storage, dumpTemp(index)).catch(() => {});
    }
  }
}
