// Looks over a whole log file without executing anything: how far it is sound, where its rounds end, and what is wrong.
// Bounded memory, whatever the file's size: a window of the file at a time, and a few numbers per round.
import type { ShardKernel } from '../kernel/kernel.js';
import type { StorageFile } from '../storage/port.js';
import {
  decodeInternal,
  type LogStart,
  MAGIC_BYTES,
  MAGIC_V1,
  MAGIC_V2,
  RECORD_HEADER_BYTES,
  type RoundRecord,
} from './log-format.js';
import {
  RECORD_BYTES_MAX,
  VERIFY_CHECKSUM,
  VERIFY_INTERNAL,
  VERIFY_LENGTH,
  VERIFY_MORE,
  VERIFY_SHAPE,
} from './log-kernel.js';
import { LOG_WINDOW_BYTES, LogWindow } from './log-window.js';

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

/** What can be wrong, and the noun phrase that messages call it by. */
export const DAMAGES = {
  magic: 'a beginning that is no log of kevy or latchkey',
  'torn magic': 'the beginning of a log, not whole',
  'torn header': 'the header of a record, not whole',
  'torn record': 'a record that is not whole',
  zeros: 'zeros up to the end',
  length: 'a length that cannot be',
  checksum: 'a checksum that is wrong',
  'no command': 'bytes that are no command',
  'second start': 'the beginning of a log in the middle of it',
  'strange round': 'a round that does not follow what is before it',
} as const;

export interface Damage {
  readonly offset: number;
  readonly kind: keyof typeof DAMAGES;
  /** A noun phrase: what is there. */
  readonly reason: string;
  /** As a crash leaves it: the file ends in the middle of a record, or in zeros. */
  readonly torn: boolean;
}

/** A stretch that is not to be executed, though the good part goes on behind it. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** Damage that `resync` hopped over; or a group of kevy's that was never committed, or not whole because of damage. */
  readonly why: 'damage' | 'group';
}

export interface LogScan {
  readonly version: 1 | 2;
  /** Size of the file. */
  readonly bytes: number;
  /** How it begins, if it is one of ours. */
  readonly start: LogStart | undefined;
  /** Offset of the first record. */
  readonly firstOffset: number;
  readonly rounds: readonly LogRound[];
  /** Plain records in the good part, gaps left out. */
  readonly records: number;
  /** Offset behind the last good record; in front of a group of kevy's that was not committed. */
  readonly goodBytes: number;
  readonly damage: Damage | undefined;
  /** A format or an internal record that is not known, by name: a newer version wrote it. The good part ends there. */
  readonly unknown: string | undefined;
  /** Ascending, none touching another. */
  readonly gaps: readonly Gap[];
}

export interface ScanOptions {
  /** Whose log it is: rounds that end elsewhere than where they say are found out. */
  readonly shard?: number;
  /** Hop over damage to the next record that verifies. */
  readonly resync?: boolean;
  /** Told of bytes looked at, now and then. */
  readonly progress?: (bytes: number) => void;
}

/**
 * @param kernel The calculator: any instance with free memory that nobody else uses meanwhile.
 * @throws StorageError when the file cannot be read, Error when a record is larger than memory.
 */
export function scanLog(file: StorageFile, kernel: ShardKernel, options: ScanOptions = {}): LogScan {
  const size = file.size();
  const window = new LogWindow(file, kernel, size);
  try {
    return new Scanner(size, kernel, window, options).scan();
  } finally {
    window.free();
  }
}

class Scanner {
  readonly #rounds: LogRound[] = [];
  readonly #sets = new Map<string, readonly number[]>();
  #gaps: Gap[] = [];
  #version: 1 | 2 = 1;
  #start: LogStart | undefined;
  #firstOffset = 0;
  #records = 0;
  #lsn = 0;
  #offset = 0;
  /** Where kevy's open group begins, -1: none is open; the records before it; whether damage lies in it. */
  #groupFrom = -1;
  #groupRecords = 0;
  #groupSpoilt = false;
  /** Damage outside of a group that may have swallowed the beginning of one: where, -1: none; and the records before it. */
  #strayFrom = -1;
  #strayRecords = 0;
  #damage: Damage | undefined;
  #unknown: string | undefined;

