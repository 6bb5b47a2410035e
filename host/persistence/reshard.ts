// Pours a store into another layout: shard after shard is restored, walked, and its entries, as they are, go to the dumps
// of the shards that they will belong to. Nothing that is there already is touched: the new dumps have passing names.
//
// In memory there is one source shard at a time and crew member, and a window per new dump: less than the data twice.
import { HEADER_ROUTING, HEADER_SHARD_COUNT, ROUTING_SLOTS, type ShardKernel } from '../kernel/kernel.js';
import type { Storage, StorageFile } from '../storage/port.js';
import { OP_DATABASE, OP_HASH_DEADLINES, OP_STREAM_READ } from './dump-format.js';
import { DumpWriter } from './dump-write.js';
import { type EntrySink, EntryStream } from './entry-stream.js';
import type { Advance } from './inspect.js';
import { dumpName } from './log-format.js';
import type { Layout } from './meta.js';
import { type Restored, restoreShard } from './recover.js';
import type { ShardPlan } from './recovery-plan.js';

export const reshardTemp = (shard: number): string => `${dumpName(shard)}.reshard`;

/** Bytes that the walk encodes at a time, and that are gathered for a new dump before they are handed on. */
const WALK_BYTES = 1 << 18;
const BATCH_BYTES = 1 << 16;

/** What pouring one shard came to. */
export interface Poured extends Restored {
  readonly poured: number;
}

/** Entries, or a part of one, for one of the new shards. */
export interface Batch {
  readonly target: number;
  readonly database: number;
  /** Are there entries in it that only the version of our own has a word for? */
  readonly own: boolean;
  readonly keys: number;
  /** Borrowed for the call. */
  readonly bytes: Uint8Array;
  /** The next batch of this source goes on in the middle of the same entry: it is for the same target. */
  readonly open: boolean;
}

/**
 * Restores a source shard and hands over all its entries.
 * @param kernel Fresh, laid out for the old layout; of no more use afterwards.
 */
export async function pourShard(
  storage: Storage,
  kernel: ShardKernel,
  plan: ShardPlan,
  to: Layout,
  nowMs: number,
  take: (batch: Batch) => void,
  advance: Advance = () => {},
): Promise<Poured> {
  const restored = await restoreShard(storage, kernel, plan, nowMs, advance);
  return { ...restored, poured: pourKernel(kernel, to, nowMs, take) };
}

/** Walks a shard that nobody else uses, and sorts its entries by where they will belong. @returns keys handed over. */
export function pourKernel(kernel: ShardKernel, to: Layout, nowMs: number, take: (batch: Batch) => void): number {
  const { calls } = kernel;
  const sorter = new Sorter(kernel, to, take);
  const stream = new EntryStream(sorter);
  // Entering is what a latch holder does who sees a newer snapshot announced than the shard has entered.
  const next = calls.entered() + 1;
  if (calls.begin(1, 1, next, next) !== 1)
    throw new Error('somebody else has the latch of a shard that is being loaded');
  try {
    for (let more = true; more; ) {
      kernel.stamp(nowMs, 0, 0, 2, 0, 1, 0);
      more = calls.snapshotSlice(kernel.window, WALK_BYTES) !== 0;
      const reason = calls.snapshotFailed();
      if (reason !== 0) throw new Error(`no memory is left to walk shard ${kernel.index} (reason ${reason})`);
      for (let at = calls.snapshotPiece() >>> 0; at !== 0; at = calls.snapshotPiece() >>> 0) {
        const bytes = calls.snapshotPieceBytes() >>> 0;
        stream.push(kernel.view(at, bytes));
        calls.snapshotConsume(bytes);
      }
    }
  } finally {
    calls.end(1);
  }
  stream.finish();
  sorter.flush();
  return calls.snapshotKeys();
}

/** What waits for one target. */
interface Gathered {
  readonly bytes: Uint8Array;
  used: number;
  database: number;
  keys: number;
  own: boolean;
  /** What was handed over last ends in the middle of an entry. */
  open: boolean;
}

/** Gathers entries by target. */
class Sorter implements EntrySink {
  readonly #targets: Gathered[];
  /** Addresses where a key may lie for the kernel's `route`. */
  readonly #router: ShardKernel;
  #target = 0;

