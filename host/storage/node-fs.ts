// The storage port over a directory of the file system, for Node, Deno and Bun.
//
// Reading and writing are synchronous, since the engine has a thread of its own, and take views of shared memory as they
// are. Syncing goes through the thread pool, so that several files are synced at once. `fdatasync` covers the size of a
// file; names are covered by the directory's own sync.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type OpenMode, type Storage, StorageError, type StorageErrorCode, type StorageFile } from './port.js';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EFBIG: 'DISK_FULL',
  EROFS: 'READ_ONLY',
  EACCES: 'READ_ONLY',
  EPERM: 'READ_ONLY',
  EBADF: 'READ_ONLY',
};
const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', write: 'r+', create: 'w+' };
/** Windows has no handle on a directory that could be synced; its file system journals names by itself. */
const SYNCS_DIRECTORIES = process.platform !== 'win32';

function failure(what: string, error: unknown): StorageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new StorageError(CODES[code ?? ''] ?? 'IO', `${what}: ${message}`, { cause: error });
}

/** Runs a call of the platform; what it throws becomes ours, and names the file. */
function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw failure(path, error);
  }
}

/** Repeats a read that a signal interrupted; the platform repeats every other call by itself. */
function uninterrupted(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}

/** Syncs a directory. Some file systems cannot, and say EINVAL: names are as safe there as they get. */
function syncDirectoryNow(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
  } finally {
    closeSync(fd);
  }
}

/** @returns the topmost directory that was made, if any was. */
function mkdirWithParents(path: string): string | undefined {
  try {
    return mkdirSync(path, { recursive: true });
  } catch (error) {
    // Node says ENOENT of the last one, whatever kept it from making the first: that one alone gets the reason.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    let first = resolve(path);
    while (!existsSync(dirname(first))) first = dirname(first);
    mkdirSync(first);
    throw error;
  }
}

/** Makes a directory and those above it, and their names durable. */
function makeDirectory(path: string): void {
  const first = mkdirWithParents(path);
  if (first === undefined || !SYNCS_DIRECTORIES) return;
  const above = dirname(resolve(first));
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    syncDirectoryNow(at);
    if (at === above || at === dirname(at)) return;
  }
}

class NodeFile implements StorageFile {
  /** What messages call it: `renamed` keeps it true. */
  #path: string;
  readonly #fd: number;
  #isClosed = false;
  /** Syncs under way. The descriptor is not given back before they are over: its number may be another file's then. */
  #syncs = 0;

  constructor(
    readonly name: string,
    path: string,
    mode: OpenMode,
    readonly closed: (file: NodeFile) => void,
  ) {
    this.#path = path;
    this.#fd = attempt(path, () => openSync(path, FLAGS[mode], 0o644));
  }

