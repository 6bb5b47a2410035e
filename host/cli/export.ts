// latchkey export: writes the data of a server, or of a directory, as a dump that redis-server 7 loads.

import { logName } from '../persistence/log-format.js';
import { crewOf, examine, Tracker } from '../persistence/recover.js';
import { progressLine } from '../server/progress.js';
import { latchkeyVersion, REDIS_VERSION } from '../server/version.js';
import { exportItems, type Output } from '../transfer/export.js';
import { RdbWriter } from '../transfer/rdb-write.js';
import { databasesOption, dataIn, directoryOption, reading } from './data-directory.js';
import { checkFree, NewFile } from './local-file.js';
import { badOption, readOptions } from './options.js';
import { connectTo, parseAddress } from './redis-connection.js';
import { count } from './shard-lines.js';
import { emptyStore } from './store.js';

export const EXPORT_USAGE = `Usage: latchkey export --from redis://[user[:password]@]host[:port][/database] --to dump.rdb
       latchkey export --dir DIRECTORY --to dump.rdb

Options:
       --dir DIRECTORY                      a directory of data that no server has; nothing in it is changed
       --databases N                        databases of the server that it is of (16)
`;

/** Where data comes from, as a sentence calls it, and how it is closed. */
interface Source {
  readonly from: Output;
  readonly what: string;
  /** What a person should know about it. */
  readonly notes: readonly string[];
  close(): void;
}

export async function exportCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(EXPORT_USAGE);
    return;
  }
  const options = readOptions(argv, { from: 'text', dir: 'text', databases: 'text', to: 'text' });
  const { from, dir, to } = options;
  if (from === undefined && dir === undefined)
    throw badOption('export needs --from: the address of a server; or --dir: a directory');
  if (from !== undefined && dir !== undefined) throw badOption('export is --from a server or of a --dir, not both');
  if (to === undefined) throw badOption('export needs --to: the file to be written');
  const startedMs = performance.now();
  if (from !== undefined) await write(await openServer(from), to, startedMs);
  else {
    const databases = databasesOption(options.databases);
    checkFree(to);
    await write(await openDirectory(directoryOption('export', dir), databases), to, startedMs);
  }
}

async function write(source: Source, to: string, startedMs: number): Promise<void> {
  const { progress, clear } = progressLine('exporting');
  try {
    const file = new NewFile(to);
    try {
      const writer = new RdbWriter(file, facts());
      const spare = emptyStore({ shards: 1, routing: 'kevyhash', databases: 1 });
      const exported = await exportItems(source.from, writer, spare, progress);
      file.commit();
      clear();
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const lines = [
        `exported ${count(exported.keys, 'key')} from ${source.what} to ${to}: ${count(writer.bytes, 'byte')} in ${seconds} s`,
        ...source.notes,
      ];
      if (exported.withoutDeadlines > 0)
        lines.push(
          `${count(exported.withoutDeadlines, 'hash', 'hashes')} without the deadlines of their fields, which Redis 7.0 has not`,
        );
      process.stdout.write(`${lines.join('\n')}\n`);
    } catch (error) {
      file.abandon();
      throw error;
    }
  } finally {
    clear();
    source.close();
  }
}

async function openServer(from: string): Promise<Source> {
  const address = parseAddress(from);
  const peer = await connectTo(address, 'BAD_SOURCE');
  return {
    from: { kind: 'server', peer, db: address.db },
    what: peer.where,
    notes: [],
    close: () => peer.close(),
  };
}

/** All of a directory in memory, as a start would have it; what a start would mend is left as it is. */
async function openDirectory(dir: string, databases: number): Promise<Source> {
  const { progress, clear } = progressLine('reading', 1);
  try {
    return await reading(dir, async (below) => {
      const { storage, layout } = await dataIn(below);
      const store = emptyStore({ ...layout, databases });
      const crew = crewOf(storage, store.shards);
      const tracker = new Tracker(progress);
      const { plan } = await examine(storage, crew, 'stop', tracker);
      const nowMs = Date.now();
      for (const shard of plan.shards) await crew.restore(shard, nowMs, (bytes) => tracker.advance(bytes));
      const notes = plan.shards.flatMap(({ shard, cutAt }) =>
        cutAt === undefined ? [] : [`${logName(shard)}: what is from offset ${cutAt} on left out, as a start does`],
      );
      return { from: { kind: 'store', store }, what: dir, notes, close: () => {} };
    });
  } finally {
    clear();
  }
}

function facts(): [string, string][] {
  return [
    ['redis-ver', REDIS_VERSION],
    ['redis-bits', '64'],
    ['ctime', String(Math.floor(Date.now() / 1000))],
    ['latchkey-ver', latchkeyVersion()],
  ];
}
