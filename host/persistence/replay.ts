// Executes a log's records, or a part of them, through the kernel: they have been looked over by `scanLog`.
import * as abi from '../kernel/abi.js';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS, type ShardKernel } from '../kernel/kernel.js';
import { takeOutput } from '../kernel/output.js';
import type { StorageFile } from '../storage/port.js';
import { SystemClock } from '../worker/clock.js';
import { RECORD_HEADER_BYTES } from './log-format.js';

const WINDOW_BYTES = 1 << 20;
const VERIFY_INTERNAL = 1;

export interface ReplayRange {
  readonly version: 1 | 2;
  /** Offsets in the file: the first record, and behind the last. */
  readonly from: number;
  readonly to: number;
  /** Stretches in between that are left out. */
  readonly gaps?: readonly { readonly from: number; readonly to: number }[];
}

export interface Replayed {
  readonly commands: number;
  readonly bytes: number;
  /** Commands that answered with an error; and of the first, where it stands and what it was told. */
  readonly errors: number;
  readonly firstError: { readonly offset: number; readonly reply: string } | undefined;
}

export interface ReplayOptions {
  /**
   * The log is one of ours: nothing expires by itself, since what expired is logged, and no command answers with an
   * error. A log of kevy's is executed at the present time, as kevy does it.
   */
  readonly ours: boolean;
  readonly nowMs: number;
  readonly progress?: (bytes: number) => void;
}

/**
 * Executes what lies in a range of a log file. Nothing of it is logged again.
 * @param kernel The shard, which no other thread uses meanwhile.
 */
export function replayLog(
  file: StorageFile,
  kernel: ShardKernel,
  range: ReplayRange,
  options: ReplayOptions,
): Replayed {
  const flags = kernel.header(HEADER_FLAGS);
  kernel.setHeader(HEADER_FLAGS, (flags & ~1) | (options.ours ? HEADER_FLAG_CLOCK_STOPPED : 0));
  try {
    return new Replayer(file, kernel, range, options).replay();
  } finally {
    kernel.setHeader(HEADER_FLAGS, flags);
  }
}

class Replayer {
  #block = 0;
  #room = 0;
  #commands = 0;
  /** Everything that is loaded counts as used now. */
  readonly #lruClock: number;
  #errors = 0;
  #firstError: Replayed['firstError'];

  constructor(
    readonly file: StorageFile,
    readonly kernel: ShardKernel,
    readonly range: ReplayRange,
    readonly options: ReplayOptions,
  ) {
    this.#lruClock = new SystemClock(kernel).lruClock(Date.now());
  }

  replay(): Replayed {
    const { range, kernel } = this;
    try {
      let offset = range.from;
      for (const gap of range.gaps ?? []) {
        if (gap.from < offset || gap.from >= range.to) continue;
        this.#stretch(offset, gap.from);
        offset = gap.to;
      }
      this.#stretch(offset, range.to);
    } finally {
      if (this.#block !== 0) kernel.calls.blockFree(this.#block);
    }
    const { commands, errors, firstError } = {
      commands: this.#commands,
      errors: this.#errors,
      firstError: this.#firstError,
    };
    return { commands, bytes: range.to - range.from, errors, firstError };
  }

  #load(offset: number, count: number, most: number): number {
    const { kernel } = this;
    const room = Math.max(WINDOW_BYTES, count);
    if (room > this.#room) {
      if (this.#block !== 0) kernel.calls.blockFree(this.#block);
      this.#block = kernel.calls.blockNew(room) >>> 0;
      if (this.#block === 0) throw new Error(`no memory for a record of ${count} bytes`);
      this.#room = room;
    }
    return this.file.read(kernel.view(this.#block, Math.min(this.#room, most)), offset);
  }

  #stretch(from: number, to: number): void {
    const { calls } = this.kernel;
    const framed = this.range.version === 2 ? 1 : 0;
    let need = 0;
    for (let offset = from; offset < to; ) {
      const bytes = this.#load(offset, need, to - offset);
      const good = calls.logVerify(this.#block, bytes, framed) >>> 0;
      const stop = calls.logVerifyStop();
      const wanted = calls.logVerifyNeed() >>> 0;
      if (good !== 0) {
        this.#execute(offset, good, framed);
        offset += good;
        need = 0;
      } else if (stop === VERIFY_INTERNAL) offset += wanted;
      else if (wanted > bytes && offset + wanted <= to) need = wanted;
      else throw new Error(`${this.file.name}: what was sound at offset ${offset} is not any more`);
      this.options.progress?.(offset);
    }
  }

  /** Executes sound, plain records that lie in the block. */
  #execute(offset: number, bytes: number, framed: number): void {
    const { kernel, options } = this;
    const { calls, window } = kernel;
    const flags = abi.CALL_ALL | abi.CALL_SLOW | abi.CALL_INTERNAL | abi.CALL_EVICTED;
    for (let done = 0; done < bytes; ) {
      const at = this.#block + done;
      kernel.stamp(options.nowMs, this.#lruClock, 0, 2, flags, 1, 0x7fffffff);
      done += calls.logReplay(window, at, bytes - done, framed, 1) >>> 0;
      this.#commands += calls.logReplayed() >>> 0;
      if (calls.logReplayErrors() >>> 0 !== 0) this.#failed(offset + done, takeOutput(kernel).toString('latin1'));
      const status = calls.logReplayStatus();
      if (status === abi.STATUS_DONE) continue;
      if (status === abi.STATUS_BIG) done += this.#executeBig(this.#block + done, offset + done, framed);
      else if (status === abi.STATUS_HOST) {
        // A command that this kernel does not have: kevy's own, or of a module.
        done += this.#bytesOf(this.#block + done, framed);
        this.#failed(offset + done, '-ERR unknown command');
      } else throw new Error(`the kernel answered status ${status} to a record of ${this.file.name}`);
    }
  }

  #failed(offset: number, reply: string): void {
    this.#errors++;
    this.#firstError ??= { offset, reply: reply.slice(0, 200).trim() };
  }

  #bytesOf(at: number, framed: number): number {
    if (framed) return RECORD_HEADER_BYTES + new DataView(this.kernel.memory.buffer).getUint32(at, true);
    return this.kernel.control(abi.CONTROL_FRAME_BYTES);
  }

  /** A record with more arguments than the window's table holds. */
  #executeBig(at: number, offset: number, framed: number): number {
    const { kernel } = this;
    const header = framed ? RECORD_HEADER_BYTES : 0;
    const bytes = framed ? this.#bytesOf(at, 1) : this.#wholeFrame(at);
    const count = Number(/^\*(\d+)/.exec(Buffer.from(kernel.view(at + header, 12)).toString('latin1'))![1]);
    const status = kernel.calls.execBlock(kernel.window, at + header, bytes - header, count);
    if (status !== abi.STATUS_DONE) throw new Error(`the kernel answered status ${status} to a large record`);
    this.#commands++;
    if (kernel.control(abi.CONTROL_ERRORS) !== 0) this.#failed(offset, takeOutput(kernel).toString('latin1'));
    return bytes;
  }

  /** Bytes of the bare frame at `at`, which is sound. */
  #wholeFrame(at: number): number {
    const { calls } = this.kernel;
    // One frame more than fits is verified at a time: the first is found by shrinking to what one call passes.
    let low = 1;
    let high = this.#room - (at - this.#block);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (calls.logVerify(at, middle, 0) >>> 0 > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