  constructor(
    readonly size: number,
    readonly kernel: ShardKernel,
    readonly window: LogWindow,
    readonly options: ScanOptions,
  ) {}

  scan(): LogScan {
    this.#begin();
    let need = 1;
    while (this.#damage === undefined && this.#unknown === undefined && this.#offset < this.size) {
      need = this.#pass(need);
      if (this.#damage !== undefined && this.options.resync && this.#version === 2) this.#hop();
      this.options.progress?.(this.#offset);
    }
    const isOpen = this.#groupFrom >= 0;
    const goodBytes = isOpen ? this.#groupFrom : this.#offset;
    return {
      version: this.#version,
      bytes: this.size,
      start: this.#start,
      firstOffset: this.#firstOffset,
      rounds: this.#rounds,
      records: isOpen ? this.#groupRecords : this.#records,
      goodBytes,
      damage: this.#damage,
      unknown: this.#unknown,
      gaps: isOpen ? this.#gaps.filter(({ from }) => from < goodBytes) : this.#gaps,
    };
  }

  #begin(): void {
    const bytes = this.window.load(0, MAGIC_BYTES);
    const magic = Buffer.from(this.window.view(0, Math.min(MAGIC_BYTES, bytes)));
    if (magic.equals(MAGIC_V2)) this.#version = 2;
    if (magic.equals(MAGIC_V2) || magic.equals(MAGIC_V1)) this.#firstOffset = MAGIC_BYTES;
    else if (magic.length > 0 && magic[0] !== 0x2a) this.#beginStrangely(magic.toString('latin1'));
    this.#offset = this.#firstOffset;
  }

  /** Neither a log of a version that is known nor a bare command: nothing of it is used. */
  #beginStrangely(magic: string): void {
    const isPart = [MAGIC_V1, MAGIC_V2].some((known) => known.toString('latin1').startsWith(magic));
    if (isPart) this.#harm('torn magic', 0, true);
    else if (/^KEVYAOF[0-9]\n$/.test(magic)) this.#unknown = magic.slice(0, -1);
    else this.#harm('magic', 0);
  }

