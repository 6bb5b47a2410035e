// The layout of a directory: what is recorded, what is wanted, and the way from the one to the other, which a crash may
// interrupt anywhere.
//
//   1  stale temps go; the old store is poured into new dumps          dump-{i}.rdb.reshard
//   2  they are synced, and so is the directory
//   3  reshard.journal is put in place, durably: the commit
//   4  finalize: old files to .premigration.<stamp>, the new dumps into place, shards.meta, the journal goes
//
// Before 3 nothing has happened; from 3 on it will, at this start or a later one.
import { LatchkeyError } from '../errors.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { type Storage, StorageError } from '../storage/port.js';
import { finishDumps, removeIfThere } from './commit-set.js';
import { type Advance, inspectShard, type ShardFiles } from './inspect.js';
import {
  backupName,
  backupOf,
  JOURNAL_NAME,
  JOURNAL_TEMP,
  type Journal,
  type JournalState,
  newStamp,
  readJournal,
  writeJournal,
} from './journal.js';
import { dumpName } from './log-format.js';
import {
  badLayout,
  type Layout,
  layoutText,
  META_NAME,
  META_TEMP,
  readLayout,
  sameLayout,
  shardOfName,
  writeMeta,
} from './meta.js';
import { cutsOf, type Quarantined, setAside } from './quarantine.js';
import { type RecoverOptions, Tracker } from './recover.js';
import { planRecovery, type RecoveryPlan, type ShardPlan } from './recovery-plan.js';
import { type Batch, NewDumps, type Poured, pourShard, reshardTemp } from './reshard.js';

/** Those who look at and pour single shards of the old layout: this thread, or several. */
export interface LayoutCrew {
  inspect(from: Layout, shard: number, advance: Advance): Promise<ShardFiles>;
  pour(
    from: Layout,
    plan: ShardPlan,
    to: Layout,
    nowMs: number,
    take: (batch: Batch) => void,
    advance: Advance,
  ): Promise<Poured>;
}

/** This thread. @param makeShard Lays a fresh memory out as one shard of a layout, for nobody else to use. */
export function layoutCrew(storage: Storage, makeShard: (layout: Layout, shard: number) => ShardKernel): LayoutCrew {
  let calculator: ShardKernel | undefined;
  // One after the other, so that there is one source in memory at a time.
  let last: Promise<unknown> = Promise.resolve();
  return {
    inspect(from, shard, advance) {
      calculator ??= makeShard(from, 0);
      return inspectShard(storage, shard, calculator, advance);
    },
    pour(from, plan, to, nowMs, take, advance) {
      const next = last.then(() => pourShard(storage, makeShard(from, plan.shard), plan, to, nowMs, take, advance));
      last = next.catch(() => {});
      return next;
    },
  };
}

export interface LayoutOptions extends RecoverOptions {
  /** What was asked for: only an explicit wish changes a layout. */
  readonly wanted: Partial<Layout>;
  /** What an empty directory becomes where nothing else was asked for. */
  readonly fallback: Layout;
}

/** What has happened to a directory's layout. */
export interface LayoutChange {
  readonly before: Layout;
  readonly after: Layout;
  readonly keys: number;
  /** Of the new dumps. */
  readonly bytes: number;
  readonly seconds: number;
  /** The old files end in `.premigration.<stamp>`. */
  readonly stamp: string;
  /** How the old shards were found. */
  readonly plan: RecoveryPlan;
  /** Copies of what lay behind the good part of logs, in the order of shards. */
  readonly quarantined: readonly Quarantined[];
}

export interface Prepared {
  readonly layout: Layout;
  readonly change: LayoutChange | undefined;
  /** A change that an earlier start had committed was carried out. */
  readonly finished: Journal | undefined;
}

/**
 * Brings a directory into the layout that is wanted. To be called before anything else touches its files, and before any
 * log is made. Resolved: everything is durable, and the directory is ready for `recover`.
 * @throws LatchkeyError `BAD_LAYOUT`, `DAMAGED_FILE`, `NEWER_FILE`, `OUT_OF_MEMORY`; StorageError. The old layout is
 * intact then, or the new one is committed and the next start goes on.
 */
