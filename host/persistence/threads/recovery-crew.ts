// Recovery in parallel: each look at a shard, each load and each pouring is a job of a thread of its own, as many at a time
// as there are cores. A directory with little in it is served faster by the thread that asks.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LatchkeyError, type LatchkeyErrorCode } from '../../errors.js';
import type { ShardLayout } from '../../kernel/kernel.js';
import { type Storage, StorageError, type StorageErrorCode } from '../../storage/port.js';
import { loneShard, openShards, type StoreParts, storeLayout } from '../../worker/store-parts.js';
import type { Advance, ShardFiles } from '../inspect.js';
import { type LayoutCrew, layoutCrew } from '../layout.js';
import { type Layout, shardOfName } from '../meta.js';
import { crewOf, type Restored, type ShardCrew } from '../recover.js';
import type { ShardPlan } from '../recovery-plan.js';
import type { Batch, Poured } from '../reshard.js';
import { Turns } from './turns.js';

/** Directories with fewer bytes of dumps and logs than this are not worth threads. */
const PARALLEL_BYTES = 16 << 20;
/** Batches of a pouring that may wait to be written. */
export const BATCHES_AHEAD = 8;
/** A job's figures: a 64-bit word of bytes that are done with, then a 32-bit word of batches that were written. */
export const FIGURE_BYTES = 0;
export const FIGURE_BATCHES_TAKEN = 2;
const FIGURES_BYTES = 16;
const TELL_EVERY_MS = 100;

interface JobBase {
  readonly directory: string;
  readonly module: WebAssembly.Module;
  readonly figures: SharedArrayBuffer;
}
type JobKind =
  | { readonly kind: 'inspect'; readonly layout: ShardLayout; readonly shard: number }
  | {
      readonly kind: 'restore';
      readonly layout: ShardLayout;
      readonly memory: WebAssembly.Memory;
      readonly plan: ShardPlan;
      readonly nowMs: number;
    }
  | {
      readonly kind: 'pour';
      /** Of the shard that is poured. */
      readonly layout: ShardLayout;
      readonly plan: ShardPlan;
      readonly to: Layout;
      readonly nowMs: number;
    };
export type Job = JobBase & JobKind;

export type Failure =
  | { readonly kind: 'ours'; readonly code: LatchkeyErrorCode; readonly message: string }
  | { readonly kind: 'storage'; readonly code: StorageErrorCode; readonly message: string }
  | { readonly kind: 'bug'; readonly message: string };
export type JobMessage = { readonly done: unknown } | { readonly failed: Failure } | { readonly batch: Batch };

/** What becomes of a batch. `taken`: it is written; `failed`: it cannot be, and so the job cannot. */
type TakeBatch = (batch: Batch, taken: () => void, failed: (error: unknown) => void) => void;

/** Bytes of all dumps and logs of a directory. */
async function bytesOf(storage: Storage): Promise<number> {
  let sum = 0;
  for (const name of await storage.list()) {
    if (!shardOfName(name)) continue;
    const file = await storage.open(name, 'read');
    sum += file.size();
    file.close();
  }
  return sum;
}

/** Threads for the jobs over one directory. */
class RecoveryThreads {
  readonly #waiting: (() => void)[] = [];
  #free = availableParallelism();

  constructor(
    readonly directory: string,
    readonly module: WebAssembly.Module,
    /** What shards that are only looked at or poured have. */
    readonly databases: number,
  ) {}

  async #run<T>(kind: JobKind, advance: Advance, take?: TakeBatch): Promise<T> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free--;
    const figures = new Int32Array(new SharedArrayBuffer(FIGURES_BYTES));
    const bytes = new BigInt64Array(figures.buffer);
    const { directory, module } = this;
    const job: Job = { ...kind, directory, module, figures: figures.buffer };
    const tell = (): void => advance(Number(Atomics.exchange(bytes, FIGURE_BYTES, 0n)));
    const timer = setInterval(tell, TELL_EVERY_MS);
    const taken = (): void => {
      Atomics.add(figures, FIGURE_BATCHES_TAKEN, 1);
      Atomics.notify(figures, FIGURE_BATCHES_TAKEN);
    };
    const worker = new Worker(new URL('./recovery-main.js', import.meta.url), { workerData: job });
    try {
      return await new Promise<T>((resolve, reject) => {
        worker.on('error', reject);
        worker.on('exit', (code) => reject(new Error(`a thread of recovery ended by itself (${code})`)));
        worker.on('message', (message: JobMessage) => {
          try {
            if ('batch' in message) take!(message.batch, taken, reject);
            else if ('failed' in message) reject(errorOf(message.failed));
            else resolve(message.done as T);
          } catch (error) {
            reject(error);
          }
        });
      });
    } finally {
      clearInterval(timer);
      tell();
      await worker.terminate();
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  /** Over the shards of a store that nobody uses yet. */
  shardCrew({ layout, memories }: StoreParts): ShardCrew {
    return {
      shardCount: memories.length,
      inspect: (shard, advance) =>
        this.#run({ kind: 'inspect', layout: { ...layout, windowCount: 1 }, shard }, advance),
      restore: (plan, nowMs, advance) =>
        this.#run<Restored>({ kind: 'restore', layout, memory: memories[plan.shard], plan, nowMs }, advance),
    };
  }

  layoutCrew(): LayoutCrew {
    const turns = new Turns();
    let source = 0;
    return {
      inspect: (from, shard, advance) =>
        this.#run<ShardFiles>({ kind: 'inspect', layout: storeLayout(from, this.databases, 1), shard }, advance),
      pour: (from, plan, to, nowMs, take, advance) => {
        const layout = storeLayout(from, this.databases, 1);
        const own = source++;
        const done = this.#run<Poured>({ kind: 'pour', layout, plan, to, nowMs }, advance, (batch, taken, failed) => {
          const turn = (): void => {
            take(batch);
            taken();
          };
          turns.pass(own, { target: batch.target, open: batch.open, take: turn, failed });
        });
        return done.then(
          async (restored) => {
            await turns.through(own);
            return restored;
          },
          (error: unknown) => {
            turns.giveUp(own);
            throw error;
          },
        );
      },
    };
  }
}

function errorOf(failure: Failure): Error {
  if (failure.kind === 'ours') return new LatchkeyError(failure.code, failure.message);
  if (failure.kind === 'storage') return new StorageError(failure.code, failure.message);
  return new Error(failure.message);
}

/** Who looks at a directory's old layout and pours it into a new one. */
export async function layoutCrewFor(
  storage: Storage,
  module: WebAssembly.Module,
  databases: number,
): Promise<LayoutCrew> {
  if (await isWorthThreads(storage)) return new RecoveryThreads(storage.where, module, databases).layoutCrew();
  return layoutCrew(storage, (layout, shard) => loneShard(module, storeLayout(layout, databases, 1), shard));
}

/** Who brings the shards of a store back. @param windowIndex Of a window that nobody uses yet. */
export async function shardCrewFor(storage: Storage, store: StoreParts, windowIndex: number): Promise<ShardCrew> {
  if (await isWorthThreads(storage))
    return new RecoveryThreads(storage.where, store.module, store.layout.databases).shardCrew(store);
  return crewOf(storage, openShards(store, windowIndex));
}

async function isWorthThreads(storage: Storage): Promise<boolean> {
  return availableParallelism() > 1 && (await bytesOf(storage)) >= PARALLEL_BYTES;
}
