// latchkey import: brings the data of a Redis in, into a running server or into a directory that a server will open.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LatchkeyError } from '../errors.js';
import { SHARDS_MAX } from '../kernel/abi.js';
import { layoutText } from '../persistence/meta.js';
import { writeNewStore } from '../persistence/new-store.js';
import { progressLine } from '../server/progress.js';
import { parseManifest } from '../transfer/aof-dir.js';
import type { AofRules } from '../transfer/aof-load.js';
import { type Imported, type Input, importIntoSink, importIntoStore } from '../transfer/import.js';
import { ServerSink } from '../transfer/server-sink.js';
import { checkEmpty, databasesOption, directoryOption, layoutOptions, making } from './data-directory.js';
import { type OpenFile, openFile } from './local-file.js';
import { badOption, readOptions, wordOption } from './options.js';
import { connectTo, isAddress, parseAddress } from './redis-connection.js';
import { count } from './shard-lines.js';
import { emptyStore, type StoreShape } from './store.js';

export const IMPORT_USAGE = `Usage: latchkey import --from SOURCE --to redis://host:port
       latchkey import --from SOURCE --dir DIRECTORY [--shards N] [--routing kevyhash|slots]

Sources:
       dump.rdb                             a dump of Redis 5 to 7
       appendonlydir                        the append-only directory of Redis 7, or its manifest
       appendonly.aof                       a single append-only file
       redis://[user[:password]@]host[:port][/database]
                                            a running server, by SCAN and DUMP; rediss:// for TLS

Options:
       --dir DIRECTORY                      a directory of data that is made, or empty, for a server's --dir
       --shards N, --routing WORD           its layout: a shard per core, by kevyhash
       --databases N                        databases of the server that it is for (16)
       --replace                            the target may hold keys; those that come replace them
       --skip-modules                       leave out keys whose values are modules'
       --aof-load-truncated yes|no          may an append-only file end inside a command? (yes)
`;

/** An input, and how it is closed. */
interface Opened {
  readonly input: Input;
  readonly what: string;
  close(): void;
}

export async function importCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(IMPORT_USAGE);
    return;
  }
  const options = readOptions(argv, {
    from: 'text',
    to: 'text',
    replace: 'flag',
    'skip-modules': 'flag',
    'aof-load-truncated': 'text',
    dir: 'text',
    shards: 'text',
    routing: 'text',
    databases: 'text',
  });
  const rules = {
    mayBeTruncated: wordOption('aof-load-truncated', options['aof-load-truncated'], ['yes', 'no']) === 'yes',
    skipModules: options['skip-modules'],
  };
  const databases = databasesOption(options.databases);
  const layout = layoutOptions(options);
  if (options.from === undefined)
    throw badOption('import needs --from: a file, a directory, or an address of a server');
  if (options.dir !== undefined) {
    if (options.to !== undefined) throw badOption('import goes --to a server or into a --dir, not both');
    if (options.replace) throw badOption('--replace is for a server; a --dir has to be new or empty');
    const shape: StoreShape = {
      shards: Math.min(availableParallelism(), SHARDS_MAX),
      routing: 'kevyhash',
      ...layout,
      databases,
    };
    await importInto(directoryOption('import', options.dir), options.from, shape, rules);
    return;
  }
  if (options.to === undefined) throw badOption('import needs --to: the address of a server; or --dir: a directory');
  if (layout.shards !== undefined || layout.routing !== undefined)
    throw badOption('--shards and --routing go with --dir; a server has its own');
  await importTo(options.to, options.from, { shards: 1, routing: 'kevyhash', databases }, rules, options.replace);
}