export async function ensureLayout(storage: Storage, crew: LayoutCrew, options: LayoutOptions): Promise<Prepared> {
  const finished = await follow(storage);
  const recorded = await readLayout(storage);
  const layout: Layout = { ...(recorded ?? options.fallback), ...defined(options.wanted) };
  if (recorded !== undefined && !sameLayout(recorded, layout)) {
    const change = await changeLayout(storage, crew, recorded, layout, options);
    return { layout, change, finished };
  }
  const names = await storage.list();
  const hasLeftovers = names.some(isLeftover);
  // A directory of kevy's first versions says its layout only by its files, which are going to be others.
  const isUnrecorded = !names.includes(META_NAME);
  // What recovery is going to refuse is refused before the directory is touched.
  if (recorded !== undefined && (hasLeftovers || isUnrecorded)) await examineLayout(storage, crew, recorded, options);
  if (hasLeftovers) await clearLeftovers(storage);
  if (isUnrecorded) await recordLayout(storage, layout);
  return { layout, change: undefined, finished };
}

function defined({ shards, routing }: Partial<Layout>): Partial<Layout> {
  return { ...(shards === undefined ? {} : { shards }), ...(routing === undefined ? {} : { routing }) };
}

async function recordLayout(storage: Storage, layout: Layout): Promise<void> {
  await writeMeta(storage, layout);
  await storage.syncDirectory();
}

/** Follows the journals that an earlier start has left, and clears away what was never committed. */
export async function settle(storage: Storage): Promise<Journal | undefined> {
  const finished = await follow(storage);
  if ((await storage.list()).some(isLeftover)) await clearLeftovers(storage);
  return finished;
}

/**
 * Follows the journals that an earlier start has left. @returns the change of layout that was finished.
 * @throws LatchkeyError `BAD_LAYOUT`: a journal or the meta makes no sense; nothing was changed then.
 */
async function follow(storage: Storage): Promise<Journal | undefined> {
  const state = await readJournal(storage);
  // A change that is committed writes the meta anew; else it is what the start goes by.
  if (state?.kind !== 'complete') await readLayout(storage);
  if (state && state.kind !== 'complete') await checkTorn(storage, state, await storage.list());
  await followDumpJournal(storage);
  if (state?.kind !== 'complete') return undefined;
  await finalize(storage, state.journal);
  return state.journal;
}

const LEFTOVERS = [JOURNAL_NAME, JOURNAL_TEMP, META_TEMP];
/** Once the journals are followed: something of a change that was never committed, a torn journal say. */
const isLeftover = (name: string): boolean => LEFTOVERS.includes(name) || /^dump-\d+\.rdb\.reshard$/.test(name);

async function clearLeftovers(storage: Storage): Promise<void> {
  for (const name of (await storage.list()).filter(isLeftover)) await removeIfThere(storage, name);
  // A temp that came back later would be taken for one of the next change's.
  await storage.syncDirectory();
}

async function followDumpJournal(storage: Storage): Promise<void> {
  try {
    await finishDumps(storage);
  } catch (error) {
    if (error instanceof StorageError || error instanceof LatchkeyError) throw error;
    throw new LatchkeyError('BAD_LAYOUT', (error as Error).message, { cause: error });
  }
}

/** A journal that is not whole: nothing may have been done that only a whole one allows. */
async function checkTorn(
  storage: Storage,
  state: Exclude<JournalState, { kind: 'complete' }>,
  names: readonly string[],
): Promise<void> {
  const advice = 'if files end in .premigration, move them back; then remove the journal to keep the old layout';
  if (state.kind === 'unreadable') throw badLayout(storage.where, JOURNAL_NAME, `makes no sense: ${advice}`);
  const renamed = names.find((name) => {
    const backup = backupOf(name);
    if (!backup || !shardOfName(backup.name)) return false;
    return state.stampWhole
      ? backup.stamp === state.stamp
      : state.stamp !== '' && backup.stamp.startsWith(state.stamp) && !names.includes(backup.name);
  });
  if (renamed !== undefined)
    throw badLayout(storage.where, JOURNAL_NAME, `is not whole, and yet there is ${renamed}: ${advice}`);
}

/**
 * Carries out a change that is committed. Every step can be repeated, in a process that knows nothing but the journal.
 * @throws LatchkeyError `BAD_LAYOUT`: a new dump is missing, or a backup would be overwritten; nothing was changed then.
 */
