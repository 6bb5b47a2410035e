// CRC-64 with Jones's polynomial (0xAD93D23594C935A9, reflected; start and final value 0), the checksum of Redis's
// snapshots and of DUMP payloads.
import { CRC64_TABLES } from './crc64-tables.generated';

@inline function table(index: u32, byte: u32): u64 { return load<u64>(CRC64_TABLES + (index << 11) + ((byte & 255) << 3)); }

/**
 * Continues a checksum, from 0: each result is a finished CRC-64.
 * Four bytes a step: table i holds the CRC of a byte with i zero bytes behind it.
 */
export function crc64Update(crc: u64, p: u32, length: u32): u64 {
  const end = p + length;
  let c = crc;
  for (; end - p >= 4; p += 4) {
    const low = <u32>c ^ load<u32>(p);
    c = (c >> 32) ^ ((table(3, low) ^ table(2, low >>> 8)) ^ (table(1, low >>> 16) ^ table(0, low >>> 24)));
  }
  for (; p < end; p++) c = (c >> 8) ^ table(0, <u32>c ^ load<u8>(p));
  return c;
}
