// A stretch of a log file in a block of a kernel's memory, where the kernel can look at it. It moves along the file; what
// is in it already is not read again.
import type { ShardKernel } from '../kernel/kernel.js';
import type { StorageFile } from '../storage/port.js';

/** As much is read at a time, or one record if that has more. */
export const LOG_WINDOW_BYTES = 1 << 20;

export class LogWindow {
  #block = 0;
  #room = 0;
  /** File offset of the block's first byte, and of the one behind its last. */
  #from = 0;
  #to = 0;

  /** @param end Nothing behind this offset is read. */
  constructor(
    readonly file: StorageFile,
    readonly kernel: ShardKernel,
    readonly end: number,
  ) {}

  /**
   * Has at least `need` bytes from `offset` on in memory, or as many as there are.
   * @returns how many there are, from `offset` on.
   * @throws Error when memory cannot be had.
   */
  load(offset: number, need: number): number {
    const least = Math.min(need, this.end - offset);
    if (offset >= this.#from && offset + least <= this.#to) return this.#to - offset;
    const bytes = Math.min(Math.max(LOG_WINDOW_BYTES, least), this.end - offset);
    if (bytes > this.#room) {
      this.free();
      const room = Math.max(bytes, Math.min(LOG_WINDOW_BYTES, this.end));
      this.#block = this.kernel.calls.blockNew(room) >>> 0;
      if (this.#block === 0) throw new Error(`${this.file.name}: no memory for the record at offset ${offset}`);
      this.#room = room;
    }
    this.#from = offset;
    this.#to = offset + this.file.read(this.kernel.view(this.#block, bytes), offset);
    return this.#to - offset;
  }

  /** Address of a byte that is in memory. */
  at(offset: number): number {
    return this.#block + (offset - this.#from);
  }

  /** Bytes that are in memory, where they lie: until the next `load`, or until the memory grows. */
  view(offset: number, count: number): Uint8Array {
    return this.kernel.view(this.at(offset), count);
  }

  /** Gives the memory back. */
  free(): void {
    if (this.#block !== 0) this.kernel.calls.blockFree(this.#block);
    this.#block = 0;
    this.#room = 0;
    this.#from = 0;
    this.#to = 0;
  }
}
