// Looks over a whole log file without executing anything: how far it is sound, where its rounds end, and what is wrong.
// Bounded memory, whatever the file's size: a window of the file at a time, and a few numbers per round.
import type { ShardKernel } from '../kernel/kernel.js';
import type { StorageFile } from '../storage/port.js';
import { decodeInternal, type LogStart, MAGIC_BYTES, MAGIC_V1, MAGIC_V2, RECORD_HEADER_BYTES } from './log-format.js';

const WINDOW_BYTES = 1 << 20;

// assembly/log/verify.ts
const VERIFY_MORE = 0;
const VERIFY_INTERNAL = 1;
const REASONS = ['', '', 'a checksum that is wrong', 'a length that cannot be', 'bytes that are no command'];

/** A round's record in one log. */
export interface LogRound {
  readonly number: number;
  readonly synced: number;
  /** Who took part, the same array for equal sets. */
  readonly shards: readonly number[];
  /** Offset behind the round's record, and LSN of what comes there. */
  readonly endOffset: number;
  readonly endLsn: number;
}

export interface Damage {
  readonly offset: number;
  /** A noun phrase: what is there. */
  readonly reason: string;
  /** The file ends in the middle of a record, as after a crash. */
  readonly torn: boolean;
}

/** A stretch that `resync` hopped over. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

export interface LogScan {
  readonly version: 1 | 2;
  /** Size of the file. */
  readonly bytes: number;
  /** How it begins, if it is one of ours. */
  readonly start: LogStart | undefined;
  readonly rounds: readonly LogRound[];
  /** Plain records in the good part. */
  readonly records: number;
  /** Offset behind the last good record; in front of a group of kevy's that was not committed. */
  readonly goodBytes: number;
  readonly damage: Damage | undefined;
  /** Name of an internal record that is not known: a newer version wrote it. It is where the good part ends. */
  readonly unknown: string | undefined;
  readonly gaps: readonly Gap[];
}

export interface ScanOptions {
  /** Hop over damage to the next record that verifies. */
  readonly resync?: boolean;
  /** Told of bytes looked at, now and then. */
  readonly progress?: (bytes: number) => void;
}

/** A window into a file, in a block of the kernel's memory. */
class Window {
  #block = 0;
  #room = 0;
  /** File offset of the block's first byte, and bytes in it. */
  from = 0;
  bytes = 0;

  constructor(
    readonly file: StorageFile,
    readonly kernel: ShardKernel,
  ) {}

  get block(): number {
    return this.#block;
  }

