// Strings as bits. Bit 0 is the highest bit of byte 0, as in Redis. Nothing here knows keys or replies.

/** Number of ones in [p, p + length). Four sums at once, since each POPCNT waits for the register it writes. */
export function countOnes(p: u32, length: u32): u64 {
  const end = p + length;
  let a: u64 = 0;
  let b: u64 = 0;
  let c: u64 = 0;
  let d: u64 = 0;
  for (; end - p >= 32; p += 32) {
    a += popcnt(load<u64>(p));
    b += popcnt(load<u64>(p, 8));
    c += popcnt(load<u64>(p, 16));
    d += popcnt(load<u64>(p, 24));
  }
  for (; end - p >= 8; p += 8) a += popcnt(load<u64>(p));
  for (; p < end; p++) b += popcnt(<u64>load<u8>(p));
  return a + b + c + d;
}

/** Ones between the bits `first` and `last`, both included; first <= last. */
export function countOnesBetween(p: u32, first: u64, last: u64): u64 {
  const from = <u32>(first >> 3);
  const to = <u32>(last >> 3);
  const before = <u32>load<u8>(p + from) & ~(0xff >>> (<u32>first & 7));
  const behind = <u32>load<u8>(p + to) & (0x7f >>> (<u32>last & 7));
  return countOnes(p + from, to - from + 1) - <u64>(popcnt(before) + popcnt(behind));
}

/** Position of the first bit equal to `bit` between `first` and `last`, both included, or -1; first <= last. */
export function findBitBetween(p: u32, first: u64, last: u64, bit: u32): i64 {
  // Bytes are turned so that a one is looked for.
  const turn: u32 = bit != 0 ? 0 : 0xff;
  let at = <u32>(first >> 3);
  const to = <u32>(last >> 3);
  let byte = (<u32>load<u8>(p + at) ^ turn) & (0xff >>> (<u32>first & 7));
  if (byte == 0 && at < to) {
    at = skipBytes(p, at + 1, to, turn);
    byte = <u32>load<u8>(p + at) ^ turn;
  }
  if (at == to) byte &= ~(0x7f >>> (<u32>last & 7));
  return byte == 0 ? -1 : (<i64>at << 3) + (clz(byte) - 24);
}

/** Index of the first byte in [at, to) that differs from `turn`, or `to`. */
function skipBytes(p: u32, at: u32, to: u32, turn: u32): u32 {
  const wide = i8x16.splat(<i8>turn);
  for (; to - at >= 32; at += 32) {
    const a = v128.xor(v128.load(p + at), wide);
    const b = v128.xor(v128.load(p + at, 16), wide);
    if (v128.any_true(v128.or(a, b))) break;
  }
  for (; to - at >= 16; at += 16) {
    const differ = ~<u32>i8x16.bitmask(i8x16.eq(v128.load(p + at), wide)) & 0xffff;
    if (differ != 0) return at + ctz(differ);
  }
  while (at < to && <u32>load<u8>(p + at) == turn) at++;
  return at;
}

export const BITS_AND: u32 = 0;
export const BITS_OR: u32 = 1;
export const BITS_XOR: u32 = 2;
export const BITS_NOT: u32 = 3;

/** to = to OP from, over `length` bytes; the two do not overlap unless they are the same. NOT: to = ~from. */
export function combine(operator: u32, to: u32, from: u32, length: u32): void {
  const end = to + length;
  if (operator == BITS_AND) {
    for (; end - to >= 32; to += 32, from += 32) {
      v128.store(to, v128.and(v128.load(to), v128.load(from)));
      v128.store(to, v128.and(v128.load(to, 16), v128.load(from, 16)), 16);
    }
    for (; to < end; to++, from++) store<u8>(to, load<u8>(to) & load<u8>(from));
  } else if (operator == BITS_OR) {
    for (; end - to >= 32; to += 32, from += 32) {
      v128.store(to, v128.or(v128.load(to), v128.load(from)));
      v128.store(to, v128.or(v128.load(to, 16), v128.load(from, 16)), 16);
    }
    for (; to < end; to++, from++) store<u8>(to, load<u8>(to) | load<u8>(from));
  } else if (operator == BITS_XOR) {
    for (; end - to >= 32; to += 32, from += 32) {
      v128.store(to, v128.xor(v128.load(to), v128.load(from)));
      v128.store(to, v128.xor(v128.load(to, 16), v128.load(from, 16)), 16);
    }
    for (; to < end; to++, from++) store<u8>(to, load<u8>(to) ^ load<u8>(from));
  } else {
    for (; end - to >= 32; to += 32, from += 32) {
      v128.store(to, v128.not(v128.load(from)));
      v128.store(to, v128.not(v128.load(from, 16)), 16);
    }
    for (; to < end; to++, from++) store<u8>(to, ~load<u8>(from));
  }
}

/** A field's `bits` ones (1..64) in the low end of a word. */
@inline export function fieldMask(bits: u32): u64 { return u64.MAX_VALUE >> (64 - <u64>bits); }

/**
 * Reads `bits` (1..64) bits from bit `offset` on as an unsigned number, highest first. Bytes from `length` on are zero.
 * @param length Bytes of the string at p.
 */
export function readField(p: u32, length: u32, offset: u64, bits: u32): u64 {
  const first = offset >> 3;
  const shift = <u32>offset & 7;
  const bytes = (shift + bits + 7) >>> 3; // 1..9
  const eight = min<u32>(bytes, 8);
  let word: u64 = 0;
  for (let i: u32 = 0; i < eight; i++) word = (word << 8) | byteAt(p, length, first + i);
  if (bytes <= 8) return (word >> <u64>((bytes << 3) - shift - bits)) & fieldMask(bits);
  // The ninth byte holds the field's last 1..7 bits.
  const last = shift + bits - 64;
  return ((word << <u64>last) | (byteAt(p, length, first + 8) >> <u64>(8 - last))) & fieldMask(bits);
}
@inline function byteAt(p: u32, length: u32, index: u64): u64 { return index < <u64>length ? <u64>load<u8>(p + <u32>index) : 0; }

/** The same field as a signed number. */
export function readSignedField(p: u32, length: u32, offset: u64, bits: u32): i64 {
  const gap = 64 - <i64>bits;
  return (<i64>readField(p, length, offset, bits) << gap) >> gap;
}

/** Writes the low `bits` bits of `value` at bit `offset`. The string reaches at least that far. */
export function writeField(p: u32, offset: u64, bits: u32, value: u64): void {
  let at = p + <u32>(offset >> 3);
  let room = 8 - (<u32>offset & 7); // bits of the byte in hand from the field's next bit to its end
  let left = bits;
  while (left != 0) { // at most nine bytes
    const take = min(left, room);
    const shift = room - take;
    const mask = ((1 << take) - 1) << shift;
    const part = (<u32>(value >> <u64>(left - take)) << shift) & mask;
    store<u8>(at, (<u32>load<u8>(at) & ~mask) | part);
    left -= take;
    room = 8;
    at++;
  }
}
