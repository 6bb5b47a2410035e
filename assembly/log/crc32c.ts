// CRC-32C (Castagnoli: polynomial 0x1EDC6F41, reflected, start and final value all ones), the checksum of log records.
import { CRC32C_TABLES } from './crc32c-tables.generated';

@inline function table(index: u32, byte: u64): u32 { return load<u32>(CRC32C_TABLES + (index << 10) + ((<u32>byte & 255) << 2)); }

/**
 * Continues a checksum: crcOf(a, b) is crc32cUpdate(crc32cUpdate(0, a), b), and each result is a finished CRC-32C.
 * Eight bytes a step: table i holds the CRC of a byte with i zero bytes behind it.
 */
export function crc32cUpdate(crc: u32, p: u32, length: u32): u32 {
  const end = p + length;
  let c = ~crc;
  for (; end - p >= 8; p += 8) {
    const chunk = load<u64>(p) ^ <u64>c;
    c = table(7, chunk) ^ table(6, chunk >> 8) ^ table(5, chunk >> 16) ^ table(4, chunk >> 24)
      ^ table(3, chunk >> 32) ^ table(2, chunk >> 40) ^ table(1, chunk >> 48) ^ table(0, chunk >> 56);
  }
  for (; p < end; p++) c = (c >>> 8) ^ table(0, <u64>(c ^ load<u8>(p)));
  return ~c;
}
