// Reads a file from its beginning to its end through a window of memory, counting the checksum on the way. Bytes stay in
// the window as long as they are needed in one piece, and not longer: so a file may be of any size.
import { LatchkeyError } from '../errors.js';
import { Crc64 } from '../persistence/crc64.js';

/** What is read from: a StorageFile, among others. */
export interface Readable {
  readonly name: string;
  size(): number;
  /** As StorageFile.read. */
  read(into: Uint8Array, at: number): number;
}

/** The bytes are not what they should be, or end too early. `offset`: of the first one that is wrong. */
export class Damage extends LatchkeyError {
  constructor(
    readonly file: string,
    readonly offset: number,
    readonly reason: string,
    /** The file ends where more was promised. */
    readonly isEnd = false,
  ) {
    super('BAD_SOURCE', `${file}: byte ${offset}: ${reason}`);
  }
}

const WINDOW_BYTES = 1 << 18;

export class ByteSource {
  readonly name: string;
  /** As it was when reading began: what is appended meanwhile is not looked at. */
  readonly size: number;
  readonly #file: Readable;
  #bytes: Buffer;
  /** Offset in the file of the window's first byte. */
  #base = 0;
  #at = 0;
  #end = 0;
  /** Where the piece begins that has to stay; -1: none. */
  #kept = -1;
  readonly #crc = new Crc64();
  /** Up to here the checksum has been counted. */
  #counted = 0;

  constructor(file: Readable, windowBytes = WINDOW_BYTES) {
    this.name = file.name;
    this.size = file.size();
    this.#file = file;
    this.#bytes = Buffer.allocUnsafe(Math.max(windowBytes, 16));
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.#base + this.#at;
  }
  get left(): number {
    return this.size - this.offset;
  }

  /** @throws Damage at this place, or at another one. */
  fail(reason: string, offset = this.offset): never {
    throw new Damage(this.name, offset, reason);
  }

  #endsInside(): never {
    throw new Damage(this.name, this.size, 'the file ends too early', true);
  }

  /** Makes the next `count` bytes lie in the window. */
  #need(count: number): void {
    if (count <= this.#end - this.#at) return;
    if (count > this.left) this.#endsInside();
    this.#countUpTo(this.#at);
    const from = this.#kept >= 0 ? this.#kept : this.#at;
    const used = this.#end - from;
    const wanted = this.#at - from + count;
    // Twice as much at least, so that a value of many parts is not moved for each of them.
    const room =
      wanted > this.#bytes.length ? Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2)) : this.#bytes;
    this.#bytes.copy(room, 0, from, this.#end);
    this.#bytes = room;
    this.#base += from;
    this.#at -= from;
    this.#counted -= from;
    this.#end = used;
    if (this.#kept >= 0) this.#kept = 0;
    const most = Math.min(room.length - used, this.size - this.#base - used);
    this.#end += this.#file.read(room.subarray(used, used + most), this.#base + used);
    if (this.#end - this.#at < count) this.#endsInside();
  }

  #countUpTo(at: number): void {
    this.#crc.update(this.#bytes.subarray(this.#counted, at));
    this.#counted = at;
  }

  byte(): number {
    this.#need(1);
    return this.#bytes[this.#at++];
  }
  /** The next byte, which stays the next one; -1 at the end. */
  peek(): number {
    if (this.left === 0) return -1;
    this.#need(1);
    return this.#bytes[this.#at];
  }
  /** The next `count` bytes, or fewer at the end, which stay the next ones. Good until the next read. */
  head(count: number): Buffer {
    this.#need(Math.min(count, this.left));
    return this.#bytes.subarray(this.#at, Math.min(this.#at + count, this.#end));
  }
  u32be(): number {
    this.#need(4);
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  u64be(): bigint {
    this.#need(8);
    this.#at += 8;
    return this.#bytes.readBigUInt64BE(this.#at - 8);
  }
  i32le(): number {
    this.#need(4);
    this.#at += 4;
    return this.#bytes.readInt32LE(this.#at - 4);
  }
  i64le(): bigint {
    this.#need(8);
    this.#at += 8;
    return this.#bytes.readBigInt64LE(this.#at - 8);
  }

  /** The next `count` bytes, copied. */
  take(count: number): Buffer {
    this.#need(count);
    this.#at += count;
    return Buffer.from(this.#bytes.subarray(this.#at - count, this.#at));
  }

  /** Passes over `count` bytes, which need not fit the window unless they are kept. */
  skip(count: number): void {
    if (count > this.left) this.#endsInside();
    if (this.#kept >= 0) this.#need(count);
    while (count > 0) {
      this.#need(1);
      const step = Math.min(count, this.#end - this.#at);
      this.#at += step;
      count -= step;
    }
  }

  /** The bytes up to CR LF, which are passed over; at most `max` of them. */
  line(max: number): string {
    let length = 0;
    for (;;) {
      this.#need(length + 1);
      const found = this.#bytes.indexOf(10, this.#at + length);
      if (found >= 0 && found < this.#end) length = found - this.#at;
      else length = this.#end - this.#at;
      if (length > max) this.fail('a line is too long');
      if (found < 0 || found >= this.#end) continue;
      const text = this.#bytes.toString('latin1', this.#at, found);
      if (!text.endsWith('\r')) this.fail('a line does not end in CR LF');
      this.#at = found + 1;
      return text.slice(0, -1);
    }
  }

  /** From here on bytes stay in the window, until `kept` takes them. */
  keep(): void {
    this.#kept = this.#at;
  }
  /** What has been read since `keep`: the window's own memory, good until the next read. */
  kept(): Buffer {
    const bytes = this.#bytes.subarray(this.#kept, this.#at);
    this.#kept = -1;
    return bytes;
  }

  /** Reads eight bytes: are they the checksum of everything before them, or zero, which stands for none? */
  checksum(): boolean {
    this.#countUpTo(this.#at);
    const said = this.take(8);
    return said.every((byte) => byte === 0) || this.#crc.equals(new DataView(said.buffer, said.byteOffset, 8), 0);
  }
}
