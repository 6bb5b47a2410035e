// Doubles as bits: what both directions of conversion need.
import { BIAS, TOP_BIT, shiftRightSticky, wideHigh, wideLow } from './long-double-bits';

export const DOUBLE_SIGN: u64 = 0x8000000000000000;
export const DOUBLE_INFINITY: u64 = 0x7ff0000000000000;
export const DOUBLE_NAN: u64 = 0x7ff8000000000000;
/** Bits of the fraction, and the exponent's offset when the mantissa counts as an integer. */
export const DOUBLE_FRACTION_BITS: u32 = 52;
export const DOUBLE_BIAS: i32 = 1075;
const EXPONENT_INFINITE: i32 = 0x7ff;
/** Bits of a 64-bit mantissa that a double has no room for. */
const SURPLUS_BITS: i32 = 11;

/**
 * The double nearest to (high + low / 2^64) * 2^(exponent - BIAS), ties to an even mantissa; bit 63 of `high` set; `low`
 * exact or sticky. Too large becomes infinity, too small a subnormal or 0.
 */
export function doubleRounded(exponent: i32, high: u64, low: u64): u64 {
  assert((high & TOP_BIT) != 0);
  // The biased exponent of a normal result: the leading 1 stands 63 bits above the lowest bit of `high`.
  let biased = exponent - BIAS + SURPLUS_BITS + DOUBLE_BIAS;
  if (biased >= EXPONENT_INFINITE) return DOUBLE_INFINITY;
  const below = max(1 - biased, 0);
  if (below != 0) biased = 1;
  shiftRightSticky(high, low, <u32>(SURPLUS_BITS + min(below, 200)));
  const mantissa = wideHigh + u64(wideLow > TOP_BIT || (wideLow == TOP_BIT && (wideHigh & 1) != 0));
  // The leading 1 of the mantissa adds one to the exponent field; so does a carry out of it, and a subnormal adds none.
  return ((<u64>(biased - 1)) << DOUBLE_FRACTION_BITS) + mantissa;
}
