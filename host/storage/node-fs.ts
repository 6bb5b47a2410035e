// The storage port over a directory of the file system, for Node, Deno and Bun.
//
// Reading and writing are synchronous, since the engine has a thread of its own, and take views of shared memory as they
// are. Syncing goes through the thread pool, so that several files are synced at once. `fdatasync` covers the size of a
// file; names are covered by the directory's own sync.
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsync,
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
import { join } from 'node:path';
import { type OpenMode, type Storage, StorageError, type StorageErrorCode, type StorageFile } from './port.js';

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EFBIG: 'DISK_FULL',
  EROFS: 'READ_ONLY',
  EACCES: 'READ_ONLY',
  EPERM: 'READ_ONLY',
  EBADF: 'READ_ONLY',
};
const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', write: 'r+', create: 'w+' };

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

class NodeFile implements StorageFile {
  readonly #path: string;
  readonly #fd: number;

  constructor(
    readonly name: string,
    path: string,
    mode: OpenMode,
  ) {
    this.#path = path;
    this.#fd = attempt(path, () => openSync(path, FLAGS[mode], 0o644));
  }

  size(): number {
    return attempt(this.#path, () => fstatSync(this.#fd).size);
  }

  read(into: Uint8Array, at: number): number {
    return attempt(this.#path, () => {
      let done = 0;
      while (done < into.length) {
        const count = readSync(this.#fd, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(bytes: Uint8Array, at: number): void {
    attempt(this.#path, () => {
      let done = 0;
      while (done < bytes.length) done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    });
  }

  truncate(size: number): void {
    attempt(this.#path, () => ftruncateSync(this.#fd, size));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#fd, (error) => (error ? reject(failure(this.#path, error)) : resolve()));
    });
  }

  close(): void {
    attempt(this.#path, () => closeSync(this.#fd));
  }
}

export class NodeStorage implements Storage {
  /** @param where An existing directory. */
  constructor(readonly where: string) {}

  /**
   * @param make Makes the directory, and those above it, if it is missing.
   * @throws StorageError that names the directory and what is wrong with it: `NOT_FOUND`, `READ_ONLY`, `IO`.
   */
  static open(where: string, make: boolean): NodeStorage {
    attempt(where, () => {
      if (make) mkdirSync(where, { recursive: true });
      if (!statSync(where).isDirectory()) throw new Error('it is no directory');
    });
    return new NodeStorage(where);
  }

  #path(name: string): string {
    return join(this.where, name);
  }

  async list(): Promise<string[]> {
    const entries = attempt(this.where, () => readdirSync(this.where, { withFileTypes: true }));
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  async open(name: string, mode: OpenMode): Promise<StorageFile> {
    return new NodeFile(name, this.#path(name), mode);
  }

  async rename(from: string, to: string): Promise<void> {
    attempt(this.#path(from), () => renameSync(this.#path(from), this.#path(to)));
  }

  async remove(name: string): Promise<void> {
    attempt(this.#path(name), () => unlinkSync(this.#path(name)));
  }

  async syncDirectory(): Promise<void> {
    // Windows has no handle on a directory that could be synced; its file system journals names by itself.
    if (process.platform === 'win32') return;
    const fd = attempt(this.where, () => openSync(this.where, 'r'));
    try {
      await new Promise<void>((resolve, reject) => {
        fsync(fd, (error) => (error ? reject(failure(this.where, error)) : resolve()));
      });
    } finally {
      closeSync(fd);
    }
  }
}
