// Writes an RDB file of version 10, which redis-server 7 loads: a sink of items.
//
//   "REDIS0010" · facts about the writer · per run of keys of one database 0xfe and its number · per key its deadline
//   (0xfc, i64), LFU counter (0xf9) or idle time (0xf8), type, key, body · 0xff · CRC-64 of everything before
import { Crc64 } from '../persistence/crc64.js';
import { type Item, RDB_VERSION, type Sink } from './item.js';

/** Where the bytes go. A StorageFile, among others. */
export interface Writable {
  /** As StorageFile.write. */
  write(bytes: Uint8Array, at: number): void;
}

const BUFFER_BYTES = 1 << 18;
/** The last type that version 10 knows. */
const TYPE_MAX = 19;

/** A length as RDB writes it. */
export function rdbLength(value: number): Buffer {
  if (value < 64) return Buffer.from([value]);
  if (value < 16384) return Buffer.from([0x40 | (value >> 8), value & 255]);
  const wide = value > 0xffffffff;
  const bytes = Buffer.alloc(wide ? 9 : 5);
  bytes[0] = wide ? 0x81 : 0x80;
  if (wide) bytes.writeBigUInt64BE(BigInt(value), 1);
  else bytes.writeUInt32BE(value, 1);
  return bytes;
}

export class RdbWriter implements Sink {
  readonly #file: Writable;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #written = 0;
  #db = -1;
  readonly #crc = new Crc64();
  keys = 0;

  /** @param facts What the file says about its writer, as pairs of text. */
  constructor(file: Writable, facts: readonly (readonly [name: string, value: string])[]) {
    this.#file = file;
    this.#bytes(Buffer.from(`REDIS${String(RDB_VERSION).padStart(4, '0')}`));
    for (const fact of facts) {
      this.#byte(0xfa);
      for (const text of fact) this.#string(Buffer.from(text));
    }
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#written + this.#used;
  }

  put(item: Item): void {
    if (item.type > TYPE_MAX) throw new Error(`a value of type ${item.type} reached a file of version ${RDB_VERSION}`);
    if (item.db !== this.#db) {
      this.#byte(0xfe);
      this.#bytes(rdbLength(item.db));
      this.#db = item.db;
    }
    if (item.expiresMs !== 0n) {
      const deadline = Buffer.alloc(9, 0xfc);
      deadline.writeBigInt64LE(item.expiresMs, 1);
      this.#bytes(deadline);
    }
    // Redis reads either, and keeps the one that its policy asks for.
    if (item.frequency !== undefined) this.#bytes(Uint8Array.of(0xf9, item.frequency));
    else if (item.idleSeconds !== undefined) {
      this.#byte(0xf8);
      this.#bytes(rdbLength(item.idleSeconds));
    }
    this.#byte(item.type);
    this.#string(item.key);
    this.#bytes(item.body);
    this.keys++;
  }

  /** Resolves when the file's last bytes are written; syncing and renaming are up to the caller. */
  async finish(): Promise<void> {
    this.#byte(0xff);
    this.#flush();
    const footer = new Uint8Array(8);
    this.#crc.write(new DataView(footer.buffer), 0);
    this.#bytes(footer);
    this.#flush();
  }

  #string(bytes: Uint8Array): void {
    this.#bytes(rdbLength(bytes.length));
    this.#bytes(bytes);
  }

  #byte(value: number): void {
    if (this.#used === BUFFER_BYTES) this.#flush();
    this.#buffer[this.#used++] = value;
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.#used) this.#flush();
    if (bytes.length > BUFFER_BYTES) {
      this.#out(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #flush(): void {
    this.#out(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #out(bytes: Uint8Array): void {
    this.#crc.update(bytes);
    this.#file.write(bytes, this.#written);
    this.#written += bytes.length;
  }
}