async function importTo(
  to: string,
  from: string,
  shape: StoreShape,
  rules: AofRules,
  mayReplace: boolean,
): Promise<void> {
  const target = parseAddress(to);
  if (target.db !== undefined) throw badOption('--to takes no database: keys go to the one that they come from');
  const startedMs = performance.now();
  const opened = await openInput(from);
  const { progress, clear } = progressLine('importing');
  try {
    const peer = await connectTo(target, 'BAD_TARGET');
    try {
      const sink = await ServerSink.open(peer, mayReplace);
      const imported = await importIntoSink(opened.input, sink, () => emptyStore(shape), rules, progress);
      clear();
      process.stdout.write(`${summary(imported, opened.what, peer.where, performance.now() - startedMs)}\n`);
    } finally {
      peer.close();
    }
  } finally {
    clear();
    opened.close();
  }
}

/** Everything is in memory before anything is written. */
async function importInto(dir: string, from: string, shape: StoreShape, rules: AofRules): Promise<void> {
  const startedMs = performance.now();
  const opened = await openInput(from);
  const { progress, clear } = progressLine('importing');
  try {
    const lines = await making(dir, async (storage) => {
      await checkEmpty(storage);
      const store = emptyStore(shape);
      const imported = await importIntoStore(opened.input, store, rules, progress);
      const { bytes } = await writeNewStore(storage, store.shards, shape, Date.now());
      const text = summary(imported, opened.what, dir, performance.now() - startedMs);
      return `${text}\n${dir} has ${layoutText(shape)}, ${bytes} bytes`;
    });
    clear();
    process.stdout.write(`${lines}\n`);
  } finally {
    clear();
    opened.close();
  }
}

/** What has happened, and what has not, for a person. */
export function summary(imported: Imported, from: string, to: string, ms: number): string {
  const { keys, commands, expired, truncated, left } = imported;
  const lines = [`imported ${count(keys, 'key')} from ${from} to ${to} in ${(ms / 1000).toFixed(1)} s`];
  if (commands > 0) lines.push(`${count(commands, 'command')} of append-only files executed`);
  if (expired > 0) lines.push(`${count(expired, 'key')} left out: expired`);
  if (truncated) lines.push(`${truncated.file}: the last ${count(truncated.bytes, 'byte')} left out: not whole`);
  if (left.functions > 0) lines.push(`${count(left.functions, 'library', 'libraries')} of functions left out`);
  if (left.moduleKeys > 0) lines.push(`${count(left.moduleKeys, 'key')} with values of modules left out`);
  if (left.moduleData.size > 0) lines.push(`data that modules keep left out: ${[...left.moduleData].join(', ')}`);
  return lines.join('\n');
}

async function openInput(from: string): Promise<Opened> {
  if (isAddress(from)) {
    const address = parseAddress(from);
    const peer = await connectTo(address, 'BAD_SOURCE');
    return { input: { kind: 'server', peer, db: address.db }, what: peer.where, close: () => peer.close() };
  }
  const isDirectory = statSync(from, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isDirectory || from.endsWith('.manifest')) return openDirectory(isDirectory ? manifestIn(from) : from);
  const file = openFile(from);
  return { input: { kind: 'file', file }, what: from, close: () => file.close() };
}

function manifestIn(directory: string): string {
  const names = readdirSync(directory);
  const manifests = names.filter((name) => name.endsWith('.manifest'));
  if (manifests.length === 1) return join(directory, manifests[0]);
  const hint = names.includes('appendonlydir') ? `; ${join(directory, 'appendonlydir')} may be meant` : '';
  throw new LatchkeyError(
    'BAD_SOURCE',
    manifests.length === 0
      ? `${directory}: there is no manifest of an append-only directory here${hint}`
      : `${directory}: there are several manifests here; name one of them`,
  );
}

function openDirectory(path: string): Opened {
  const opened: OpenFile[] = [];
  const manifest = parseManifest(path, readManifest(path));
  const open = (name: string): OpenFile => {
    const file = openFile(join(dirname(path), name));
    opened.push(file);
    return file;
  };
  const close = (): void => {
    for (const file of opened) file.close();
  };
  return { input: { kind: 'directory', manifest, open }, what: basename(dirname(path)), close };
}

function readManifest(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new LatchkeyError('BAD_SOURCE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
