// Hashes and checksums, alone.
import { foldProduct, highProduct } from '../types/wide';
import { kevyHash } from '../routing/kevyhash';
import { tableHash } from '../table/hash';
import { crc16, slotOfKey } from '../routing/slot';
import { crc32cUpdate } from '../log/crc32c';
import { TABLE_KEYS } from '../memory/layout';

export { foldProduct, highProduct, kevyHash, tableHash, crc32cUpdate, crc16, slotOfKey };
export { shardOfKey } from '../routing/slot';
export function tableKeys(): u32 { return TABLE_KEYS; }

/** Sum of the table's hashes of `count` keys of `length` bytes that lie `stride` bytes apart, `rounds` times over. */
export function tableHashRepeatedly(ptr: u32, length: u32, stride: u32, count: u32, rounds: u32): u64 {
  let sum: u64 = 0;
  for (let r: u32 = 0; r < rounds; r++) for (let i: u32 = 0; i < count; i++) sum += tableHash(ptr + i * stride, length);
  return sum;
}
export function kevyHashRepeatedly(ptr: u32, length: u32, stride: u32, count: u32, rounds: u32): u64 {
  let sum: u64 = 0;
  for (let r: u32 = 0; r < rounds; r++) for (let i: u32 = 0; i < count; i++) sum += kevyHash(ptr + i * stride, length);
  return sum;
}
export function slotRepeatedly(ptr: u32, length: u32, stride: u32, count: u32, rounds: u32): u64 {
  let sum: u64 = 0;
  for (let r: u32 = 0; r < rounds; r++) for (let i: u32 = 0; i < count; i++) sum += slotOfKey(ptr + i * stride, length);
  return sum;
}
export function crc32cRepeatedly(ptr: u32, length: u32, rounds: u32): u32 {
  let crc: u32 = 0;
  for (let r: u32 = 0; r < rounds; r++) crc = crc32cUpdate(crc, ptr, length);
  return crc;
}
