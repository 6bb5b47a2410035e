// Walks through the entries of a dump, kevy's or ours, with a window of the file in memory: where each begins and ends,
// its database and its key. Payloads are stepped over, however long they are. assembly/snapshot/skip.ts does the same for
// what the kernel loads.
import type { StorageFile } from '../storage/port.js';
import {
  DUMP_HEADER_BYTES,
  OP_DATABASE,
  OP_END,
  OP_HASH,
  OP_HASH_DEADLINES,
  OP_LIST,
  OP_SET,
  OP_STREAM,
  OP_STREAM_READ,
  OP_STRING,
  OP_ZSET,
  VERSION_NO_GROUPS,
  VERSION_OWN,
} from './dump-format.js';

const WINDOW_BYTES = 1 << 20;

/** Where a dump makes no sense. */
export class DumpDamage extends Error {
  constructor(
    /** Of the entry that cannot be read, in the file. */
    readonly offset: number,
    readonly reason: string,
  ) {
    super(`${reason} at offset ${offset}`);
    this.name = 'DumpDamage';
  }
}

export class DumpParser {
  readonly #file: StorageFile;
  readonly #version: number;
  readonly #size: number;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  readonly #view = new DataView(this.#window.buffer);
  /** Offset in the file of the window's first byte, and how many it holds. */
  #base = 0;
  #held = 0;
  /** Where reading has got to, in the file. */
  #at = DUMP_HEADER_BYTES;

  /** The database of the entry last found. */
  database = 0;
  /** Where the entry last found begins, in the file, its key, and its payload. */
  start = 0;
  keyAt = 0;
  keyLength = 0;
  op = OP_END;

  constructor(file: StorageFile, version: number) {
    this.#file = file;
    this.#version = version;
    this.#size = file.size();
  }

  /** Where the entry last found ends; behind OP_END once `next` has answered false. */
  get end(): number {
    return this.#at;
  }

  /** On to the next entry with a key. False: OP_END. @throws DumpDamage */
  next(): boolean {
    for (;;) {
      this.start = this.#at;
      this.op = this.#byte();
      if (this.op === OP_END) return false;
      const own = this.op === OP_DATABASE || this.op === OP_HASH_DEADLINES || this.op === OP_STREAM_READ;
      if (own ? this.#version !== VERSION_OWN : this.op > OP_STREAM) this.#fail(`an entry of unknown type ${this.op}`);
      if (this.op !== OP_DATABASE) break;
      this.database = this.#u32();
    }
    const ttl = this.#byte();
    if (ttl > 1) this.#fail(`an entry whose time to live begins with ${ttl}`);
    if (ttl === 1) this.#skip(8);
    this.keyLength = this.#u32();
    this.keyAt = this.#at;
    this.#skip(this.keyLength);
    this.#payload();
    return true;
  }

  /** Bytes [from, to) of the file: a view of the window, good until the next call, or bytes of their own. */
  bytes(from: number, to: number): Uint8Array {
    const length = to - from;
    if (from >= this.#base && to <= this.#base + this.#held)
      return this.#window.subarray(from - this.#base, to - this.#base);
    const bytes = new Uint8Array(length);
    if (this.#file.read(bytes, from) !== length) throw new DumpDamage(from, 'the file has become shorter');
    return bytes;
  }

  #fail(reason: string): never {
    throw new DumpDamage(this.start, reason);
  }

  /** Index in the window of the next `bytes` bytes, which are few. Reading goes on behind them. */
  #take(bytes: number): number {
    if (this.#at + bytes > this.#base + this.#held) {
      if (this.#at + bytes > this.#size) this.#fail('an entry that the file ends in the middle of');
      // What has been found of this entry stays in the window, if it is short, so that it can be shown.
      this.#base = this.#at - this.start < WINDOW_BYTES >> 1 ? this.start : this.#at;
      this.#held = this.#file.read(this.#window, this.#base);
      if (this.#at + bytes > this.#base + this.#held) this.#fail('an entry that the file ends in the middle of');
    }
    const index = this.#at - this.#base;
    this.#at += bytes;
    return index;
  }
  #byte(): number {
    return this.#window[this.#take(1)];
  }
  #u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }
  #skip(bytes: number): void {
    if (bytes > this.#size - this.#at) this.#fail('an entry that the file ends in the middle of');
    this.#at += bytes;
  }
  #text(): void {
    this.#skip(this.#u32());
  }
  /** A count of elements of at least `bytesMin` bytes each. */
  #count(bytesMin: number): number {
    const count = this.#u32();
    if (count * bytesMin > this.#size - this.#at) this.#fail('an entry that the file ends in the middle of');
    return count;
  }

  #payload(): void {
    const { op } = this;
    if (op === OP_STRING) this.#text();
    else if (op === OP_LIST || op === OP_SET) this.#texts();
    else if (op === OP_ZSET) this.#members();
    else if (op === OP_HASH || op === OP_HASH_DEADLINES) this.#pairs(op === OP_HASH ? 0 : 8);
    else this.#stream(op === OP_STREAM_READ);
  }

  #texts(): void {
    for (let left = this.#count(4); left > 0; left--) this.#text();
  }
  #pairs(before: number): void {
    for (let left = this.#count(8 + before); left > 0; left--) {
      this.#skip(before);
      this.#text();
      this.#text();
    }
  }
  #members(): void {
    for (let left = this.#count(12); left > 0; left--) {
      this.#text();
      this.#skip(8);
    }
  }
  #stream(own: boolean): void {
    this.#skip(40);
    for (let left = this.#count(20); left > 0; left--) {
      this.#skip(16);
      this.#pairs(0);
    }
    if (this.#version <= VERSION_NO_GROUPS) return;
    for (let groups = this.#count(own ? 36 : 28); groups > 0; groups--) {
      this.#text();
      this.#skip(own ? 24 : 16);
      this.#members();
      for (let left = this.#count(own ? 36 : 32); left > 0; left--) {
        this.#skip(16);
        this.#text();
        this.#skip(own ? 16 : 12);
      }
    }
  }
}
