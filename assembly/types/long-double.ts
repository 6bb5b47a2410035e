// Redis's float of INCRBYFLOAT and HINCRBYFLOAT: the 80-bit `long double` of x86-64, in software. Replies must agree with
// Redis in every digit, and f64 has eleven bits too few for that.
//
//   ldParse   text to the nearest number       long-double-parse.ts
//   ldAdd     sum, rounded once                here
//   ldFormat  17 decimals, zeros trimmed       long-double-format.ts
//
// A number is LD_BYTES at an address of the caller's (long-double-bits.ts draws it). Text becomes integers of up to a few
// hundred 32-bit limbs (long-double-limbs.ts) in a scratch area that the caller lends for the length of the call.
import {
  EXPONENT_INFINITE, LD_BYTES, TOP_BIT, ldExponent, ldMantissa, ldNegative, ldRound, ldStore, ldStoreInfinity,
  shiftRightSticky, wideHigh, wideLow,
} from './long-double-bits';

export { LD_BYTES } from './long-double-bits';
export { LD_SCRATCH_BYTES } from './long-double-limbs';
export { LD_TEXT_BYTES_MAX, ldParse } from './long-double-parse';
export { LD_CHARS_MAX, ldFormat } from './long-double-format';

/** False for the infinities and for what is no number. */
export function ldIsFinite(a: u32): bool { return ldExponent(a) != EXPONENT_INFINITE; }

/**
 * out = a + b, rounded to nearest, ties to even. Infinities of opposite signs give "no number".
 * @param out May be a or b.
 */
export function ldAdd(a: u32, b: u32, out: u32): void {
  if (!ldIsFinite(a) || !ldIsFinite(b)) { addInfinite(a, b, out); return; }
  // `a` becomes the larger magnitude, so that the difference of the mantissas is never negative.
  let exponent = max(ldExponent(a), 1);
  let other = max(ldExponent(b), 1);
  if (other > exponent || (other == exponent && ldMantissa(b) > ldMantissa(a))) {
    const smaller = a;
    a = b;
    b = smaller;
    const lower = exponent;
    exponent = other;
    other = lower;
  }
  let high = ldMantissa(a);
  let low: u64 = 0;
  const negative = ldNegative(a);
  // Sixty-four bits below the mantissa and a sticky one are enough to round the sum as if it were exact: when `b` moved
  // by two or more, cancellation is one bit at most; when it moved by less, nothing was lost.
  shiftRightSticky(ldMantissa(b), 0, <u32>(exponent - other));
  if (negative == ldNegative(b)) {
    high += wideHigh;
    low = wideLow;
    if (high < wideHigh) {
      shiftRightSticky(high, low, 1);
      high = wideHigh | TOP_BIT;
      low = wideLow;
      exponent++;
    }
  } else {
    low = 0 - wideLow;
    high = high - wideHigh - u64(low != 0);
    if ((high | low) == 0) { ldStore(out, false, 0, 0); return; }
    // Not below exponent 1: what is left then is subnormal.
    const shift = min(high != 0 ? <i32>clz(high) : 64 + <i32>clz(low), exponent - 1);
    if (shift >= 64) {
      high = low << (shift - 64);
      low = 0;
    } else if (shift != 0) {
      high = (high << shift) | (low >> (64 - shift));
      low <<= shift;
    }
    exponent -= shift;
  }
  ldRound(out, negative, exponent, high, low);
}

function addInfinite(a: u32, b: u32, out: u32): void {
  if (ldIsFinite(a)) { memory.copy(out, b, LD_BYTES); return; }
  if (ldIsFinite(b)) { memory.copy(out, a, LD_BYTES); return; }
  const number = ldMantissa(a) == TOP_BIT && ldMantissa(b) == TOP_BIT && ldNegative(a) == ldNegative(b);
  if (number) ldStoreInfinity(out, ldNegative(a));
  else ldStore(out, true, EXPONENT_INFINITE, 0xc000000000000000);
}