  renamed(from: string, to: string): void {
    if (this.#path === from) this.#path = to;
  }

  #attempt<T>(call: (fd: number) => T): T {
    if (this.#isClosed) throw new StorageError('IO', `${this.#path}: the file is closed`);
    return attempt(this.#path, () => call(this.#fd));
  }

  size(): number {
    return this.#attempt((fd) => fstatSync(fd).size);
  }

  read(into: Uint8Array, at: number): number {
    return this.#attempt((fd) => {
      let done = 0;
      while (done < into.length) {
        const count = uninterrupted(() => readSync(fd, into, done, into.length - done, at + done));
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(bytes: Uint8Array, at: number): void {
    this.#attempt((fd) => {
      let done = 0;
      while (done < bytes.length) {
        const count = writeSync(fd, bytes, done, bytes.length - done, at + done);
        if (count === 0) throw new Error('nothing was written');
        done += count;
      }
    });
  }

  truncate(size: number): void {
    this.#attempt((fd) => ftruncateSync(fd, size));
  }

  async sync(): Promise<void> {
    await this.#attempt((fd) => {
      this.#syncs++;
      return new Promise<void>((resolve, reject) => {
        fdatasync(fd, (error) => {
          this.#syncs--;
          if (this.#isClosed) this.#release();
          if (error) reject(failure(this.#path, error));
          else resolve();
        });
      });
    });
  }

  syncNow(): void {
    this.#attempt((fd) => fdatasyncSync(fd));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closed(this);
    this.#release();
  }

  /** Gives the descriptor back, or leaves that to the last sync. Whatever had to be durable was synced: no error counts. */
  #release(): void {
    if (this.#syncs > 0) return;
    try {
      closeSync(this.#fd);
    } catch {
      // The descriptor is gone all the same.
    }
  }
}

export interface NodeStorageOptions {
  /** Makes the directory, and those above it, if it is missing. */
  readonly create?: boolean;
  /** Nothing is changed: every call that would fails with READ_ONLY, and the directory need not be writable. */
  readonly readOnly?: boolean;
}

export class NodeStorage implements Storage {
  readonly #open = new Set<NodeFile>();

  private constructor(
    readonly where: string,
    readonly readOnly: boolean,
  ) {}

  /**
   * @throws StorageError whose one line names the directory and says what is wrong with it: `NOT_FOUND` (it is missing,
   *         or no directory), `READ_ONLY` (it may not be read, or written to), `DISK_FULL`, `IO`.
   */
  static open(where: string, { create = false, readOnly = false }: NodeStorageOptions = {}): NodeStorage {
    if (create && !readOnly) {
      try {
        makeDirectory(where);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        // EEXIST: something else has the name, or, ENOTDIR, the name of a directory above.
        if (code !== 'EEXIST' && code !== 'ENOTDIR') throw failure(`${where}: the directory cannot be made`, error);
      }
    }
    const entry = attempt(where, () => statSync(where));
    if (!entry.isDirectory()) throw new StorageError('NOT_FOUND', `${where}: it is not a directory`);
    const [wanted, use] = readOnly ? [constants.R_OK, 'read'] : [constants.R_OK | constants.W_OK, 'written to'];
    attempt(`${where}: the directory cannot be ${use}`, () => accessSync(where, wanted | constants.X_OK));
    return new NodeStorage(where, readOnly);
  }

  #path(name: string): string {
    return join(this.where, name);
  }

  /** The path of a file that is to be changed. */
  #changing(name: string): string {
    const path = this.#path(name);
    if (this.readOnly) throw new StorageError('READ_ONLY', `${path}: the directory was opened for reading only`);
    return path;
  }

  /** A link to a file counts as the file that it leads to. */
  async list(): Promise<string[]> {
    return attempt(this.where, () => {
      const leadsToFile = (name: string): boolean =>
        statSync(this.#path(name), { throwIfNoEntry: false })?.isFile() ?? false;
      return readdirSync(this.where, { withFileTypes: true })
        .filter((entry) => entry.isFile() || (entry.isSymbolicLink() && leadsToFile(entry.name)))
        .map(({ name }) => name);
    });
  }

  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    const path = mode === 'read' ? this.#path(name) : this.#changing(name);
    const file = new NodeFile(name, path, mode, (closed) => this.#open.delete(closed));
    this.#open.add(file);
    return file;
  }

  async rename(from: string, to: string): Promise<void> {
    const [path, target] = [this.#changing(from), this.#path(to)];
    attempt(path, () => renameSync(path, target));
    for (const file of this.#open) file.renamed(path, target);
  }

  async remove(name: string): Promise<void> {
    const path = this.#changing(name);
    attempt(path, () => unlinkSync(path));
  }

  async syncDirectory(): Promise<void> {
    if (!SYNCS_DIRECTORIES || this.readOnly) return;
    const fd = attempt(this.where, () => openSync(this.where, 'r'));
    try {
      await new Promise<void>((resolve, reject) => {
        fsync(fd, (error) => (error && error.code !== 'EINVAL' ? reject(failure(this.where, error)) : resolve()));
      });
    } finally {
      closeSync(fd);
    }
  }
}
