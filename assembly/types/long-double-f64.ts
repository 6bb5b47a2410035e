// A double as a long double: exact, since every f64 is one.
import { BIAS, EXPONENT_INFINITE, TOP_BIT, ldStore } from './long-double-bits';

/** Exponent field of an f64 that counts its mantissa as an integer: 1023 for the leading bit, 52 for the bits below it. */
const F64_BIAS: i32 = 1023 + 52;

/**
 * Stores a double at `out`.
 * @param out LD_BYTES; infinities and what is no number stay what they are.
 */
export function ldFromF64(value: f64, out: u32): void {
  const bits = reinterpret<u64>(value);
  const negative = bits >> 63 != 0;
  const field = <i32>(bits >> 52) & 0x7ff;
  const fraction = bits & 0x000fffffffffffff;
  if (field == 0x7ff) { ldStore(out, negative, EXPONENT_INFINITE, TOP_BIT | (fraction << 11)); return; }
  if (field == 0 && fraction == 0) { ldStore(out, negative, 0, 0); return; }
  // The mantissa with its leading bit, moved up to bit 63.
  const mantissa = field == 0 ? fraction : fraction | 0x0010000000000000;
  const shift = <i32>clz(mantissa);
  ldStore(out, negative, max(field, 1) - F64_BIAS + BIAS - shift, mantissa << <u64>shift);
}