  constructor(
    kernel: ShardKernel,
    to: Layout,
    readonly take: (batch: Batch) => void,
  ) {
    this.#targets = Array.from({ length: to.shards }, () => ({
      bytes: new Uint8Array(BATCH_BYTES),
      used: 0,
      database: 0,
      keys: 0,
      own: false,
      open: false,
    }));
    // Nothing is executed in the source any more: from now on it routes as the new layout does.
    kernel.setHeader(HEADER_SHARD_COUNT, to.shards);
    kernel.setHeader(HEADER_ROUTING, to.routing === 'slots' ? ROUTING_SLOTS : 0);
    this.#router = kernel;
  }

  #route(key: Uint8Array): number {
    const { calls, input, memory, layout } = this.#router;
    if (key.buffer === memory.buffer) return calls.route(key.byteOffset, key.length);
    if (key.length <= layout.inBytes) {
      this.#router.view(input, key.length).set(key);
      return calls.route(input, key.length);
    }
    const block = calls.blockNew(key.length) >>> 0;
    if (block === 0) throw new Error(`no memory for a key of ${key.length} bytes`);
    this.#router.view(block, key.length).set(key);
    const target = calls.route(block, key.length);
    calls.blockFree(block);
    return target;
  }

  begin(database: number, op: number, key: Uint8Array): void {
    this.#target = this.#route(key);
    const target = this.#targets[this.#target];
    if (target.database !== database) this.#hand(this.#target, false);
    target.database = database;
    target.keys++;
    if (op === OP_HASH_DEADLINES || op === OP_STREAM_READ) target.own = true;
  }

  bytes(bytes: Uint8Array): void {
    const target = this.#targets[this.#target];
    for (let at = 0; at < bytes.length; ) {
      if (target.used === BATCH_BYTES) this.#hand(this.#target, true);
      const part = bytes.subarray(at, at + BATCH_BYTES - target.used);
      target.bytes.set(part, target.used);
      target.used += part.length;
      at += part.length;
    }
  }

  end(): void {
    const target = this.#targets[this.#target];
    // The rest of a long entry does not wait for others: whoever takes the batches holds up other sources until it comes.
    if (target.open || target.used > BATCH_BYTES >> 1) this.#hand(this.#target, false);
  }

  #hand(index: number, open: boolean): void {
    const target = this.#targets[index];
    const { bytes, used, database, keys, own } = target;
    if (used === 0) return;
    this.take({ target: index, database, own, keys, bytes: bytes.subarray(0, used), open });
    target.used = 0;
    target.keys = 0;
    target.own = false;
    target.open = open;
  }

  flush(): void {
    for (const index of this.#targets.keys()) this.#hand(index, false);
  }
}

/** The new dumps, under their passing names. */
export class NewDumps {
  readonly #dumps: { file: StorageFile; writer: DumpWriter; database: number; own: boolean }[] = [];
  keys = 0;
  bytes = 0;

  constructor(readonly storage: Storage) {}

  /** Makes them. @throws StorageError: `close` then, and the files that there are can be removed. */
  async create(shards: number): Promise<void> {
    for (let shard = 0; shard < shards; shard++) {
      const file = await this.storage.open(reshardTemp(shard), 'create');
      try {
        this.#dumps.push({ file, writer: new DumpWriter(file), database: 0, own: false });
      } catch (error) {
        file.close();
        throw error;
      }
    }
  }

  take({ target, database, own, keys, bytes }: Batch): void {
    const dump = this.#dumps[target];
    if (dump.database !== database) {
      const select = new Uint8Array(5);
      select[0] = OP_DATABASE;
      new DataView(select.buffer).setUint32(1, database, true);
      dump.writer.append(select);
      dump.database = database;
      dump.own = true;
    }
    if (own) dump.own = true;
    this.keys += keys;
    dump.writer.append(bytes);
  }

  /** Ends and syncs all of them. @throws StorageError. */
  async finish(): Promise<void> {
    for (const { writer, own } of this.#dumps) this.bytes += writer.finish({ own });
    // All are waited for, since a file that is being synced must not be closed.
    const results = await Promise.allSettled(this.#dumps.map(({ file }) => file.sync()));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  close(): void {
    for (const { file } of this.#dumps.splice(0)) file.close();
  }
}
