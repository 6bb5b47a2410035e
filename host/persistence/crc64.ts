// CRC-64 with Jones's polynomial (reflected; start and final value 0), the checksum of dumps, of Redis's snapshots and of
// DUMP payloads. A dump may have gigabytes: a sum of 32 bits promises little about so many, and this one is in the kernel
// already (assembly/rdb/crc64.ts).
//
// Eight bytes a step, in two halves of 32 bits: table i, at word i * 512, holds for each byte the CRC of that byte with i
// zero bytes behind it, the low half and then the high one.

const POLYNOMIAL_LOW = 0xac4bc9b5 | 0;
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 512);
  for (let byte = 0; byte < 256; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const odd = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (odd !== 0) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    tables[byte * 2] = low;
    tables[byte * 2 + 1] = high;
  }
  for (let i = 1; i < 8; i++) {
    for (let byte = 0; byte < 256; byte++) {
      const low = tables[(i - 1) * 512 + byte * 2];
      const high = tables[(i - 1) * 512 + byte * 2 + 1];
      const next = (low & 255) * 2;
      tables[i * 512 + byte * 2] = ((low >>> 8) | (high << 24)) ^ tables[next];
      tables[i * 512 + byte * 2 + 1] = (high >>> 8) ^ tables[next + 1];
    }
  }
  return tables;
}

/** A checksum that grows with the bytes it is given. */
export class Crc64 {
  #low = 0;
  #high = 0;

  update(bytes: Uint8Array): this {
    const table = TABLES;
    const { length } = bytes;
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (const whole = length - 7; at < whole; at += 8) {
      const a = low ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
      const b = high ^ (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
      const i0 = 3584 + ((a & 255) << 1);
      const i1 = 3072 + ((a >>> 7) & 510);
      const i2 = 2560 + ((a >>> 15) & 510);
      const i3 = 2048 + ((a >>> 23) & 510);
      const i4 = 1536 + ((b & 255) << 1);
      const i5 = 1024 + ((b >>> 7) & 510);
      const i6 = 512 + ((b >>> 15) & 510);
      const i7 = (b >>> 23) & 510;
      low = table[i0] ^ table[i1] ^ table[i2] ^ table[i3] ^ table[i4] ^ table[i5] ^ table[i6] ^ table[i7];
      high =
        table[i0 + 1] ^
        table[i1 + 1] ^
        table[i2 + 1] ^
        table[i3 + 1] ^
        table[i4 + 1] ^
        table[i5 + 1] ^
        table[i6 + 1] ^
        table[i7 + 1];
    }
    for (; at < length; at++) {
      const next = ((low ^ bytes[at]) & 255) << 1;
      low = ((low >>> 8) | (high << 24)) ^ table[next];
      high = (high >>> 8) ^ table[next + 1];
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** Writes the checksum of everything so far, eight bytes, little-endian. */
  write(into: DataView, at: number): void {
    into.setInt32(at, this.#low, true);
    into.setInt32(at + 4, this.#high, true);
  }

  /** Is the checksum of everything so far what stands there? */
  equals(from: DataView, at: number): boolean {
    return from.getInt32(at, true) === this.#low && from.getInt32(at + 4, true) === this.#high;
  }
}