  #harm(kind: Damage['kind'], offset = this.#offset, torn = false): void {
    this.#damage = { offset, kind, reason: DAMAGES[kind], torn };
  }

  /**
   * Passes plain records, and then deals with what stops them.
   * @param need Bytes that it takes to get on, at least. @returns the same for the next pass.
   */
  #pass(need: number): number {
    const { window, kernel } = this;
    const { calls } = kernel;
    const bytes = window.load(this.#offset, need);
    if (bytes === 0) {
      // The file has become shorter while it was looked at.
      this.#harm('torn record', this.#offset, true);
      return 1;
    }
    const good = calls.logVerify(window.at(this.#offset), bytes, this.#version - 1) >>> 0;
    this.#records += calls.logVerifyRecords() >>> 0;
    this.#offset += good;
    this.#lsn += good;
    if (good === bytes) return 1;
    const wanted = calls.logVerifyNeed() >>> 0;
    switch (calls.logVerifyStop()) {
      case VERIFY_MORE:
        return this.#more(bytes - good, wanted);
      case VERIFY_INTERNAL:
        this.#internal(wanted);
        break;
      case VERIFY_CHECKSUM:
        this.#harm('checksum');
        break;
      case VERIFY_LENGTH:
        if (this.#isZeros()) this.#harm('zeros', this.#offset, true);
        else this.#harm('length');
        break;
      case VERIFY_SHAPE:
        this.#harm('no command');
        break;
    }
    return 1;
  }

  /** @param left Bytes in memory. @param wanted Bytes of the record there, at least. */
  #more(left: number, wanted: number): number {
    const rest = this.size - this.#offset;
    if (wanted > rest)
      this.#harm(this.#version === 2 && rest < RECORD_HEADER_BYTES ? 'torn header' : 'torn record', this.#offset, true);
    else if (this.#version === 2) {
      // Before a large record is brought into memory as a whole, it has to be one.
      if (wanted > LOG_WINDOW_BYTES && !this.#holds(this.#offset, wanted)) this.#harm('checksum');
    } else if (wanted > RECORD_BYTES_MAX) this.#harm('length');
    // A bare frame tells its size bit by bit: reading on in doubling steps keeps that from taking for ever.
    else return Math.min(Math.max(wanted, left * 2), rest);
    return wanted;
  }

  /** Has a record the checksum that its header says? Reckoned a window at a time. */
  #holds(offset: number, bytes: number): boolean {
    const { window, kernel } = this;
    if (window.load(offset, RECORD_HEADER_BYTES) < RECORD_HEADER_BYTES) return false;
    const header = window.view(offset, RECORD_HEADER_BYTES);
    const wanted = new DataView(header.buffer, header.byteOffset).getUint32(4, true);
    const end = offset + bytes;
    let crc = 0;
    for (let at = offset + RECORD_HEADER_BYTES; at < end; ) {
      const part = Math.min(window.load(at, 1), end - at);
      if (part === 0) return false;
      crc = kernel.calls.crc32c(crc, window.at(at), part);
      at += part;
    }
    return crc >>> 0 === wanted;
  }

  #isZeros(): boolean {
    for (let at = this.#offset; at < this.size; ) {
      const bytes = this.window.load(at, 1);
      if (bytes === 0 || this.window.view(at, bytes).some((byte) => byte !== 0)) return false;
      at += bytes;
    }
    return true;
  }

  /** Takes note of an internal record of `bytes` bytes. */
  #internal(bytes: number): void {
    const header = this.#version === 2 ? RECORD_HEADER_BYTES : 0;
    const internal = decodeInternal(this.window.view(this.#offset + header, bytes - header));
    const end = this.#offset + bytes;
    switch (internal.kind) {
      case 'begin':
        // A group inside another: the outer one was never committed.
        if (this.#groupFrom >= 0) this.#leaveOut(this.#groupFrom, this.#offset, 'group', this.#groupRecords);
        this.#groupFrom = this.#offset;
        this.#groupRecords = this.#records;
        this.#groupSpoilt = false;
        this.#strayFrom = -1;
        break;
      case 'commit':
        this.#commit(end);
        break;
      case 'log':
        if (this.#offset !== MAGIC_BYTES || this.#version !== 2) {
          this.#harm('second start');
          return;
        }
        this.#start = internal.start;
        this.#lsn = internal.start.firstLsn;
        break;
      case 'round':
        if (!this.#round(internal.round, end)) {
          this.#harm('strange round');
          return;
        }
        break;
      case 'unknown':
        this.#unknown = internal.name;
        return;
    }
    // kevy's own records count as bytes of the shard's: only what the engine adds does not.
    if (internal.kind === 'begin' || internal.kind === 'commit') this.#lsn += bytes;
    this.#offset = end;
  }

  /** A group ends. Whatever damage took a part of is left out as a whole. */
  #commit(end: number): void {
    const isWhole = this.#groupFrom >= 0 && !this.#groupSpoilt;
    const from = this.#groupFrom >= 0 ? this.#groupFrom : this.#strayFrom;
    const records = this.#groupFrom >= 0 ? this.#groupRecords : this.#strayRecords;
    if (!isWhole && from >= 0) this.#leaveOut(from, end, 'group', records);
    this.#groupFrom = -1;
    this.#strayFrom = -1;
  }

  /** Adds a gap, which takes those in it along. @param records Plain records before it. */
  #leaveOut(from: number, to: number, why: Gap['why'], records: number): void {
    this.#gaps = this.#gaps.filter((gap) => gap.from < from);
    const last = this.#gaps.at(-1);
    if (last?.to === from) this.#gaps[this.#gaps.length - 1] = { from: last.from, to, why };
    else this.#gaps.push({ from, to, why });
    this.#records = records;
  }

  /** Does a round follow what is before it? */
  #round({ number, synced, participants }: RoundRecord, end: number): boolean {
    const hasGaps = this.#gaps.length > 0;
    const last = this.#rounds.at(-1)?.number ?? (this.#start === undefined ? -1 : this.#start.firstRound - 1);
    if ((this.#start === undefined && !hasGaps) || number <= last || synced >= number) return false;
    const { shard } = this.options;
    if (shard !== undefined) {
      const own = participants.find((participant) => participant.shard === shard);
      if (own === undefined || (own.endLsn !== this.#lsn && !hasGaps)) return false;
      this.#lsn = own.endLsn;
    }
    const key = participants.map((participant) => participant.shard).join();
    let shards = this.#sets.get(key);
    if (!shards) {
      shards = participants.map((participant) => participant.shard);
      this.#sets.set(key, shards);
    }
    this.#rounds.push({ number, synced, shards, endOffset: end, endLsn: this.#lsn });
    return true;
  }

  /** Goes on at the next record that verifies, if there is one. */
  #hop(): void {
    const from = this.#offset;
    const to = this.#behindDamage() ?? this.#findRecord(from + 1);
    if (to === undefined) return;
    if (this.#groupFrom >= 0) this.#groupSpoilt = true;
    else {
      this.#strayFrom = from;
      this.#strayRecords = this.#records;
    }
    this.#leaveOut(from, to, 'damage', this.#records);
    this.#damage = undefined;
    this.#lsn += to - from;
    this.#offset = to;
  }

  /**
   * Where the damaged record itself says that it ends, if a record begins there: so a value that holds the bytes of a
   * record is not taken for one.
   */
  #behindDamage(): number | undefined {
    const { window } = this;
    if (window.load(this.#offset, RECORD_HEADER_BYTES) < RECORD_HEADER_BYTES) return undefined;
    const header = window.view(this.#offset, RECORD_HEADER_BYTES);
    const payload = new DataView(header.buffer, header.byteOffset).getUint32(0, true);
    const to = this.#offset + RECORD_HEADER_BYTES + payload;
    return payload > 0 && to < this.size && this.#isRecord(to) ? to : undefined;
  }

  #isRecord(offset: number): boolean {
    const { window, kernel } = this;
    const bytes = window.load(offset, RECORD_HEADER_BYTES);
    if (kernel.calls.logVerify(window.at(offset), bytes, 1) >>> 0 > 0) return true;
    const stop = kernel.calls.logVerifyStop();
    const wanted = kernel.calls.logVerifyNeed() >>> 0;
    if (stop === VERIFY_INTERNAL) return true;
    return (
      stop === VERIFY_MORE &&
      wanted > RECORD_HEADER_BYTES &&
      offset + wanted <= this.size &&
      this.#holds(offset, wanted)
    );
  }

  /** Offset of the first record that verifies, from `offset` on. */
  #findRecord(offset: number): number | undefined {
    const { window, kernel } = this;
    let need = 1;
    while (offset < this.size) {
      const bytes = window.load(offset, need);
      const passed = kernel.calls.logFind(window.at(offset), bytes) >>> 0;
      const wanted = kernel.calls.logVerifyNeed() >>> 0;
      const stop = kernel.calls.logVerifyStop();
      if (stop === VERIFY_SHAPE) {
        if (bytes === 0 || offset + bytes >= this.size) return undefined;
        offset += passed;
        need = bytes - passed + 1;
        continue;
      }
      offset += passed;
      if (stop === VERIFY_INTERNAL) return offset;
      if (offset + wanted <= this.size && this.#holds(offset, wanted)) return offset;
      offset++;
      need = 1;
    }
    return undefined;
  }
}
