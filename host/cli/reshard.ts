// latchkey reshard: changes the number of shards, or how keys find theirs, of a directory that no server has.
import { COMMIT_JOURNAL } from '../persistence/commit-set.js';
import { backupName } from '../persistence/journal.js';
import {
  changeLine,
  ensureLayout,
  examineLayout,
  type LayoutChange,
  layoutCrew,
  type Prepared,
} from '../persistence/layout.js';
import { dumpName } from '../persistence/log-format.js';
import { type Layout, layoutText, sameLayout, shardOfName } from '../persistence/meta.js';
import { Tracker } from '../persistence/recover.js';
import { layoutCrewFor } from '../persistence/threads/recovery-crew.js';
import { kernelModule } from '../server/kernel-module.js';
import { progressLine } from '../server/progress.js';
import type { Storage } from '../storage/port.js';
import { changing, databasesOption, dataIn, directoryOption, layoutOptions, reading } from './data-directory.js';
import { badOption, readOptions } from './options.js';
import { count, planLine } from './shard-lines.js';
import { shardMaker } from './store.js';

export const RESHARD_USAGE = `Usage: latchkey reshard --dir DIRECTORY [--shards N] [--routing kevyhash|slots] [--dry-run]

Changes how many shards a directory of data has, or how keys are routed to them. No server may have it meanwhile. The old
files stay, with names that end in .premigration and a number. What is not named stays as it is.

Options:
       --dry-run                            say what would happen, and change nothing
       --databases N                        databases of the server that the data is for (16)
`;

export async function reshardCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(RESHARD_USAGE);
    return;
  }
  const options = readOptions(argv, {
    dir: 'text',
    shards: 'text',
    routing: 'text',
    databases: 'text',
    'dry-run': 'flag',
  });
  const dir = directoryOption('reshard', options.dir);
  const wanted = layoutOptions(options);
  if (wanted.shards === undefined && wanted.routing === undefined)
    throw badOption('reshard needs --shards or --routing: what the directory is to have');
  const databases = databasesOption(options.databases);
  const { progress, clear } = progressLine(options['dry-run'] ? 'looking' : 'resharding', 1);
  try {
    const lines = options['dry-run']
      ? await reading(dir, (storage) => foretold(storage, wanted, shardMaker(databases), progress))
      : await changing(dir, (storage) => changed(storage, wanted, databases, progress));
    clear();
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    clear();
  }
}

type MakeShard = ReturnType<typeof shardMaker>;
type Report = (done: number, total: number) => void;

async function changed(
  storage: Storage,
  wanted: Partial<Layout>,
  databases: number,
  progress: Report,
): Promise<string[]> {
  // Whatever is wrong with the directory's records shows before anything is touched.
  const { layout } = await dataIn(storage);
  const crew = await layoutCrewFor(storage, kernelModule(), databases);
  const nowMs = Date.now();
  const prepared = await ensureLayout(storage, crew, { wanted, fallback: layout, damage: 'stop', nowMs, progress });
  const { change } = prepared;
  return [...finishedLine(prepared), ...(change ? changeLines(change) : [sameLine(storage, prepared.layout)])];
}

function finishedLine({ finished }: Prepared): string[] {
  return finished ? [`A change to ${layoutText(finished)}, committed before, has been finished`] : [];
}

function changeLines(change: LayoutChange): string[] {
  return [...change.plan.shards.map(planLine), changeLine(change)];
}

function sameLine({ where }: Storage, layout: Layout): string {
  return `${where} has ${layoutText(layout)} already: nothing to change`;
}

/** What `changed` would do. */
async function foretold(
  below: Storage,
  wanted: Partial<Layout>,
  makeShard: MakeShard,
  progress: Report,
): Promise<string[]> {
  const { storage, layout, pending } = await dataIn(below);
  const lines: string[] = [];
  if (pending) lines.push(`A change to ${layoutText(pending)}, committed before, would be finished first`);
  else if ((await below.list()).includes(COMMIT_JOURNAL))
    lines.push('A snapshot, committed before, would be finished first');
  lines.push(...storage.moved().map(({ from, to }) => `Would rename ${from} to ${to}`));
  const after = { ...layout, ...wanted };
  if (sameLayout(layout, after)) return [...lines, sameLine(storage, layout)];
  const { plan } = await examineLayout(
    storage,
    layoutCrew(storage, makeShard),
    layout,
    { damage: 'stop' },
    new Tracker(progress),
  );
  const sources = (await storage.list()).filter(shardOfName).sort();
  const bytes = plan.shards.reduce((sum, { dump, replay }) => sum + (dump?.bytes ?? 0) + sizeOf(replay), 0);
  return [
    ...lines,
    ...plan.shards.map(planLine),
    `Would change from ${layoutText(layout)} to ${layoutText(after)}, reading ${count(bytes, 'byte')}`,
    `Would write ${after.shards === 1 ? dumpName(0) : `${dumpName(0)} to ${dumpName(after.shards - 1)}`}`,
    ...sources.map((name) => `Would rename ${name} to ${backupName(name, '<time>')}`),
    'Nothing has been changed',
  ];
}

function sizeOf(replay: { readonly from: number; readonly to: number } | undefined): number {
  return replay ? replay.to - replay.from : 0;
}
