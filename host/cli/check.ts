// latchkey check: looks at every byte of a directory of data, changes none, and says what a start would make of it.
import { LatchkeyError } from '../errors.js';
import { SHARDS_MAX } from '../kernel/abi.js';
import type { ShardKernel } from '../kernel/kernel.js';
import { COMMIT_JOURNAL } from '../persistence/commit-set.js';
import type { ShardFiles } from '../persistence/inspect.js';
import { backupOf, isQuarantine, JOURNAL_NAME } from '../persistence/journal.js';
import { layoutCrew } from '../persistence/layout.js';
import { LOCK_NAME } from '../persistence/lock.js';
import { dumpName, logName } from '../persistence/log-format.js';
import { inferLayout, type Layout, layoutText, META_NAME, readLayout, shardOfName } from '../persistence/meta.js';
import { Tracker } from '../persistence/recover.js';
import { planRecovery, type RecoveryPlan } from '../persistence/recovery-plan.js';
import { progressLine } from '../server/progress.js';
import { OverlayStorage } from '../storage/overlay.js';
import type { Storage } from '../storage/port.js';
import { directoryOption, reading, viewOf } from './data-directory.js';
import { readOptions } from './options.js';
import { dumpLine, logLine, planLine } from './shard-lines.js';
import { shardMaker } from './store.js';

export const CHECK_USAGE = `Usage: latchkey check --dir DIRECTORY

Looks at every byte of the files of a directory of data, changes none, and says what a start would make of them. No server
may have the directory meanwhile. The exit code is 0 if a start would lose nothing, else 1.
`;

export async function checkCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(CHECK_USAGE);
    return;
  }
  const options = readOptions(argv, { dir: 'text' });
  const dir = directoryOption('check', options.dir);
  const { progress, clear } = progressLine('checking', 1);
  try {
    const makeShard = shardMaker(1);
    const { lines, problem } = await reading(dir, (storage) => new Check(storage, makeShard, progress).run());
    clear();
    process.stdout.write(`${lines.join('\n')}\n`);
    if (problem) throw problem;
  } finally {
    clear();
  }
}

interface Opened {
  readonly storage: OverlayStorage;
  readonly layout: Layout | undefined;
}

class Check {
  readonly #lines: string[] = [];
  /** The first one. */
  #problem: LatchkeyError | undefined;

  constructor(
    readonly below: Storage,
    readonly makeShard: (layout: Layout, shard: number) => ShardKernel,
    readonly progress: (done: number, total: number) => void,
  ) {}

