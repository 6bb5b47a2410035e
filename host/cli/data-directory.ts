// Directories of data as the sub-commands open them: to change one, its lock is held; to read one, nothing in it is touched.
// What the world says of them becomes one line that says what to do.
import { existsSync, rmdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LatchkeyError } from '../errors.js';
import { SHARDS_MAX } from '../kernel/abi.js';
import { COMMIT_JOURNAL } from '../persistence/commit-set.js';
import { JOURNAL_NAME, type Journal } from '../persistence/journal.js';
import { settle } from '../persistence/layout.js';
import { acquireLock, checkNotHeld } from '../persistence/lock.js';
import { type Layout, META_NAME, type RoutingName, readLayout, shardOfName } from '../persistence/meta.js';
import { NodeStorage } from '../storage/node-fs.js';
import { OverlayStorage } from '../storage/overlay.js';
import { type Storage, StorageError, type StorageErrorCode } from '../storage/port.js';
import { badOption, numberOption, wordOption } from './options.js';

/** More than any server has. */
const DATABASES_MAX = 16384;

const ADVICE: Readonly<Record<StorageErrorCode, string>> = {
  NOT_FOUND: 'name a directory of data, as a server has it for --dir',
  DISK_FULL: 'make room, and run this again',
  READ_ONLY: 'run this as a user who may do so, or on a copy of the directory',
  IO: 'see what the system says about the disk',
};

/** Runs a call; what the storage throws becomes a line for a person. */
async function plainly<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new LatchkeyError('DIRECTORY_UNUSABLE', `${error.message}; ${ADVICE[error.code]}`, { cause: error });
  }
}

/**
 * Reads a directory, and changes nothing. If a server has it, or took it meanwhile, what was read is no state of it.
 * @throws LatchkeyError `DIRECTORY_IN_USE`, `DIRECTORY_UNUSABLE`, and what `use` throws.
 */
export function reading<T>(path: string, use: (storage: NodeStorage) => Promise<T>): Promise<T> {
  return plainly(async () => {
    const storage = NodeStorage.open(path, { readOnly: true });
    await checkNotHeld(path);
    const result = await use(storage).catch(async (error) => {
      await checkNotHeld(path);
      throw error;
    });
    await checkNotHeld(path);
    return result;
  });
}

/** Changes a directory while its lock is held. @throws LatchkeyError as `reading`. */
export function changing<T>(path: string, use: (storage: NodeStorage) => Promise<T>): Promise<T> {
  return plainly(async () => {
    const storage = NodeStorage.open(path);
    const lock = await acquireLock(path);
    try {
      return await use(storage);
    } finally {
      lock.release();
    }
  });
}

/** Makes a directory if it is missing, and changes it. After an error what was made is gone again. */
export async function making<T>(path: string, use: (storage: NodeStorage) => Promise<T>): Promise<T> {
  const made: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) made.push(at);
  try {
    await plainly(async () => NodeStorage.open(path, { create: true }));
    return await changing(path, use);
  } catch (error) {
    for (const directory of made) {
      try {
        rmdirSync(directory);
      } catch {
        // It was never made, or is not empty: what was committed stays.
      }
    }
    throw error;
  }
}

/** A directory as the next start will find it when it has followed what is pending. */
export interface View {
  readonly storage: OverlayStorage;
  /** Undefined: there is no data. */
  readonly layout: Layout | undefined;
  /** A change of layout that was committed and is not carried out. */
  readonly pending: Journal | undefined;
}

/** @throws LatchkeyError `BAD_LAYOUT`: a journal or shards.meta makes no sense. Nothing is changed. */
export async function viewOf(storage: Storage): Promise<View> {
  const overlay = await OverlayStorage.over(storage);
  const pending = await settle(overlay);
  return { storage: overlay, layout: await readLayout(overlay), pending };
}

/** The same, of a directory that has data. @throws LatchkeyError `BAD_LAYOUT` too if there is none. */
export async function dataIn(storage: Storage): Promise<View & { readonly layout: Layout }> {
  const view = await viewOf(storage);
  const { layout } = view;
  if (layout === undefined) {
    const what = `there is no data here: no ${META_NAME}, no dump and no log; name the directory that has them`;
    throw new LatchkeyError('BAD_LAYOUT', `${storage.where}: ${what}`);
  }
  return { ...view, layout };
}

/** Refuses a directory in which a new store would find another one. */
export async function checkEmpty(storage: Storage): Promise<void> {
  if ((await viewOf(storage)).layout === undefined) return;
  const found = (await storage.list()).find(
    (name) => shardOfName(name) || [META_NAME, JOURNAL_NAME, COMMIT_JOURNAL].includes(name),
  );
  throw new LatchkeyError(
    'BAD_TARGET',
    `${storage.where}: there is data here already (${found}); name a directory that is new or empty, or import --to a server that has this one`,
  );
}

/** --dir, which every one of these commands needs. */
export function directoryOption(command: string, dir: string | undefined): string {
  if (dir === undefined || dir === '') throw badOption(`${command} needs --dir: the directory of the data`);
  return dir;
}

/** --shards and --routing, as far as they were given. */
export function layoutOptions(options: {
  readonly shards: string | undefined;
  readonly routing: string | undefined;
}): Partial<Layout> {
  return {
    ...(options.shards === undefined ? {} : { shards: numberOption('shards', options.shards, 1, 1, SHARDS_MAX) }),
    ...(options.routing === undefined
      ? {}
      : { routing: wordOption<RoutingName>('routing', options.routing, ['kevyhash', 'slots']) }),
  };
}

/** --databases of the server that the data is for. */
export function databasesOption(databases: string | undefined): number {
  return numberOption('databases', databases, 16, 1, DATABASES_MAX);
}
