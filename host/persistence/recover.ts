// Recovery: from the files of a directory to shards in memory, and to logs that can be gone on with.
//
//   inspect   every byte of every file is looked at           each shard by itself
//   plan      how far the history holds, over all shards      recovery-plan.ts, verdict.ts
//   restore   dumps are loaded, logs executed up to there     each shard by itself
//   repair    what lies behind is set aside and cut off       quarantine.ts
//
// Until the repair nothing is changed, and whatever is wrong is found before it. Repeating all of it changes nothing.
import { LatchkeyError } from '../errors.js';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS, type ShardKernel } from '../kernel/kernel.js';
import type { Storage } from '../storage/port.js';
import { SystemClock } from '../worker/clock.js';
import { DumpDamage, type Loaded, loadDump } from './dump-read.js';
import { type Advance, inspectShard, type ShardFiles, withFile } from './inspect.js';
import { dumpName, logName } from './log-format.js';
import { cutsOf, type Quarantined, quarantine } from './quarantine.js';
import {
  type DamagePolicy,
  planRecovery,
  type RecoveryPlan,
  type ShardPlan,
  type ShardVerdict,
} from './recovery-plan.js';
import { type Replayed, ReplayStopped, replayLog } from './replay.js';

export interface RecoverOptions {
  readonly damage: DamagePolicy;
  /** The present: what has expired is judged by it. */
  readonly nowMs: number;
  /** Told how far all of it is, in bytes looked at and loaded. */
  readonly progress?: (done: number, total: number) => void;
}

/** What restoring one shard came to. It can be posted to another thread. */
export interface Restored {
  readonly shard: number;
  /** Keys loaded from the dump, and those left out since they had expired. */
  readonly keys: number;
  readonly expired: number;
  readonly commands: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Commands of a log of kevy's that answered with an error; and the first of them. */
  readonly errors: number;
  readonly firstError: Replayed['firstError'];
}

export interface RecoveredStoreShard extends Restored {
  readonly verdict: ShardVerdict;
  readonly damage: ShardPlan['damage'];
  readonly quarantined: Quarantined | undefined;
  /** For the engine: see RecoveredShard in engine.ts. */
  readonly birthId: string | undefined;
  readonly endOffset: number;
  readonly endLsn: number;
  readonly nextRound: number;
}

export interface Recovered {
  readonly shards: readonly RecoveredStoreShard[];
  readonly nextRound: number;
  /** A round that was synced and is lost: it was asked to go on without. */
  readonly lost: RecoveryPlan['lost'];
}

/** Where the work on single shards is done: in this thread, or in several. */
export interface ShardCrew {
  readonly shardCount: number;
  inspect(shard: number, advance: Advance): Promise<ShardFiles>;
  restore(plan: ShardPlan, nowMs: number, advance: Advance): Promise<Restored>;
}

/** This thread, over kernels that nobody else uses meanwhile. */
export function crewOf(storage: Storage, kernels: readonly ShardKernel[]): ShardCrew {
  return {
    shardCount: kernels.length,
    inspect: (shard, advance) => inspectShard(storage, shard, kernels[shard], advance),
    restore: (plan, nowMs, advance) => restoreShard(storage, kernels[plan.shard], plan, nowMs, advance),
  };
}

/**
 * Brings every shard back, and repairs the logs. `finishDumps` and the layout's journal have been followed before.
 * @throws LatchkeyError, after which nothing is changed on disk; StorageError.
 */
export async function recover(storage: Storage, crew: ShardCrew, options: RecoverOptions): Promise<Recovered> {
  const tracker = new Tracker(options.progress);
  const { plan } = await examine(storage, crew, options.damage, tracker);
  const restored = await Promise.all(
    plan.shards.map((shard) => crew.restore(shard, options.nowMs, (bytes) => tracker.advance(bytes))),
  );
  const aside = await quarantine(storage, cutsOf(plan), options.nowMs);
  const shards = plan.shards.map((shard, i): RecoveredStoreShard => {
    const { verdict, damage, birthId, endOffset, endLsn } = shard;
    const quarantined = aside.find((copy) => copy.shard === shard.shard);
    return { ...restored[i], verdict, damage, quarantined, birthId, endOffset, endLsn, nextRound: plan.nextRound };
  });
  return { shards, nextRound: plan.nextRound, lost: plan.lost };
}

/** What recovery would begin with; nothing is changed. @throws LatchkeyError as `recover`. */
export async function examine(
  storage: Storage,
  crew: ShardCrew,
  policy: DamagePolicy,
  tracker = new Tracker(),
): Promise<{ readonly files: readonly ShardFiles[]; readonly plan: RecoveryPlan }> {
  const indices = Array.from({ length: crew.shardCount }, (_, i) => i);
  await tracker.measure(storage, indices);
  const files = await Promise.all(indices.map((shard) => crew.inspect(shard, (bytes) => tracker.advance(bytes))));
  return { files, plan: planRecovery(storage.where, files, policy) };
}

/** How far a recovery is: every byte is looked at once and loaded once, about. */
export class Tracker {
  #done = 0;
  #total = 0;
  constructor(readonly progress: RecoverOptions['progress'] = undefined) {}

