// The x87 extended format in memory, and the rounding that every operation on it ends with. Redis computes INCRBYFLOAT
// in the 80-bit `long double` of x86-64, which no WebAssembly type holds, so its bits are handled here as integers.
//
//   offset size field
//        0    8 mantissa      u64  value = mantissa * 2^(exponent - BIAS); bit 63 is set unless exponent is 0
//        8    2 signExponent  u16  bit 15: negative; bits 14..0: exponent
//       10    6 zero
//
// Exponent 0 scales as exponent 1 does: it marks zero and the subnormal numbers. Exponent 0x7fff with mantissa 2^63 is
// infinity, with any other mantissa no number at all. The first ten bytes are those the processor would store.

/** Size of one number with its padding. */
export const LD_BYTES: u32 = 16;
/** The exponent's offset when the mantissa counts as an integer: 16383 for the leading bit, 63 for the bits below it. */
export const BIAS: i32 = 16383 + 63;
export const EXPONENT_INFINITE: i32 = 0x7fff;
export const TOP_BIT: u64 = 0x8000000000000000;

@unmanaged
export class LongDouble { mantissa: u64; signExponent: u16; zero0: u16; zero1: u32; }
if (offsetof<LongDouble>() != LD_BYTES) ERROR('LongDouble no longer matches its drawing');
if (offsetof<LongDouble>('signExponent') != 8) ERROR('LongDouble no longer matches its drawing: signExponent');

@inline export function ldMantissa(a: u32): u64 { return changetype<LongDouble>(a).mantissa; }
@inline export function ldExponent(a: u32): i32 { return <i32>changetype<LongDouble>(a).signExponent & 0x7fff; }
@inline export function ldNegative(a: u32): bool { return changetype<LongDouble>(a).signExponent >= 0x8000; }

export function ldStore(out: u32, negative: bool, exponent: i32, mantissa: u64): void {
  assert(<u32>exponent <= 0x7fff);
  const value = changetype<LongDouble>(out);
  value.mantissa = mantissa;
  value.signExponent = <u16>(exponent | (i32(negative) << 15));
  value.zero0 = 0;
  value.zero1 = 0;
}

@inline export function ldStoreInfinity(out: u32, negative: bool): void {
  ldStore(out, negative, EXPONENT_INFINITE, TOP_BIT);
}

/** Result of the last shiftRightSticky or multiplyWide of this instance: 128 bits. */
export let wideHigh: u64 = 0;
export let wideLow: u64 = 0;

/** wide = high:low >> by. Bits that fall out leave a mark: if any was 1, so is the lowest bit of the result. */
export function shiftRightSticky(high: u64, low: u64, by: u32): void {
  if (by == 0) {
    wideHigh = high;
    wideLow = low;
  } else if (by < 64) {
    wideHigh = high >> by;
    wideLow = (low >> by) | (high << (64 - by)) | u64(low << (64 - by) != 0);
  } else if (by < 128) {
    const lost = by == 64 ? low : low | (high << (128 - by));
    wideHigh = 0;
    wideLow = (high >> (by - 64)) | u64(lost != 0);
  } else {
    wideHigh = 0;
    wideLow = u64((high | low) != 0);
  }
}

/** wide = a * b, all 128 bits. */
export function multiplyWide(a: u64, b: u64): void {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const cross = aHigh * bLow + ((aLow * bLow) >> 32); // below 2^64: (2^32-1)^2 + 2^32-1
  const middle = aLow * bHigh + (cross & 0xffffffff);
  wideHigh = aHigh * bHigh + (cross >> 32) + (middle >> 32);
  wideLow = a * b;
}

/**
 * Stores (high + low / 2^64) * 2^(exponent - BIAS), rounded to the nearest number, ties to an even mantissa. `low` may be
 * sticky: its lowest bit may stand for any amount below itself. Too large becomes infinity, too small a subnormal or 0.
 * @param exponent Any; where it is above 1, bit 63 of `high` must be set.
 */
export function ldRound(out: u32, negative: bool, exponent: i32, high: u64, low: u64): void {
  assert(exponent <= 1 || (high & TOP_BIT) != 0);
  if (exponent < 1) {
    shiftRightSticky(high, low, <u32>(1 - exponent));
    high = wideHigh;
    low = wideLow;
    exponent = 1;
  }
  if (low > TOP_BIT || (low == TOP_BIT && (high & 1) != 0)) {
    high++;
    if (high == 0) {
      high = TOP_BIT;
      exponent++;
    }
  }
  if (exponent >= EXPONENT_INFINITE) ldStoreInfinity(out, negative);
  else ldStore(out, negative, (high & TOP_BIT) != 0 ? exponent : 0, high);
}
