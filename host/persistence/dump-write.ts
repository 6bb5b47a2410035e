// Writes a dump into a file: header, entries as the kernel encoded them, OP_END, trailer. The caller makes the file under
// a passing name, syncs and renames it.
import type { StorageFile } from '../storage/port.js';
import { Crc64 } from './crc64.js';
import {
  BIRTH_ID_BYTES,
  DUMP_HEADER_BYTES,
  DUMP_VERSION_AT,
  encodeDumpHeader,
  encodeDumpTrailer,
  OP_END,
  VERSION_KEVY,
  VERSION_OWN,
} from './dump-format.js';

/** Appends that are shorter are gathered. */
const GATHER_BYTES = 256 << 10;

/** What stands behind the entries. */
export interface DumpEnd {
  /** Do the entries need the version byte of our own? `snapshotNeedsOwnVersion` of the kernel. */
  own: boolean;
  /** Birth id of the log, 16 bytes; without a log none. */
  birthId?: Uint8Array;
  /** The last round that the dump covers; without a log 0. */
  round?: number;
}

export class DumpWriter {
  readonly #file: StorageFile;
  readonly #crc = new Crc64();
  readonly #gathered = new Uint8Array(GATHER_BYTES);
  #waiting = 0;
  #at = 0;

  /** @param file Open for writing, and empty. @throws StorageError, as all calls here do; the file is then of no use. */
  constructor(file: StorageFile) {
    this.#file = file;
    this.#write(encodeDumpHeader(VERSION_KEVY));
  }

  /** Bytes of the file so far, those gathered included. */
  get bytes(): number {
    return this.#at + this.#waiting;
  }

  /** Adds entries, or a part of one. The bytes are read before the call returns; they may lie in shared memory. */
  append(bytes: Uint8Array): void {
    if (bytes.length > GATHER_BYTES - this.#waiting) this.#flush();
    if (bytes.length >= GATHER_BYTES) {
      this.#crc.update(bytes);
      this.#write(bytes);
      return;
    }
    this.#gathered.set(bytes, this.#waiting);
    this.#waiting += bytes.length;
  }

  /** Writes the end. Nothing may be added afterwards. @returns bytes of the whole file, none of them durable yet. */
  finish({ own, birthId = new Uint8Array(BIRTH_ID_BYTES), round = 0 }: DumpEnd): number {
    this.append(Uint8Array.of(OP_END));
    this.#flush();
    const version = own ? VERSION_OWN : VERSION_KEVY;
    this.#write(encodeDumpTrailer({ version, birthId, round }, this.#crc));
    if (own) this.#file.write(Uint8Array.of(VERSION_OWN), DUMP_VERSION_AT);
    return this.#at;
  }

  #flush(): void {
    if (this.#waiting === 0) return;
    const bytes = this.#gathered.subarray(0, this.#waiting);
    this.#waiting = 0;
    this.#crc.update(bytes);
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    this.#file.write(bytes, this.#at);
    this.#at += bytes.length;
  }
}
if (DUMP_VERSION_AT + 1 !== DUMP_HEADER_BYTES) throw new Error('the checksum begins behind the version byte');
