// Reads dumps: is a file whole, and whose is it (`verifyDump`); its entries, one after the other (`readDump`); all of it
// into a shard (`loadDump`).
import { CONTROL_COMMANDS, CONTROL_CONSUMED, CONTROL_DB, CONTROL_ERRORS, CONTROL_NEED } from '../kernel/abi.js';
import type { ShardKernel } from '../kernel/kernel.js';
import type { StorageFile } from '../storage/port.js';
import { Crc64 } from './crc64.js';
import {
  DUMP_HEADER_BYTES,
  DUMP_MAGIC,
  DUMP_VERSION_AT,
  type DumpTrailer,
  decodeDumpTrailer,
  dumpVersionKnown,
  OP_END,
  TRAILER_BYTES,
  VERSION_OWN,
} from './dump-format.js';
import { DumpDamage, DumpParser } from './dump-parse.js';

export { DumpDamage } from './dump-parse.js';

const SLICE_BYTES = 1 << 20;
const TRUNCATED = 'an entry that the file ends in the middle of';

export type DumpVerdict =
  /** A whole file without a trailer: kevy wrote it. Its bytes are known to have a shape, and no more. */
  | { kind: 'kevy'; version: number }
  /** Ours, every byte as it was written. */
  | ({ kind: 'ours' } & DumpTrailer)
  | { kind: 'damaged'; offset: number; reason: string }
  /** Written by something newer, or something else: its version is not ours to read. */
  | { kind: 'newer'; version: number };

/** Looks at every byte of a dump, and changes nothing. The file's entries are not held in memory. */
export function verifyDump(file: StorageFile): DumpVerdict {
  const size = file.size();
  const header = new Uint8Array(DUMP_HEADER_BYTES);
  if (file.read(header, 0) !== DUMP_HEADER_BYTES)
    return { kind: 'damaged', offset: size, reason: 'the file ends in its header' };
  if (new TextDecoder('latin1').decode(header.subarray(0, DUMP_VERSION_AT)) !== DUMP_MAGIC)
    return { kind: 'damaged', offset: 0, reason: 'it does not begin as a dump does' };
  const version = header[DUMP_VERSION_AT];
  if (!dumpVersionKnown(version)) return { kind: 'newer', version };
  const trailer = trailerOf(file, version);
  if (typeof trailer !== 'string') return { kind: 'ours', ...trailer };
  return shapeOf(file, version, trailer);
}

/** The trailer at the end of the file, if its checksum holds; or why there is none. */
function trailerOf(file: StorageFile, version: number): DumpTrailer | string {
  const at = file.size() - TRAILER_BYTES;
  if (at <= DUMP_HEADER_BYTES) return 'no trailer behind the end';
  const bytes = new Uint8Array(TRAILER_BYTES);
  file.read(bytes, at);
  // Looked at without the checksum first: kevy's files have none, and need not be read for it.
  const looks = decodeDumpTrailer(bytes, version, new Crc64());
  if (looks === 'no trailer behind the end') return looks;
  const crc = new Crc64();
  const window = new Uint8Array(SLICE_BYTES);
  let last = -1;
  for (let from = DUMP_HEADER_BYTES; from < at; ) {
    const got = file.read(window.subarray(0, Math.min(SLICE_BYTES, at - from)), from);
    if (got === 0) return 'the file has become shorter';
    crc.update(window.subarray(0, got));
    last = window[got - 1];
    from += got;
  }
  return last === OP_END ? decodeDumpTrailer(bytes, version, crc) : 'no end in front of the trailer';
}

/** What a file without a sound trailer is. */
function shapeOf(file: StorageFile, version: number, wrong: string): DumpVerdict {
  const parser = new DumpParser(file, version);
  try {
    while (parser.next());
  } catch (error) {
    if (error instanceof DumpDamage) return { kind: 'damaged', offset: error.offset, reason: error.reason };
    throw error;
  }
  if (parser.end !== file.size()) return { kind: 'damaged', offset: parser.end, reason: wrong };
  if (version === VERSION_OWN) return { kind: 'damaged', offset: parser.end, reason: 'no trailer behind the end' };
  return { kind: 'kevy', version };
}

export interface DumpEntry {
  database: number;
  /** Views, good until the next entry is asked for. */
  key: Uint8Array;
  /** The whole entry as it stands in the file. Asking for a large one reads it anew. */
  bytes(): Uint8Array;
  /** Where it begins in the file, and how many bytes it has. */
  start: number;
  length: number;
  op: number;
}

/**
 * Reads the entries of a dump that `verifyDump` has found whole, with about a megabyte of it in memory.
 * @throws DumpDamage
 */
export function* readDump(file: StorageFile, version: number): Generator<DumpEntry> {
  const parser = new DumpParser(file, version);
  while (parser.next()) {
    const { start, end, keyAt, keyLength, database, op } = parser;
    yield {
      database,
      key: parser.bytes(keyAt, keyAt + keyLength),
      bytes: () => parser.bytes(start, end),
      start,
      length: end - start,
      op,
    };
  }
}