  async measure(storage: Storage, shards: readonly number[]): Promise<void> {
    if (!this.progress) return;
    for (const name of shards.flatMap((shard) => [dumpName(shard), logName(shard)]))
      this.#total += 2 * ((await withFile(storage, name, (file) => file.size())) ?? 0);
  }
  advance(bytes: number): void {
    this.#done += bytes;
    this.progress?.(Math.min(this.#done, this.#total), this.#total);
  }
}

/**
 * Loads a shard's dump and executes its log, as far as the plan says.
 * @param kernel Empty, and used by nobody else meanwhile.
 * @throws LatchkeyError `DAMAGED_FILE`, `OUT_OF_MEMORY`; StorageError. The shard is of no use then.
 */
export async function restoreShard(
  storage: Storage,
  kernel: ShardKernel,
  plan: ShardPlan,
  nowMs: number,
  advance: Advance = () => {},
): Promise<Restored> {
  const startedMs = performance.now();
  const flags = kernel.header(HEADER_FLAGS);
  if (plan.clockStopped) kernel.setHeader(HEADER_FLAGS, flags | HEADER_FLAG_CLOCK_STOPPED);
  try {
    const { keys, expired } = await loadedKeys(storage, kernel, plan, nowMs, advance);
    const { commands, bytes, errors, firstError } = await replayed(storage, kernel, plan, nowMs, advance);
    const seconds = (performance.now() - startedMs) / 1000;
    return {
      shard: plan.shard,
      keys,
      expired,
      commands,
      bytes: (plan.dump?.bytes ?? 0) + bytes,
      seconds,
      errors,
      firstError,
    };
  } catch (error) {
    throw asOurs(storage, plan, error);
  } finally {
    kernel.setHeader(HEADER_FLAGS, flags);
  }
}

/** Bytes since the last call, from offsets that are reached. */
function stepwise(advance: Advance, from: number): (offset: number) => void {
  let reached = from;
  return (offset) => {
    advance(Math.max(0, offset - reached));
    reached = Math.max(reached, offset);
  };
}

async function loadedKeys(
  storage: Storage,
  kernel: ShardKernel,
  { shard, dump }: ShardPlan,
  nowMs: number,
  advance: Advance,
): Promise<Loaded> {
  if (!dump) return { keys: 0, expired: 0 };
  const loaded = await withFile(storage, dumpName(shard), (file) => {
    const lruClock = new SystemClock(kernel).lruClock(nowMs);
    return loadDump(file, dump.version, kernel, { nowMs, owner: 1, lruClock, onSlice: stepwise(advance, 0) });
  });
  if (!loaded) throw new DumpDamage(0, 'the file has gone');
  return loaded;
}

async function replayed(
  storage: Storage,
  kernel: ShardKernel,
  { shard, replay, clockStopped }: ShardPlan,
  nowMs: number,
  advance: Advance,
): Promise<Replayed> {
  if (!replay) return { commands: 0, bytes: 0, errors: 0, firstError: undefined };
  const result = await withFile(storage, logName(shard), (file) =>
    replayLog(file, kernel, replay, { ours: clockStopped, nowMs, progress: stepwise(advance, replay.from) }),
  );
  if (!result) throw new ReplayStopped(logName(shard), 0, 'the file has gone');
  return result;
}

/** Files that are sound, but of a store with more databases. A log's other internal commands are known when it is scanned. */
const NO_DATABASE = /a database that this store does not have|unknown internal command/;

/** What went wrong in a shard, as a line for a person. */
function asOurs({ where }: Storage, { shard }: ShardPlan, error: unknown): unknown {
  const isForeign = NO_DATABASE.test(error instanceof Error ? error.message : '');
  const backup = isForeign
    ? 'The store had more --databases than it is being opened with: name as many'
    : 'Bring it back from a backup, or move it away to start without it';
  if (error instanceof DumpDamage) {
    const line = `${where}: ${dumpName(shard)}, offset ${error.offset}: ${error.reason}. ${backup}`;
    return new LatchkeyError('DAMAGED_FILE', line, { cause: error });
  }
  const { message = '' } = error as Error;
  const isFull = message.includes('no memory') || message.includes('does not fit');
  if (error instanceof ReplayStopped && !isFull)
    return new LatchkeyError('DAMAGED_FILE', `${where}: ${message}. ${backup}`, { cause: error });
  if (error instanceof Error && isFull)
    return new LatchkeyError('OUT_OF_MEMORY', `${where}: ${message}; more --shards have more room`, {
      cause: error,
    });
  return error;
}

/** One line per shard: what there was, how long it took, what became of it. */
export function shardLine({
  shard,
  keys,
  commands,
  bytes,
  seconds,
  verdict,
  errors,
  quarantined,
}: RecoveredStoreShard): string {
  const parts = [`${keys} keys from the dump`, `${commands} commands`, `${bytes} bytes`, `${seconds.toFixed(2)} s`];
  if (errors > 0) parts.push(`${errors} commands that answered with an error`);
  const aside = quarantined ? `, ${quarantined.bytes} bytes set aside in ${quarantined.name}` : '';
  return `shard ${shard}: ${parts.join(', ')}: ${VERDICT_WORDS[verdict]}${aside}`;
}

/** What messages call a shard's verdict. */
export const VERDICT_WORDS: Readonly<Record<ShardVerdict, string>> = {
  new: 'empty',
  whole: 'whole',
  tail: 'whole up to an unfinished end',
  damaged: 'DAMAGED, and repaired as asked for',
};
