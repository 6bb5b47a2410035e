// Brings the data of a Redis in: from a running server, from a dump, or from append-only files; into a store of kernels,
// or into a running server.

import type { Manifest } from './aof-dir.js';
import { type AofRules, loadAofFile } from './aof-load.js';
import { ByteSource, type Readable } from './byte-source.js';
import type { Item, Sink } from './item.js';
import type { KernelStore } from './kernel-store.js';
import { readServer } from './live.js';
import type { Peer } from './peer.js';
import { isRdb, type LeftBehind, nothingLeft, readRdb } from './rdb-file.js';

export type Input =
  | { readonly kind: 'server'; readonly peer: Peer; readonly db: number | undefined }
  /** A dump, or a single append-only file, with or without a dump at its beginning. */
  | { readonly kind: 'file'; readonly file: Readable }
  | { readonly kind: 'directory'; readonly manifest: Manifest; readonly open: (name: string) => Readable };

/** How far it is: bytes of files, or keys of a server. */
export type Progress = (done: number, total: number) => void;

export interface Imported {
  /** Keys read; from append-only files, the keys that there are in the end. */
  keys: number;
  /** Commands of append-only files. */
  commands: number;
  /** Keys left out because their time had come. */
  expired: number;
  /** What was left out at the end of an append-only file: its name and so many bytes. */
  truncated: { readonly file: string; readonly bytes: number } | undefined;
  readonly left: LeftBehind;
}

const SNIFFED_BYTES = 8;

/** Fills an empty store. On return everything is in it; after an error the store is good for nothing. */
export async function importIntoStore(
  input: Input,
  store: KernelStore,
  rules: AofRules,
  progress: Progress,
): Promise<Imported> {
  const result: Imported = { keys: 0, commands: 0, expired: 0, truncated: undefined, left: nothingLeft() };
  // Also for a dump: what has expired goes when all is there, and goes along with what a log says about it until then.
  store.stopClock(true);
  if (input.kind === 'server') {
    for await (const item of counted(input.peer, input.db, progress)) store.restore(item);
  } else {
    const files = filesOf(input);
    const total = files.reduce((sum, file) => sum + file.size(), 0);
    let before = 0;
    for (const [index, file] of files.entries()) {
      const source = new ByteSource(file);
      checkKind(source);
      const isLast = index === files.length - 1;
      const report = (): void => progress(before + source.offset, total);
      const { commands, truncated } = loadAofFile(store, source, isLast, rules, result.left, report);
      result.commands += commands;
      if (truncated > 0) result.truncated = { file: file.name, bytes: truncated };
      before += file.size();
    }
  }
  store.stopClock(false);
  const stored = store.keys();
  store.expireAll();
  result.keys = store.keys();
  result.expired = stored - result.keys;
  return result;
}

/**
 * Puts everything into a sink. What a file holds is checked to its end, its checksum included, before anything is put.
 * @param makeStore For append-only files, which have to be executed first.
 */
export async function importIntoSink(
  input: Input,
  sink: Sink,
  makeStore: () => KernelStore,
  rules: AofRules,
  progress: Progress,
): Promise<Imported> {
  if (input.kind === 'file' && isWholeDump(input.file, rules, progress)) {
    const left = nothingLeft();
    const source = new ByteSource(input.file);
    const items = readRdb(source, left, rules.skipModules);
    const result = await pour(
      watched(items, () => progress(source.offset, source.size)),
      sink,
    );
    return { ...result, commands: 0, truncated: undefined, left };
  }
  if (input.kind === 'server') {
    const result = await pour(counted(input.peer, input.db, progress), sink);
    return { ...result, commands: 0, truncated: undefined, left: nothingLeft() };
  }
  const store = makeStore();
  const loaded = await importIntoStore(input, store, rules, progress);
  await pour(store.items(), sink);
  return loaded;
}

/** Puts items into a sink, but for those whose time has come. */
export async function pour(
  items: Iterable<Item> | AsyncIterable<Item>,
  sink: Sink,
): Promise<{ keys: number; expired: number }> {
  const result = { keys: 0, expired: 0 };
  for await (const item of items) {
    if (item.expiresMs !== 0n && item.expiresMs <= BigInt(Date.now())) {
      result.expired++;
      continue;
    }
    const done = sink.put(item);
    if (done) await done;
    result.keys++;
  }
  await sink.finish();
  return result;
}

function filesOf(input: Exclude<Input, { kind: 'server' }>): Readable[] {
  if (input.kind === 'file') return [input.file];
  const { base, increments } = input.manifest;
  return [...(base === undefined ? [] : [base]), ...increments].map(input.open);
}

/** Is the file a dump and nothing else? Reads it to its end. @throws Damage */
function isWholeDump(file: Readable, rules: AofRules, progress: Progress): boolean {
  const source = new ByteSource(file);
  checkKind(source);
  if (!isRdb(source.head(SNIFFED_BYTES))) return false;
  for (const _item of readRdb(source, nothingLeft(), rules.skipModules)) progress(source.offset, source.size * 2);
  return source.left === 0;
}

/** Says what is wrong with a file that is neither of ours to read, better than its first byte's number would. */
function checkKind(source: ByteSource): void {
  const head = source.head(SNIFFED_BYTES).toString('latin1');
  if (head.startsWith('KEVY')) source.fail('this is a file of a data directory, which latchkey opens with --dir', 0);
  if (!/^(REDIS|[*#]|$)/.test(head)) source.fail('this is neither a dump nor an append-only file of Redis', 0);
}

async function* counted(peer: Peer, db: number | undefined, progress: Progress): AsyncGenerator<Item, void> {
  const total = await peer.keys(db);
  let done = 0;
  for await (const item of readServer(peer, db)) {
    yield item;
    progress(++done, Math.max(total, done));
  }
}

function* watched(items: Iterable<Item>, report: () => void): Generator<Item, void> {
  for (const item of items) {
    yield item;
    report();
  }
}
