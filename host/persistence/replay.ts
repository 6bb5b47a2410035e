// Executes a log's records, or a part of them, through the kernel: they have been looked over by `scanLog`.
import * as abi from '../kernel/abi.js';
import {
  HEADER_DROPPED_HEAD,
  HEADER_FLAG_CLOCK_STOPPED,
  HEADER_FLAG_LOG,
  HEADER_FLAGS,
  HEADER_GARBAGE_HEAD,
  type ShardKernel,
} from '../kernel/kernel.js';
import { takeOutput } from '../kernel/output.js';
import type { StorageFile } from '../storage/port.js';
import { SystemClock } from '../worker/clock.js';
import {
  REPLAY_ALL,
  REPLAY_DAMAGE,
  REPLAY_ERROR,
  REPLAY_INTERNAL,
  REPLAY_MORE,
  REPLAY_NO_MEMORY,
  REPLAY_UNKNOWN,
} from './log-kernel.js';
import { LogWindow } from './log-window.js';

/** Things looked at in a slice when memory of flushed databases and deleted values is given back. */
const RECLAIM_BUDGET = 100_000;
const RECORD_FLAGS = abi.CALL_ALL | abi.CALL_SLOW | abi.CALL_INTERNAL | abi.CALL_EVICTED;

export interface ReplayRange {
  readonly version: 1 | 2;
  /** Offsets in the file: the first record, and behind the last. Between records, and in no group of kevy's. */
  readonly from: number;
  readonly to: number;
  /** Stretches in between that are left out. */
  readonly gaps?: readonly { readonly from: number; readonly to: number }[];
}

/** A command that answered with an error. */
export interface FailedCommand {
  /** Where its record begins. */
  readonly offset: number;
  readonly command: string;
  readonly reply: string;
}

export interface Replayed {
  readonly commands: number;
  readonly bytes: number;
  /** Commands that answered with an error; and the first of them. */
  readonly errors: number;
  readonly firstError: FailedCommand | undefined;
}

export interface ReplayOptions {
  /**
   * The log is one of ours: nothing expires by itself, since what expired is logged, and a command that answers with an
   * error is damage. A log of kevy's is executed at the present time, as kevy does it, and its errors are counted.
   */
  readonly ours: boolean;
  readonly nowMs: number;
  /** Told of the offset that has been reached, now and then. */
  readonly progress?: (offset: number) => void;
}

/** What stops a replay: a record of ours that cannot be executed, a file that has changed, or no more memory. */
export class ReplayStopped extends Error {
  constructor(
    readonly file: string,
    readonly offset: number,
    reason: string,
  ) {
    super(`${file}, offset ${offset}: ${reason}`);
    this.name = 'ReplayStopped';
  }
}

/**
 * Executes what lies in a range of a log file. Nothing of it is logged again.
 * @param kernel The shard, which no other thread uses meanwhile.
 * @throws ReplayStopped; what is in front of its offset has been executed. StorageError when the file cannot be read.
 */
export function replayLog(
  file: StorageFile,
  kernel: ShardKernel,
  range: ReplayRange,
  options: ReplayOptions,
): Replayed {
  const flags = kernel.header(HEADER_FLAGS);
  const clock = options.ours ? HEADER_FLAG_CLOCK_STOPPED : 0;
  kernel.setHeader(HEADER_FLAGS, (flags & ~(HEADER_FLAG_LOG | HEADER_FLAG_CLOCK_STOPPED)) | clock);
  const window = new LogWindow(file, kernel, range.to);
  try {
    return new Replayer(window, kernel, range, options).replay();
  } finally {
    window.free();
    kernel.setHeader(HEADER_FLAGS, flags);
  }
}

class Replayer {
  readonly #framed: 0 | 1;
  /** Everything that is loaded counts as used now. */
  readonly #lruClock: number;
  /** Bare frames may be Redis's, which selects a database. */
  #db = 0;
  #commands = 0;
  #errors = 0;
  #firstError: FailedCommand | undefined;

  constructor(
    readonly window: LogWindow,
    readonly kernel: ShardKernel,
    readonly range: ReplayRange,
    readonly options: ReplayOptions,
  ) {
    this.#framed = range.version === 2 ? 1 : 0;
    this.#lruClock = new SystemClock(kernel).lruClock(options.nowMs);
  }