  /** Loads at least `count` bytes from `offset` on, as far as the file has them, and usually more. */
  load(offset: number, count: number): void {
    const room = Math.max(WINDOW_BYTES, count);
    if (room > this.#room) {
      this.free();
      this.#block = this.kernel.calls.blockNew(room) >>> 0;
      if (this.#block === 0) throw new Error(`no memory for a record of ${count} bytes`);
      this.#room = room;
    }
    this.from = offset;
    this.bytes = this.file.read(this.kernel.view(this.#block, this.#room), offset);
  }

  view(offset: number, count: number): Uint8Array {
    return this.kernel.view(this.#block + offset - this.from, count);
  }

  free(): void {
    if (this.#block !== 0) this.kernel.calls.blockFree(this.#block);
    this.#block = 0;
    this.#room = 0;
  }
}

/**
 * @param kernel The calculator: any instance with free memory that nobody else uses meanwhile.
 * @throws StorageError when the file cannot be read.
 */
export function scanLog(file: StorageFile, kernel: ShardKernel, options: ScanOptions = {}): LogScan {
  const window = new Window(file, kernel);
  try {
    return new Scanner(file, kernel, window, options).scan();
  } finally {
    window.free();
  }
}

class Scanner {
  readonly #size: number;
  readonly #rounds: LogRound[] = [];
  readonly #sets = new Map<string, readonly number[]>();
  readonly #gaps: Gap[] = [];
  #version: 1 | 2 = 1;
  #start: LogStart | undefined;
  #records = 0;
  #lsn = 0;
  #offset = 0;
  /** Where kevy's open group begins, -1: none is open; and the records before it. */
  #groupFrom = -1;
  #groupRecords = 0;
  #damage: Damage | undefined;
  #unknown: string | undefined;

  constructor(
    file: StorageFile,
    readonly kernel: ShardKernel,
    readonly window: Window,
    readonly options: ScanOptions,
  ) {
    this.#size = file.size();
  }

  scan(): LogScan {
    this.#begin();
    while (this.#damage === undefined && this.#unknown === undefined && this.#offset < this.#size) {
      this.#pass();
      if (this.#damage !== undefined && this.options.resync && this.#version === 2) this.#hop();
      this.options.progress?.(this.#offset);
    }
    const open = this.#groupFrom >= 0;
    return {
      version: this.#version,
      bytes: this.#size,
      start: this.#start,
      rounds: this.#rounds,
      records: open ? this.#groupRecords : this.#records,
      goodBytes: open ? this.#groupFrom : this.#offset,
      damage: this.#damage,
      unknown: this.#unknown,
      gaps: this.#gaps,
    };
  }

  #begin(): void {
    this.window.load(0, MAGIC_BYTES);
    const magic = Buffer.from(this.window.view(0, Math.min(MAGIC_BYTES, this.window.bytes)));
    if (magic.equals(MAGIC_V2)) {
      this.#version = 2;
      this.#offset = MAGIC_BYTES;
    } else if (magic.equals(MAGIC_V1)) this.#offset = MAGIC_BYTES;
    else if (magic.length > 0 && magic[0] !== 0x2a) {
      // Neither a log of any version nor a bare command: nothing of it is used.
      const torn = MAGIC_V2.subarray(0, magic.length).equals(magic) || MAGIC_V1.subarray(0, magic.length).equals(magic);
      this.#damage = { offset: 0, reason: 'a beginning that is no log of kevy or latchkey', torn };
    }
  }

  /** Passes plain records, and then what stops them. */
  #pass(need = 0): void {
    const { window, kernel } = this;
    window.load(this.#offset, need);
    const framed = this.#version === 2 ? 1 : 0;
    const good = kernel.calls.logVerify(window.block, window.bytes, framed) >>> 0;
    this.#records += kernel.calls.logVerifyRecords() >>> 0;
    this.#offset += good;
    this.#lsn += good;
    const stop = kernel.calls.logVerifyStop();
    const wanted = kernel.calls.logVerifyNeed() >>> 0;
    if (this.#offset === this.#size) return;
    if (stop === VERIFY_INTERNAL) this.#internal(wanted);
    else if (stop === VERIFY_MORE) {
      if (this.#offset + wanted > this.#size) {
        this.#damage = { offset: this.#offset, reason: 'a record that is not whole', torn: true };
      } else if (good === 0) this.#pass(wanted);
    } else this.#damage = { offset: this.#offset, reason: REASONS[stop], torn: false };
  }

  #internal(bytes: number): void {
    const header = this.#version === 2 ? RECORD_HEADER_BYTES : 0;
    const internal = decodeInternal(this.window.view(this.#offset + header, bytes - header));
    const end = this.#offset + bytes;
    switch (internal.kind) {
      case 'begin':
        if (this.#groupFrom < 0) {
          this.#groupFrom = this.#offset;
          this.#groupRecords = this.#records;
        }
        break;
      case 'commit':
        this.#groupFrom = -1;
        break;
      case 'log':
        this.#start = internal.start;
        this.#lsn = internal.start.firstLsn;
        break;
      case 'round': {
        const { number, synced, participants } = internal.round;
        const key = participants.map(({ shard }) => shard).join();
        let shards = this.#sets.get(key);
        if (!shards) {
          shards = participants.map(({ shard }) => shard);
          this.#sets.set(key, shards);
        }
        this.#rounds.push({ number, synced, shards, endOffset: end, endLsn: this.#lsn });
        break;
      }
      case 'unknown':
        this.#unknown = internal.name;
        return;
    }
    this.#offset = end;
  }

  /** Goes on at the next record that verifies, if there is one. */
  #hop(): void {
    const from = this.#offset;
    for (let offset = from + 1; offset + RECORD_HEADER_BYTES < this.#size; ) {
      this.window.load(offset, 0);
      const { bytes, block } = this.window;
      const last = Math.max(1, bytes - RECORD_HEADER_BYTES);
      for (let i = 0; i < last; i++) {
        const good = this.kernel.calls.logVerify(block + i, bytes - i, 1);
        if (good === 0 && this.kernel.calls.logVerifyStop() !== VERIFY_INTERNAL) continue;
        this.#gaps.push({ from, to: offset + i });
        this.#damage = undefined;
        this.#offset = offset + i;
        return;
      }
      offset += last;
    }
  }
}
