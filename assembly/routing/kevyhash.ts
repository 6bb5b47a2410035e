// KevyHash: kevy's 64-bit hash of a byte string. It routes keys to shards and is part of the on-disk layout (each
// shard's keys lie in that shard's file), so it may never change. Public and unseeded: for routing only.
import { foldProduct } from '../types/wide';

const S0: u64 = 0x243f6a8885a308d3;
const S1: u64 = 0x13198a2e03707344;
const Z: u64 = 0xa4093822299f31d0;

/** Hash of the bytes [ptr, ptr + length); reads no byte beyond them. */
export function kevyHash(ptr: u32, length: u32): u64 {
  if (length > 16) return longHash(ptr, length);
  let s0 = S0;
  let s1 = S1;
  if (length >= 8) {
    s0 ^= load<u64>(ptr);
    s1 ^= load<u64>(ptr + length - 8);
  } else if (length >= 4) {
    s0 ^= <u64>load<u32>(ptr);
    s1 ^= <u64>load<u32>(ptr + length - 4);
  } else if (length != 0) {
    s0 ^= <u64>load<u8>(ptr);
    s1 ^= ((<u64>load<u8>(ptr + length - 1)) << 8) | <u64>load<u8>(ptr + (length >> 1));
  }
  return finish(s0, s1, length);
}

/** Over 16 bytes. The last 16 always go in at the end, so whole blocks stop one byte short of them. */
function longHash(ptr: u32, length: u32): u64 {
  let s0 = S0;
  let s1 = S1;
  const last = ptr + length - 16;
  for (let p = ptr; p < last; p += 16) {
    const t = foldProduct(s0 ^ load<u64>(p), Z ^ load<u64>(p, 8));
    s0 = s1;
    s1 = t;
  }
  return finish(s0 ^ load<u64>(last), s1 ^ load<u64>(last, 8), length);
}

@inline function finish(s0: u64, s1: u64, length: u32): u64 {
  let h = foldProduct(s0, s1) ^ <u64>length;
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccd;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}
