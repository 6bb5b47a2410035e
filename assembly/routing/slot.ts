// Which shard a key lives on, under either routing; and Redis Cluster's slots.
import { CRC16_TABLES } from './crc16-tables.generated';
import { kevyHash } from './kevyhash';

/** Values of the header's `routing`. */
export const ROUTING_KEVYHASH: u32 = 0;
export const ROUTING_SLOTS: u32 = 1;
export const SLOT_COUNT: u32 = 16384;

const OPEN: u32 = 0x7b;
const CLOSE: u32 = 0x7d;

/** The shard, 0..shardCount-1, of a key. `routing` is ROUTING_KEVYHASH or ROUTING_SLOTS. */
export function shardOfKey(routing: u32, shardCount: u32, ptr: u32, length: u32): u32 {
  if (shardCount == 1) return 0;
  if (routing == ROUTING_SLOTS) return (slotOfKey(ptr, length) * shardCount) >>> 14;
  const hash = kevyHash(ptr, length);
  if ((shardCount & (shardCount - 1)) == 0) return <u32>hash & (shardCount - 1);
  return <u32>(hash % <u64>shardCount);
}

/** Redis Cluster's slot of a key: CRC16 of what stands between the first '{' and the next '}', if anything, else of all. */
export function slotOfKey(ptr: u32, length: u32): u32 {
  const end = ptr + length;
  const open = indexOf(OPEN, ptr, end);
  if (open != end) {
    const close = indexOf(CLOSE, open + 1, end);
    if (close != end && close != open + 1) return crc16(open + 1, close - open - 1) & (SLOT_COUNT - 1);
  }
  return crc16(ptr, length) & (SLOT_COUNT - 1);
}

/** Address of the first such byte in [p, end), or `end`. */
function indexOf(byte: u32, p: u32, end: u32): u32 {
  for (; end - p >= 16; p += 16) {
    const mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(<i8>byte)));
    if (mask != 0) return p + ctz(mask);
  }
  for (; p < end; p++) if (load<u8>(p) == byte) return p;
  return end;
}

@inline function table(index: u32, byte: u32): u32 { return load<u16>(CRC16_TABLES + (index << 9) + ((byte & 255) << 1)); }

/**
 * CRC16/XMODEM (polynomial 0x1021, start 0, most significant bit first). Eight bytes a step: table i holds the CRC of a
 * byte with i zero bytes behind it, and the CRC so far, 16 bits, falls on the first two bytes.
 */
export function crc16(p: u32, length: u32): u32 {
  const end = p + length;
  let crc: u32 = 0;
  for (; end - p >= 8; p += 8) {
    const low = load<u32>(p);
    const high = load<u32>(p, 4);
    crc = (table(5, low >>> 16) ^ table(4, low >>> 24) ^ table(3, high) ^ table(2, high >>> 8) ^ table(1, high >>> 16) ^ table(0, high >>> 24))
      ^ (table(7, low ^ (crc >>> 8)) ^ table(6, (low >>> 8) ^ crc));
  }
  for (; p < end; p++) crc = ((crc << 8) & 0xffff) ^ table(0, (crc >>> 8) ^ load<u8>(p));
  return crc;
}