export interface LoadOptions {
  /** Unix milliseconds: the present, for times to live and for what has expired. */
  nowMs: number;
  /** Thread id that takes the latch. */
  owner: number;
  /** Access clock of all keys: 24 bits. */
  lruClock?: number;
  /** Called after each slice with the bytes of the file that are done with. */
  onSlice?: (bytes: number) => void;
}

/** Keys of a dump. */
export interface Loaded {
  readonly keys: number;
  readonly expired: number;
}

const REASONS = [
  '',
  'an entry of unknown type',
  'a time to live that makes no sense',
  'a database that this store does not have',
  'a value that makes no sense',
];

/**
 * Loads a dump that `verifyDump` has found whole into a shard, in slices under its latch. Nothing is logged if the log is
 * off. Keys whose time has come are left out, unless the shard's clock stands still.
 * @returns keys that were put into the table, and those that were left out.
 * @throws DumpDamage when an entry makes no sense (those before it are in the table), Error when memory ends.
 */
export function loadDump(file: StorageFile, version: number, shard: ShardKernel, options: LoadOptions): Loaded {
  const loader = new Loader(file, version, shard, options);
  while (loader.slice());
  return { keys: loader.keys, expired: loader.expired };
}

/** Loads a dump a slice at a time. */
export class Loader {
  readonly #buffer: Uint8Array;
  readonly #size: number;
  #at = DUMP_HEADER_BYTES;
  #database = 0;
  /** What the next slice has to hold, when an entry did not fit into the last one. */
  #wanted = 0;
  keys = 0;
  expired = 0;

  constructor(
    readonly file: StorageFile,
    readonly version: number,
    readonly shard: ShardKernel,
    readonly options: LoadOptions,
  ) {
    this.#size = file.size();
    this.#buffer = new Uint8Array(Math.min(SLICE_BYTES, shard.layout.inBytes));
  }

  /** Loads the next slice. False: OP_END was reached. */
  slice(): boolean {
    if (this.#wanted > this.#size - this.#at) throw new DumpDamage(this.#at, TRUNCATED);
    const large = this.#wanted > this.#buffer.length;
    const buffer = large ? new Uint8Array(this.#wanted) : this.#buffer;
    const bytes = this.file.read(buffer, this.#at);
    if (bytes === 0 || bytes < this.#wanted) throw new DumpDamage(this.#at, TRUNCATED);
    const status = this.#take(buffer.subarray(0, bytes), large);
    const { shard } = this;
    this.#database = shard.control(CONTROL_DB);
    this.keys += shard.control(CONTROL_COMMANDS);
    const consumed = shard.control(CONTROL_CONSUMED);
    this.#at += consumed;
    this.options.onSlice?.(this.#at);
    if (status === LOADED_CORRUPT) throw new DumpDamage(this.#at, REASONS[shard.control(CONTROL_ERRORS)]);
    if (status === LOADED_NO_MEMORY)
      throw new Error(`shard ${shard.index} has no memory for the entry at offset ${this.#at} of ${this.file.name}`);
    this.expired += shard.control(CONTROL_ERRORS);
    // An entry that is longer than it could be seen to be is asked for at twice the size, up to all there is.
    const rest = this.#size - this.#at;
    this.#wanted =
      status !== LOADED_PART
        ? 0
        : consumed !== 0
          ? 0
          : Math.max(shard.control(CONTROL_NEED), Math.min(bytes * 2, rest));
    return status !== LOADED_END;
  }

  #take(bytes: Uint8Array, large: boolean): number {
    const { shard, options } = this;
    const { calls } = shard;
    while (calls.begin(options.owner, 1000) !== 1);
    try {
      let block = shard.input;
      if (large) {
        block = calls.blockNew(bytes.length) >>> 0;
        if (block === 0) {
          for (const field of [CONTROL_COMMANDS, CONTROL_CONSUMED]) shard.setControl(field, 0);
          shard.setControl(CONTROL_DB, this.#database);
          return LOADED_NO_MEMORY;
        }
      }
      shard.view(block, bytes.length).set(bytes);
      shard.stamp(
        options.nowMs,
        options.lruClock ?? Math.floor(options.nowMs / 1000) & 0xffffff,
        this.#database,
        2,
        0,
        1,
        0,
      );
      const status = calls.snapshotLoad(shard.window, block, bytes.length, this.version);
      if (large) calls.blockFree(block);
      return status;
    } finally {
      calls.end(options.owner);
    }
  }
}

// assembly/snapshot/ops.ts has these.
const LOADED_PART = 1;
const LOADED_END = 2;
const LOADED_CORRUPT = -1;
const LOADED_NO_MEMORY = -2;
