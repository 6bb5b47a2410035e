// CRC-64/Jones, reflected, as Redis has it: over RDB files, and at the end of DUMP payloads. Kept as two 32-bit halves,
// eight bytes a step.

const POLY_LOW = 0xac4bc9b5;
const POLY_HIGH = 0x95ac9329;

/** Table i, at i * 256, is the checksum of one byte with i zero bytes behind it. */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (odd) {
      low ^= POLY_LOW;
      high ^= POLY_HIGH;
    }
  }
  LOW[byte] = low;
  HIGH[byte] = high;
}
for (let i = 256; i < 8 * 256; i++) {
  const low = LOW[i - 256];
  const high = HIGH[i - 256];
  LOW[i] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255];
  HIGH[i] = (high >>> 8) ^ HIGH[low & 255];
}

export class Crc64 {
  #low = 0;
  #high = 0;

  reset(): this {
    this.#low = 0;
    this.#high = 0;
    return this;
  }

  update(bytes: Uint8Array, from = 0, to = bytes.length): this {
    let low = this.#low;
    let high = this.#high;
    let i = from;
    for (const whole = to - 7; i < whole; i += 8) {
      low ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
      high ^= bytes[i + 4] | (bytes[i + 5] << 8) | (bytes[i + 6] << 16) | (bytes[i + 7] << 24);
      const a = 0x700 | (low & 255);
      const b = 0x600 | ((low >>> 8) & 255);
      const c = 0x500 | ((low >>> 16) & 255);
      const d = 0x400 | (low >>> 24);
      const e = 0x300 | (high & 255);
      const f = 0x200 | ((high >>> 8) & 255);
      const g = 0x100 | ((high >>> 16) & 255);
      const h = high >>> 24;
      low = LOW[a] ^ LOW[b] ^ LOW[c] ^ LOW[d] ^ LOW[e] ^ LOW[f] ^ LOW[g] ^ LOW[h];
      high = HIGH[a] ^ HIGH[b] ^ HIGH[c] ^ HIGH[d] ^ HIGH[e] ^ HIGH[f] ^ HIGH[g] ^ HIGH[h];
    }
    for (; i < to; i++) {
      const index = (low ^ bytes[i]) & 255;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index];
      high = (high >>> 8) ^ HIGH[index];
    }
    this.#low = low;
    this.#high = high;
    return this;
  }

  /** The eight bytes, little-endian, into `into` at `at`. */
  write(into: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      into[at + i] = this.#low >>> (8 * i);
      into[at + 4 + i] = this.#high >>> (8 * i);
    }
  }

  /** Do these eight bytes say the same? */
  equals(bytes: Uint8Array, at: number): boolean {
    const own = new Uint8Array(8);
    this.write(own, 0);
    return own.every((byte, i) => byte === bytes[at + i]);
  }
}