export async function finalize(storage: Storage, journal: Journal): Promise<void> {
  const { stamp, shards, routing } = journal;
  const names = new Set(await storage.list());
  const hasBegun = [...names].some((name) => backupOf(name)?.stamp === stamp);
  const moves = [...names].sort().flatMap((name) => {
    const file = shardOfName(name);
    const isSource = file && (file.kind === 'log' || file.shard >= shards || names.has(reshardTemp(file.shard)));
    return isSource ? [{ name, backup: backupName(name, stamp) }] : [];
  });
  for (let shard = 0; shard < shards; shard++) {
    const temp = reshardTemp(shard);
    // Before the first old file has moved no new dump has its place: a dump there is an old one.
    const isPlaced = names.has(dumpName(shard)) && (hasBegun || moves.length === 0);
    if (!names.has(temp) && !isPlaced)
      throw badLayout(storage.where, JOURNAL_NAME, `is committed, but ${temp} is missing: bring it back`);
  }
  for (const { name, backup } of moves)
    if (names.has(backup))
      throw badLayout(
        storage.where,
        JOURNAL_NAME,
        `would move ${name} to ${backup}, which exists: move one of them away`,
      );
  // The journal may have been found before its name was durable.
  await storage.syncDirectory();
  for (const { name, backup } of moves) await storage.rename(name, backup);
  // A backup must not be lost to a new dump that takes the old one's name.
  if (moves.length > 0) await storage.syncDirectory();
  for (let shard = 0; shard < shards; shard++) {
    const temp = reshardTemp(shard);
    if (names.has(temp)) await storage.rename(temp, dumpName(shard));
  }
  await writeMeta(storage, { shards, routing });
  await storage.syncDirectory();
  await removeIfThere(storage, JOURNAL_NAME);
  // A journal that came back would take the logs that are made next for old sources.
  await storage.syncDirectory();
}

/** Looks at every file of the old layout. @throws LatchkeyError as `recover`. */
export async function examineLayout(
  storage: Storage,
  crew: LayoutCrew,
  layout: Layout,
  options: Pick<RecoverOptions, 'damage'>,
  tracker = new Tracker(),
): Promise<{ readonly files: readonly ShardFiles[]; readonly plan: RecoveryPlan }> {
  const indices = Array.from({ length: layout.shards }, (_, i) => i);
  await tracker.measure(storage, indices);
  const advance = (bytes: number): void => tracker.advance(bytes);
  const files = await Promise.all(indices.map((shard) => crew.inspect(layout, shard, advance)));
  return { files, plan: planRecovery(storage.where, files, options.damage) };
}

async function changeLayout(
  storage: Storage,
  crew: LayoutCrew,
  before: Layout,
  after: Layout,
  options: LayoutOptions,
): Promise<LayoutChange> {
  const startedMs = performance.now();
  const tracker = new Tracker(options.progress);
  const { plan } = await examineLayout(storage, crew, before, options, tracker);
  if ((await storage.list()).some(isLeftover)) await clearLeftovers(storage);
  const dumps = new NewDumps(storage);
  const pour = (shard: ShardPlan): Promise<Poured> =>
    crew.pour(
      before,
      shard,
      after,
      options.nowMs,
      (batch) => dumps.take(batch),
      (bytes) => tracker.advance(bytes),
    );
  let quarantined: readonly Quarantined[] = [];
  try {
    await dumps.create(after.shards);
    // All are waited for, since nobody may pour into dumps that are given up.
    const results = await Promise.allSettled(plan.shards.map(pour));
    let poured = 0;
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      poured += result.value.poured;
    }
    if (poured !== dumps.keys) throw new Error(`${poured} keys were poured, and ${dumps.keys} have arrived`);
    await dumps.finish();
    // The logs themselves stay whole, as backups.
    quarantined = await setAside(storage, cutsOf(plan), options.nowMs);
    // The names of the dumps have to be there whenever the journal is.
    await storage.syncDirectory();
  } catch (error) {
    dumps.close();
    // A full disk gets its room back. What stays all the same is cleared away at the next start.
    for (let shard = 0; shard < after.shards; shard++) await removeIfThere(storage, reshardTemp(shard)).catch(() => {});
    throw error;
  }
  dumps.close();
  const stamp = newStamp(await storage.list(), options.nowMs);
  const journal: Journal = { stamp, shardsBefore: before.shards, shards: after.shards, routing: after.routing };
  await writeJournal(storage, journal);
  await finalize(storage, journal);
  const { keys, bytes } = dumps;
  const seconds = (performance.now() - startedMs) / 1000;
  return { before, after, keys, bytes, seconds, stamp, plan, quarantined };
}

/** The one line that says what happened. */
export function changeLine({ before, after, keys, bytes, seconds, stamp, quarantined }: LayoutChange): string {
  const figures = `${keys} keys, ${bytes} bytes, ${seconds.toFixed(2)} s`;
  const aside = quarantined.map(({ name, bytes }) => `; ${bytes} bytes set aside in ${name}`).join('');
  return `Layout changed from ${layoutText(before)} to ${layoutText(after)}: ${figures}; the old files end in .premigration.${stamp}${aside}`;
}