  replay(): Replayed {
    const { range } = this;
    let offset = range.from;
    for (const gap of range.gaps ?? []) {
      if (gap.to <= offset || gap.from >= range.to) continue;
      this.#stretch(offset, gap.from);
      offset = gap.to;
    }
    this.#stretch(offset, range.to);
    const [commands, errors, firstError] = [this.#commands, this.#errors, this.#firstError];
    return { commands, bytes: Math.max(0, range.to - range.from), errors, firstError };
  }

  #stretch(from: number, to: number): void {
    const { window, kernel, options } = this;
    const { calls } = kernel;
    let need = 1;
    for (let offset = from; offset < to; ) {
      const bytes = Math.min(window.load(offset, Math.min(need, to - offset)), to - offset);
      if (bytes === 0) this.#stop(offset, 'the file has become shorter');
      kernel.stamp(options.nowMs, this.#lruClock, this.#db, 2, RECORD_FLAGS, 1, 0x7fffffff);
      const done = calls.logReplay(kernel.window, window.at(offset), bytes, this.#framed) >>> 0;
      this.#commands += calls.logReplayed() >>> 0;
      offset += done;
      need = this.#after(offset, bytes - done, to);
      if (calls.logReplayStop() === REPLAY_INTERNAL || calls.logReplayStop() === REPLAY_UNKNOWN) {
        offset += calls.logReplayBytes() >>> 0;
      }
      if (kernel.header(HEADER_GARBAGE_HEAD) !== 0 || kernel.header(HEADER_DROPPED_HEAD) !== 0) this.#reclaim();
      options.progress?.(offset);
    }
  }

  /**
   * Deals with what stopped the kernel at `offset`.
   * @param left Bytes of the range that are in memory there. @returns bytes that it takes to get on.
   */
  #after(offset: number, left: number, to: number): number {
    const { calls } = this.kernel;
    const recordBytes = calls.logReplayBytes() >>> 0;
    switch (calls.logReplayStop()) {
      case REPLAY_ALL:
        return 1;
      case REPLAY_MORE:
        if (offset + Math.max(recordBytes, left + 1) > to) break;
        // A bare frame tells its size bit by bit: reading on in doubling steps keeps that from taking for ever.
        return this.#framed ? recordBytes : Math.max(recordBytes, left * 2);
      case REPLAY_INTERNAL:
        if (offset + recordBytes > to) break;
        return 1;
      case REPLAY_ERROR:
        this.#failed(offset - recordBytes, takeOutput(this.kernel).toString('latin1'));
        return 1;
      case REPLAY_UNKNOWN:
        this.#hostCommand(offset);
        return 1;
      case REPLAY_NO_MEMORY:
        this.#stop(offset, 'no memory for the arguments of the command');
        break;
      case REPLAY_DAMAGE:
        break;
      default:
        this.#stop(offset, `a command that the kernel answers with status ${calls.logReplayStatus()}`);
    }
    return this.#stop(offset, 'no sound record');
  }

  #stop(offset: number, reason: string): never {
    throw new ReplayStopped(this.window.file.name, offset, reason);
  }

  #reclaim(): void {
    while (this.kernel.calls.reclaim(RECLAIM_BUDGET) === 1);
  }

  /** A command that the kernel does not have. SELECT is obeyed; kevy's own, or a module's, are errors. */
  #hostCommand(offset: number): void {
    const [name, database, ...more] = this.#arguments(3);
    const index = Number(database);
    if (/^select$/i.test(name) && /^\d{1,9}$/.test(database ?? '') && more.length === 0) {
      if (index < this.kernel.layout.databases) {
        this.#db = index;
        return;
      }
      this.#failed(offset, '-ERR DB index is out of range');
    } else this.#failed(offset, `-ERR unknown command '${printable(name)}'`);
  }

  /** The first arguments, at most, of the command that the last call stopped at. */
  #arguments(most: number): string[] {
    const { kernel } = this;
    const count = Math.min(kernel.control(abi.CONTROL_ARGC), most);
    return Array.from({ length: count }, (_, i) => {
      const row = (kernel.argv >> 2) + i * 2;
      const length = Math.min(kernel.words[row + 1] >>> 0, 64);
      return Buffer.from(kernel.view(kernel.words[row] >>> 0, length)).toString('latin1');
    });
  }

  /** Counts a command that answered with an error, or stops at it. */
  #failed(offset: number, reply: string): void {
    const text = reply.slice(0, 200).trim();
    if (text.startsWith('-OOM')) this.#stop(offset, 'the data does not fit into the shard');
    if (this.options.ours) this.#stop(offset, `a command that answers ${text}`);
    this.#errors++;
    this.#firstError ??= { offset, command: this.#nameAt(offset), reply: text };
  }

  /** The name of the command whose record begins at `offset`. */
  #nameAt(offset: number): string {
    const bytes = this.window.load(offset, 1);
    const head = Buffer.from(this.window.view(offset, Math.min(bytes, 128))).toString('latin1');
    const found = /\*\d+\r\n\$\d+\r\n([^\r]*)/.exec(this.#framed ? head.slice(8) : head);
    return printable(found?.[1] ?? '');
  }
}

/** Text for a message: bytes that are no plain characters are shown as such. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).slice(0, 64);
}
