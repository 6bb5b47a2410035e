// Snapshots of one kernel, driven by hand: entered, gone on with in slices, read out, loaded into another kernel.
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { VERSION_KEVY, VERSION_OWN } from '../../host/persistence/dump-format.js';
import { fileOf, loaded } from './dumps.js';
import type { TestKernel } from './kernel.js';
import { allDigests } from './log-replay.js';
import type { Build } from './wasm.js';

interface SnapshotHooks {
  snapshotEnter(): void;
  unsavedKeys(db: number): number;
  forgetKey(window: number, db: number, ptr: number, length: number): number;
}
const hooksOf = (kernel: TestKernel) => kernel.shard.calls as unknown as SnapshotHooks;

/** Digests of all databases, of everything that lies in them: nothing has expired. */
export function stillDigests(kernel: TestKernel): bigint[] {
  const { shard } = kernel;
  const flags = shard.header(HEADER_FLAGS);
  shard.setHeader(HEADER_FLAGS, flags | HEADER_FLAG_CLOCK_STOPPED);
  kernel.stamp(1);
  const digests = allDigests(kernel);
  shard.setHeader(HEADER_FLAGS, flags);
  return digests;
}

/** Keys of all databases that are not in the snapshot yet. */
export function unsavedKeys(kernel: TestKernel): number {
  let count = 0;
  for (let db = 0; db < kernel.shard.layout.databases; db++) count += hooksOf(kernel).unsavedKeys(db) >>> 0;
  return count;
}

/** What a hook that was forgotten would do to a key: nobody saves it any more. False: it is saved, or not there. */
export function forgetKey(kernel: TestKernel, key: string): boolean {
  const { shard } = kernel;
  kernel.stamp(1);
  const bytes = Buffer.from(key, 'latin1');
  shard.bytes.set(bytes, shard.input);
  return hooksOf(kernel).forgetKey(shard.window, kernel.db, shard.input, bytes.length) !== 0;
}

export class SnapshotRun {
  /** What the databases held when the snapshot was entered. */
  readonly wanted: bigint[];
  readonly keys: number;
  readonly #parts: Buffer[] = [];
  done = false;

  constructor(readonly kernel: TestKernel) {
    this.wanted = stillDigests(kernel);
    hooksOf(kernel).snapshotEnter();
    this.keys = unsavedKeys(kernel);
  }

  get failed(): number {
    return this.kernel.shard.calls.snapshotFailed();
  }

  /** Goes on for about `budget` bytes; reads up to `read` of what is encoded. */
  slice(budget: number, read = Number.POSITIVE_INFINITY): void {
    this.kernel.stamp(1);
    this.done = this.kernel.shard.calls.snapshotSlice(this.kernel.shard.window, budget) === 0;
    this.read(read);
  }

  read(limit: number): void {
    const { calls } = this.kernel.shard;
    let left = limit;
    while (left > 0) {
      const at = calls.snapshotPiece() >>> 0;
      const bytes = Math.min(calls.snapshotPieceBytes() >>> 0, left);
      if (at === 0 || bytes === 0) return;
      this.#parts.push(Buffer.from(this.kernel.shard.view(at, bytes).slice()));
      calls.snapshotConsume(bytes);
      left -= bytes;
    }
  }

  finish(budget = 1 << 20): void {
    for (let turns = 0; !this.done; turns++) {
      if (turns > 1e6) throw new Error('a walk without an end');
      this.slice(budget);
    }
    this.read(Number.POSITIVE_INFINITY);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** Digests of what was written, once another kernel has read it. */
  restored(build: Build): { digests: bigint[]; check: number } {
    const own = this.kernel.shard.calls.snapshotNeedsOwnVersion() !== 0;
    const second = loaded(build, fileOf(this.bytes, { own }), own ? VERSION_OWN : VERSION_KEVY);
    second.now = this.kernel.now;
    return { digests: stillDigests(second), check: second.check() };
  }
}
