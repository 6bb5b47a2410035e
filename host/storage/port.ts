// The storage port: all I/O of the persistence engine goes through it. One flat directory of files. An adapter imports
// this file and nothing else of ours; tests/conformance/ has the suite that each one must pass.
//
// What an adapter promises about crashes, and all that the engine relies on:
// - Bytes written but not synced may be kept, lost, cut short or garbled, each write by itself. Synced bytes stay.
// - A file that was created, renamed or removed may be found in its old state until the directory has been synced.
// - `rename` replaces an existing target at once: after a crash the name leads to the old file or to the new one.

/** How a file is opened. `read`: it must exist. `write`: read and write, it must exist. `create`: the same, made or emptied. */
export type OpenMode = 'read' | 'write' | 'create';

export interface StorageFile {
  readonly name: string;
  /** Bytes. */
  size(): number;
  /** Fills `into` from offset `at`, as far as the file reaches. @returns bytes read; less than asked only at the end. */
  read(into: Uint8Array, at: number): number;
  /**
   * Writes all of `bytes` at offset `at` (at most `size()`); views of shared memory are fine. Not durable on return.
   * @throws StorageError `DISK_FULL`, `READ_ONLY` or `IO`; a part of the bytes may have been written then.
   */
  write(bytes: Uint8Array, at: number): void;
  /** Cuts the file to `size` bytes. Not durable on return. */
  truncate(size: number): void;
  /** Resolves when everything written before the call is durable. @throws StorageError `IO`: nobody knows what is. */
  sync(): Promise<void>;
  /** The same, durable on return. Where a platform has it: it saves the way to another thread and back. */
  syncNow?(): void;
  close(): void;
}

export interface Storage {
  /** What messages call it: a path, say. */
  readonly where: string;
  /** Names of all files, in no order. Sub-directories are not listed. */
  list(): Promise<string[]>;
  /** @throws StorageError `NOT_FOUND`, `READ_ONLY`, `IO`. */
  open(name: string, mode: OpenMode): Promise<StorageFile>;
  /** Both names may be open here; `to` is replaced. @throws StorageError `NOT_FOUND`; or `IO`: it may have been made. */
  rename(from: string, to: string): Promise<void>;
  /** @throws StorageError `NOT_FOUND`, `IO`. */
  remove(name: string): Promise<void>;
  /** Resolves when what was created, renamed and removed before the call is durable, also if an earlier call has failed. */
  syncDirectory(): Promise<void>;
}

export type StorageErrorCode = 'NOT_FOUND' | 'DISK_FULL' | 'READ_ONLY' | 'IO';

/** Where the world failed. `code` is stable; `message` names the file and what the platform said. */
export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}
