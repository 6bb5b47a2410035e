// CRC-32C (Castagnoli: polynomial 0x1EDC6F41, reflected, start and final value all ones), the checksum of log records.
import { CRC32C_TABLES } from './crc32c-tables.generated';

@inline function table(index: u32, byte: u32): u32 { return load<u32>(CRC32C_TABLES + (index << 10) + ((byte & 255) << 2)); }

/**
 * Continues a checksum: crcOf(a, b) is crc32cUpdate(crc32cUpdate(0, a), b), and each result is a finished CRC-32C.
 * Eight bytes a step: table i holds the CRC of a byte with i zero bytes behind it.
 */
export function crc32cUpdate(crc: u32, p: u32, length: u32): u32 {
  const end = p + length;
  let c = ~crc;
  for (; end - p >= 8; p += 8) {
    const low = load<u32>(p) ^ c;
    const high = load<u32>(p, 4);
    c = (table(3, high) ^ table(2, high >>> 8) ^ table(1, high >>> 16) ^ table(0, high >>> 24))
      ^ ((table(7, low) ^ table(6, low >>> 8)) ^ (table(5, low >>> 16) ^ table(4, low >>> 24)));
  }
  for (; p < end; p++) c = (c >>> 8) ^ table(0, c ^ load<u8>(p));
  return ~c;
}
