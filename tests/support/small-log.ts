// Small logs of ours, made by hand: whole records, their places, and what a reader must find.
import {
  encodeLogStart,
  encodeRecord,
  encodeRound,
  type LogStart,
  MAGIC_BYTES,
} from '../../host/persistence/log-format.js';
import { type LogScan, type ScanOptions, scanLog } from '../../host/persistence/log-scan.js';
import { type Replayed, type ReplayOptions, replayLog } from '../../host/persistence/replay.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import type { StorageFile } from '../../host/storage/port.js';
import type { TestKernel } from './kernel.js';

export const START: LogStart = { birthId: '0123456789abcdef0123456789abcdef', firstLsn: 1000, firstRound: 7 };

/** A log as it grows: commands, then the round that they belong to. */
export class SmallLog {
  readonly parts: Buffer[];
  /** Where each record of whatever kind begins, and at the end, where the last one ends. */
  readonly places: number[] = [MAGIC_BYTES];
  /** Plain records before each of these places. */
  readonly plain: number[] = [0];
  #lsn: number;
  #round: number;

  constructor(
    readonly shard = 0,
    start: LogStart = START,
  ) {
    const bytes = encodeLogStart(start);
    this.parts = [bytes];
    this.places.push(bytes.length);
    this.plain.push(0);
    this.#lsn = start.firstLsn;
    this.#round = start.firstRound;
  }

  #push(record: Buffer, plain: number): this {
    this.parts.push(record);
    this.places.push(this.places[this.places.length - 1] + record.length);
    this.plain.push(this.plain[this.plain.length - 1] + plain);
    return this;
  }
  command(...args: (string | Uint8Array)[]): this {
    const record = encodeRecord(args);
    this.#lsn += record.length;
    return this.#push(record, 1);
  }
  round(changes: { number?: number; synced?: number; endLsn?: number; shard?: number } = {}): this {
    const { number = this.#round, synced = number - 1, endLsn = this.#lsn, shard = this.shard } = changes;
    this.#round = number + 1;
    return this.#push(encodeRound({ number, synced, participants: [{ shard, endLsn }] }), 0);
  }
  /** A record that is neither a command nor a round. */
  other(...elements: (string | Uint8Array)[]): this {
    return this.#push(encodeRecord(elements), 0);
  }
  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

export async function fileOf(bytes: Uint8Array): Promise<StorageFile> {
  return new MemoryStorage([['aof-0.aof', bytes]]).open('aof-0.aof', 'read');
}

export async function scanOf(bytes: Uint8Array, kernel: TestKernel, options?: ScanOptions): Promise<LogScan> {
  return scanLog(await fileOf(bytes), kernel.shard, options);
}

/** Executes the whole good part. */
export async function replayOf(
  bytes: Uint8Array,
  scan: LogScan,
  kernel: TestKernel,
  options: ReplayOptions = { ours: true, nowMs: Date.now() },
): Promise<Replayed> {
  const range = { version: scan.version, from: scan.firstOffset, to: scan.goodBytes, gaps: scan.gaps };
  return replayLog(await fileOf(bytes), kernel.shard, range, options);
}
