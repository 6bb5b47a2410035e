// One shard's log file, open for appending. What is appended counts only when it is kept: until then it can be taken
// back, and a round that could not be written on every shard is taken back on all.
//
// While the log is being cut, a second file, the mirror, gets everything that is appended and is synced with the first:
// so whichever of the two a crash leaves under the log's name holds all that was acknowledged.
import type { StorageFile } from '../storage/port.js';

/** Less than this is copied together, so that a small round is one call. */
const GATHER_BYTES = 1 << 16;

interface Part {
  readonly file: StorageFile;
  /** Bytes that are kept. */
  size: number;
}

export class LogFile {
  #main: Part;
  #mirror: Part | undefined;
  #mirrorFailed: unknown;
  /** The mirror has the log's name, or may have it: it is not to be dropped any more. */
  #mirrorNamed = false;
  #added = 0;
  #unsynced = true;
  #syncs = 0;
  readonly #closing: StorageFile[] = [];
  readonly #gather = new Uint8Array(GATHER_BYTES);

  constructor(
    file: StorageFile,
    size: number,
    /** LSN of the next record. */
    public endLsn: number,
  ) {
    this.#main = { file, size };
  }

  /** Bytes that are kept. */
  get size(): number {
    return this.#main.size;
  }
  /** Whether something was kept that no sync was asked for. */
  get unsynced(): boolean {
    return this.#unsynced;
  }

  /** Whether it was cut, and nobody knows yet which file has the name: see `settleLog`. */
  get unsettled(): boolean {
    return this.#mirrorNamed;
  }

  /** Writes records behind what is kept. @throws StorageError: `takeBack` then. */
  append(pieces: readonly Uint8Array[]): void {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    const parts = bytes <= GATHER_BYTES ? [this.#gathered(pieces, bytes)] : pieces;
    this.#added = bytes;
    write(this.#main, parts);
    if (!this.#mirror || this.#mirrorFailed !== undefined) return;
    try {
      write(this.#mirror, parts);
    } catch (error) {
      if (this.#mirrorNamed) throw error;
      this.#mirrorFailed = error;
    }
  }

  #gathered(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
    let at = 0;
    for (const piece of pieces) {
      this.#gather.set(piece, at);
      at += piece.length;
    }
    return this.#gather.subarray(0, bytes);
  }

  /** What was appended is a part of the log. */
  keep(endLsn: number): void {
    this.#main.size += this.#added;
    if (this.#mirror) this.#mirror.size += this.#added;
    if (this.#added !== 0) this.#unsynced = true;
    this.#added = 0;
    this.endLsn = endLsn;
  }

  /** Takes back what was appended and not kept. What the file does not let go of is overwritten by the next attempt. */
  takeBack(): void {
    this.#added = 0;
    for (const part of [this.#main, this.#mirror]) {
      if (!part) continue;
      try {
        if (part.file.size() > part.size) part.file.truncate(part.size);
      } catch {
        // A disk in trouble: recovery will find a round that is not whole, and cut it off.
      }
    }
  }

  /**
   * Resolves when everything that was kept before the call is durable.
   * @param atOnce In this thread, if that is possible: nothing else happens on it meanwhile.
   * @throws StorageError.
   */
  async sync(atOnce = false): Promise<void> {
    this.#unsynced = false;
    if (atOnce && !this.#mirror && this.#main.file.syncNow) {
      this.#main.file.syncNow();
      return;
    }
    const parts = [this.#main];
    if (this.#mirror && this.#mirrorFailed === undefined) parts.push(this.#mirror);
    this.#syncs++;
    // All are waited for, whatever becomes of one.
    const results = await Promise.allSettled(parts.map((part) => this.#syncPart(part)));
    this.#syncs--;
    if (this.#syncs === 0) for (const file of this.#closing.splice(0)) file.close();
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      // Meanwhile the mirror may have become the log, and what was the log is nothing any more.
      if (parts[i] === this.#main || (parts[i] === this.#mirror && this.#mirrorNamed)) throw result.reason;
    }
  }

  /**
   * A mirror that could not be synced must not get the name, and that is known at once: another sync of it may be under
   * way, and succeed, though the disk has lost what both were about.
   */
  async #syncPart(part: Part): Promise<void> {
    try {
      await part.file.sync();
    } catch (error) {
      if (part === this.#mirror && !this.#mirrorNamed) this.#mirrorFailed = error;
      throw error;
    }
  }

  /** Closes a file that is not the log any more, but not while it is being synced. */
  #release(file: StorageFile): void {
    if (this.#syncs === 0) file.close();
    else this.#closing.push(file);
  }

  read(into: Uint8Array, at: number): number {
    return this.#main.file.read(into, at);
  }

  /** From now on `file`, which holds the same tail in its `size` bytes, gets what this one gets. */
  attachMirror(file: StorageFile, size: number): void {
    this.#mirror = { file, size };
    this.#mirrorFailed = undefined;
    this.#mirrorNamed = false;
  }
  /** The mirror is about to be renamed. @throws what went wrong with it so far. */
  nameMirror(): void {
    if (this.#mirrorFailed !== undefined) throw this.#mirrorFailed;
    this.#mirrorNamed = true;
  }
  /** The mirror never got the name; it is closed. @returns whether there was one. */
  dropMirror(): boolean {
    if (!this.#mirror) return false;
    this.#release(this.#mirror.file);
    this.#mirror = undefined;
    this.#mirrorNamed = false;
    return true;
  }
  /** The mirror durably has the name: it is the log. */
  becomeMirror(): void {
    this.#release(this.#main.file);
    this.#main = this.#mirror!;
    this.#mirror = undefined;
    this.#mirrorNamed = false;
  }

  close(): void {
    this.#release(this.#main.file);
    if (this.#mirror) this.#release(this.#mirror.file);
  }
}

function write(part: Part, pieces: readonly Uint8Array[]): void {
  let at = part.size;
  for (const piece of pieces) {
    part.file.write(piece, at);
    at += piece.length;
  }
}