  async run(): Promise<{ readonly lines: readonly string[]; readonly problem: LatchkeyError | undefined }> {
    const opened = await this.#opened();
    const { storage, layout } = opened;
    if (layout) await this.#shards(storage, layout);
    await this.#others(opened);
    if (!this.#problem)
      this.#lines.push(
        layout
          ? 'A start would lose nothing'
          : `${this.below.where}: there is no data here; a start begins a new store`,
      );
    return { lines: this.#lines, problem: this.#problem };
  }

  /** Goes on after what it was: the more is said at once, the better. */
  async #attempt<T>(call: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof LatchkeyError)) throw error;
      this.#problem ??= error;
      return undefined;
    }
  }

  /** The directory as the next start will find it; or, if that cannot be followed, as it is. */
  async #opened(): Promise<Opened> {
    const names = await this.below.list();
    const view = await this.#attempt(() => viewOf(this.below));
    if (view) {
      const { pending } = view;
      if (pending)
        this.#lines.push(
          `${JOURNAL_NAME}: a change to ${layoutText(pending)} is committed; a start finishes it, and this is what it finds then`,
        );
      else if (names.includes(JOURNAL_NAME))
        this.#lines.push(`${JOURNAL_NAME}: not whole, so the change was never committed; a start removes it`);
      if (names.includes(COMMIT_JOURNAL))
        this.#lines.push(
          `${COMMIT_JOURNAL}: a snapshot is committed; a start puts it into place, and this is what it finds then`,
        );
      if (view.layout) {
        const isWritten = (await view.storage.list()).includes(META_NAME);
        const how = isWritten ? `${META_NAME}: ` : `no ${META_NAME}, as in directories of early versions of kevy: `;
        this.#lines.push(`${how}${layoutText(view.layout)}`);
      }
      return view;
    }
    const storage = await OverlayStorage.over(this.below);
    const layout = (await this.#attempt(() => readLayout(storage))) ?? inferLayout(names);
    return { storage, layout: layout && layout.shards <= SHARDS_MAX ? layout : undefined };
  }

  async #shards(storage: Storage, layout: Layout): Promise<void> {
    const crew = layoutCrew(storage, this.makeShard);
    const indices = Array.from({ length: layout.shards }, (_, i) => i);
    const tracker = new Tracker(this.progress);
    await tracker.measure(storage, indices);
    const files: ShardFiles[] = [];
    for (const shard of indices) {
      const found = await crew.inspect(layout, shard, (bytes) => tracker.advance(bytes));
      files.push(found);
      if (found.dump) this.#lines.push(dumpLine(dumpName(shard), found.dump));
      if (found.log) this.#lines.push(logLine(logName(shard), found.log));
    }
    const plan = await this.#attempt(() => planRecovery(storage.where, files, 'stop'));
    if (!plan) return;
    this.#lines.push(...plan.shards.map(planLine));
    for (const { shard, log } of files) if (log) await this.#attempt(() => this.#checkTail(plan, shard, log));
  }

  /**
   * What a start sets aside of a log of ours is what a crash leaves behind all that was synced. A log of kevy's cannot say
   * that: only a last record that is not whole is surely a crash's doing.
   */
  #checkTail({ shards }: RecoveryPlan, shard: number, { scan, beyond }: NonNullable<ShardFiles['log']>): void {
    const { cutAt } = shards[shard];
    if (shards.some(({ clockStopped }) => clockStopped) || cutAt === undefined || !scan.damage) return;
    const soundBehind = (beyond?.records ?? 0) > scan.records;
    if (scan.damage.torn && !soundBehind) return;
    const { offset, reason } = scan.damage;
    const resync = soundBehind ? ', or start with --replay-resync to leave out only what is damaged' : '';
    throw new LatchkeyError(
      'DAMAGED_FILE',
      `${this.below.where}: ${logName(shard)}, offset ${offset}: ${reason}. A start sets aside what is from there on: bring the file back from a backup if that matters${resync}`,
    );
  }

  /** Every file that no shard has, or will not have any more. */
  async #others({ storage, layout }: Opened): Promise<void> {
    const after = await storage.list();
    for (const name of after.sort()) {
      const shard = shardOfName(name)?.shard ?? -1;
      if (layout && shard >= layout.shards) await this.#attempt(() => this.#stray(name, shard, layout));
    }
    const moved = new Map(storage.moved().map(({ from, to }) => [from, to]));
    for (const name of (await this.below.list()).sort()) {
      const to = moved.get(name);
      const isKept = after.includes(name) || JOURNALS.includes(name);
      const what = to !== undefined ? `a start renames it to ${to}` : isKept ? whatIs(name) : 'a start removes it';
      if (what !== undefined) this.#lines.push(`${name}: ${what}`);
    }
  }

  #stray(name: string, shard: number, layout: Layout): never {
    this.#lines.push(`${name}: of shard ${shard}, which the layout does not have: a start does not read it`);
    const what = `belongs to shard ${shard}, but the layout is ${layoutText(layout)}: a start would not read it`;
    throw new LatchkeyError(
      'BAD_LAYOUT',
      `${this.below.where}: ${name} ${what}. Bring back the ${META_NAME} that it belongs to, or move it away`,
    );
  }
}

const JOURNALS: readonly string[] = [JOURNAL_NAME, COMMIT_JOURNAL];

/** What a file is that belongs to no shard; undefined: it has been spoken of. */
function whatIs(name: string): string | undefined {
  if (shardOfName(name) || name === META_NAME || JOURNALS.includes(name)) return undefined;
  if (name === LOCK_NAME) return 'left by a process that has ended; a start replaces it';
  const backup = backupOf(name);
  if (backup) return `what ${backup.name} was before a change of layout; no start reads it`;
  if (isQuarantine(name)) return 'set aside by a recovery; no start reads it';
  return 'no file that a start reads; it is left alone';
}
