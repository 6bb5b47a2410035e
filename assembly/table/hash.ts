// The table's own hash, under keys of the shard's: whoever does not know them cannot make many keys meet in one bucket.
// docs/decisions/table-hash.md has the reasons.
//
// Up to 64 bytes: NH over 64-bit words, the sum mod 2^128 of (word + key) * (next word + next key), where each addition
// is mod 2^64. Two different keys of the same length give the same sum for at most one in 2^64 choices of the secrets,
// whatever the two are. A second, keyed, folded product then spreads the sum over all 64 bits, for the table uses all:
// segment, bucket and fingerprint. Over 64 bytes: SipHash-1-3.
//
// TABLE_KEYS, 12 u64: 0..7 NH, 8..9 SipHash, 10..11 the spreading product.
import { TABLE_KEYS } from '../memory/layout';
import { foldProduct, highProduct } from '../types/wide';

@inline function secret(index: u32): u64 { return load<u64>(TABLE_KEYS + (index << 3)); }

/** Hash of the bytes [ptr, ptr + length); reads no byte beyond them. All 64 bits are good. */
export function tableHash(ptr: u32, length: u32): u64 {
  if (length > 16) return length <= 64 ? mediumHash(ptr, length) : sipHash13(ptr, length);
  // For a given length the two words tell every key apart: they overlap, but leave no byte out.
  let a: u64 = 0;
  let b: u64 = 0;
  if (length >= 8) {
    a = load<u64>(ptr);
    b = load<u64>(ptr + length - 8);
  } else if (length >= 4) {
    a = <u64>load<u32>(ptr);
    b = <u64>load<u32>(ptr + length - 4);
  } else if (length != 0) {
    a = <u64>load<u8>(ptr);
    b = ((<u64>load<u8>(ptr + length - 1)) << 8) | <u64>load<u8>(ptr + (length >> 1));
  }
  a += secret(0);
  b += secret(1);
  return spread(a * b, highProduct(a, b), length);
}

/** The length goes in last, so that keys of different lengths with equal words differ. */
@inline function spread(low: u64, high: u64, length: u32): u64 {
  return foldProduct(low ^ secret(10), (high + <u64>length) ^ secret(11));
}

/** 17..64 bytes: two or four pairs of words, the later ones counted from the end. */
function mediumHash(ptr: u32, length: u32): u64 {
  const last = ptr + length - 16;
  let x = load<u64>(ptr) + secret(0);
  let y = load<u64>(ptr, 8) + secret(1);
  let low = x * y;
  let high = highProduct(x, y);
  x = load<u64>(last) + secret(2);
  y = load<u64>(last, 8) + secret(3);
  let product = x * y;
  low += product;
  high += highProduct(x, y) + u64(low < product);
  if (length > 32) {
    x = load<u64>(ptr, 16) + secret(4);
    y = load<u64>(ptr, 24) + secret(5);
    product = x * y;
    low += product;
    high += highProduct(x, y) + u64(low < product);
    x = load<u64>(last - 16) + secret(6);
    y = load<u64>(last - 8) + secret(7);
    product = x * y;
    low += product;
    high += highProduct(x, y) + u64(low < product);
  }
  return spread(low, high, length);
}

/** SipHash with one round a word and three at the end (Aumasson and Bernstein). */
function sipHash13(ptr: u32, length: u32): u64 {
  const k0 = secret(8);
  const k1 = secret(9);
  let v0: u64 = k0 ^ 0x736f6d6570736575;
  let v1: u64 = k1 ^ 0x646f72616e646f6d;
  let v2: u64 = k0 ^ 0x6c7967656e657261;
  let v3: u64 = k1 ^ 0x7465646279746573;
  const words = length >>> 3;
  // The last word: the remaining bytes, and the length's lowest byte on top. Over 64 bytes there are 8 to load.
  const rest = length & 7;
  let tail: u64 = <u64>length << 56;
  if (rest != 0) tail |= load<u64>(ptr + length - 8) >> ((8 - <u64>rest) << 3);
  for (let i: u32 = 0; i <= words + 3; i++) {
    const m: u64 = i < words ? load<u64>(ptr + (i << 3)) : i == words ? tail : 0;
    if (i == words + 1) v2 ^= 0xff;
    v3 ^= m;
    v0 += v1; v1 = rotl(v1, 13); v1 ^= v0; v0 = rotl(v0, 32);
    v2 += v3; v3 = rotl(v3, 16); v3 ^= v2;
    v0 += v3; v3 = rotl(v3, 21); v3 ^= v0;
    v2 += v1; v1 = rotl(v1, 17); v1 ^= v2; v2 = rotl(v2, 32);
    v0 ^= m;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}
