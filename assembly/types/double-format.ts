// Double to text as printf's %.17g writes it: the exact value rounded to 17 digits, ties to an even digit, without
// trailing zeros; in scientific notation below 10^-4 and from 10^17 on. A double that is read back from it is the same.
import { formatI64, formatU64 } from './integer';
import { multiplyWide, shiftRightSticky, TOP_BIT, wideHigh, wideLow } from './long-double-bits';
import { DOUBLE_BIAS, DOUBLE_FRACTION_BITS } from './double-bits';
import { LIMBS_NUMBER, POWER_OF_FIVE_MAX, limbsAlign, limbsBits, limbsDivide, limbsTimesPowerOfFive, powerOfFive, LIMBS_ALIGNED } from './long-double-limbs';

/** "-1.2345678901234567e-308" */
export const DOUBLE_CHARS_MAX: u32 = 24;

const DIGITS: i32 = 17;
const LARGEST_PLAIN: i32 = 16;
const SMALLEST_PLAIN: i32 = -4;
const POWER_OF_TEN_17: u64 = 100000000000000000;
/** From here on not every integer is a double. */
const INTEGERS_MAX: f64 = 9007199254740992;

/**
 * Writes a double, "inf", "-inf", "nan" and "-nan" included.
 * @param to      DOUBLE_CHARS_MAX bytes.
 * @param scratch LD_SCRATCH_BYTES.
 * @returns       the length.
 */
export function writeDouble(value: f64, to: u32, scratch: u32): u32 {
  const bits = reinterpret<u64>(value);
  if (abs(value) < INTEGERS_MAX && trunc(value) == value && (bits << 1 != 0 || bits == 0)) return formatI64(<i64>value, to);
  const sign = <u32>(bits >> 63);
  if (sign != 0) store<u8>(to, 0x2d);
  to += sign;
  if (value - value != 0) {
    store<u16>(to, value != value ? 0x616e : 0x6e69); // "na", "in"
    store<u8>(to, value != value ? 0x6e : 0x66, 2);
    return sign + 3;
  }
  if (bits << 1 == 0) {
    store<u8>(to, 0x30);
    return sign + 1;
  }
  decompose(bits);
  seventeenDigits(scratch);
  return sign + layOut(to);
}

/** The number in hand: mantissa * 2^exponent, the mantissa not 0. */
let mantissa: u64 = 0;
let exponent: i32 = 0;
/** Its digits, 10^16 .. 10^17 - 1, and the power of ten that the first of them counts. */
let digits: u64 = 0;
let tens: i32 = 0;

function decompose(bits: u64): void {
  const fraction = bits & 0x000fffffffffffff;
  const field = <i32>(bits >> DOUBLE_FRACTION_BITS) & 0x7ff;
  mantissa = field != 0 ? fraction | 0x0010000000000000 : fraction;
  exponent = max(field, 1) - DOUBLE_BIAS;
}

/** Sets `digits` and `tens`. The first estimate of `tens` is right or one too small; then the result has 18 digits. */
function seventeenDigits(scratch: u32): void {
  const top = exponent + 63 - <i32>clz(mantissa); // 2^top <= value
  // 78913 / 2^18 is a little below log10(2); the product is off by less than a hundredth for every top.
  tens = (top * 78913) >> 18;
  if (top < 0) tens = -((-top * 78914 + 262143) >> 18);
  digits = scaledDigits(DIGITS - 1 - tens, scratch);
  if (digits < POWER_OF_TEN_17) return;
  tens++;
  digits = scaledDigits(DIGITS - 1 - tens, scratch);
  if (digits < POWER_OF_TEN_17) return;
  digits /= 10;
  tens++;
}

@inline function rounded(whole: u64, rest: u64): u64 {
  return whole + u64(rest > TOP_BIT || (rest == TOP_BIT && (whole & 1) != 0));
}

/** The number in hand times 10^power, rounded to an integer, ties to even; it is below 10^18. */
function scaledDigits(power: i32, scratch: u32): u64 {
  const shift = -(exponent + power); // to the right, once the number is multiplied by 5^power
  if (power < 0) return dividedDigits(<u32>-power, scratch);
  if (power <= <i32>POWER_OF_FIVE_MAX) {
    multiplyWide(mantissa, powerOfFive(<u32>power));
    if (shift <= 0) return wideLow << <u64>-shift;
    if (shift >= 64) {
      shiftRightSticky(wideHigh, wideLow, <u32>shift - 64);
      return rounded(wideHigh, wideLow);
    }
    return rounded((wideHigh << (64 - <u64>shift)) | (wideLow >> <u64>shift), wideLow << (64 - <u64>shift));
  }
  const number = scratch + LIMBS_NUMBER;
  store<u64>(number, mantissa);
  let count = limbsTimesPowerOfFive(number, mantissa >> 32 != 0 ? 2 : 1, <u32>power);
  return topDigits(number, count, shift, false, scratch);
}

/** The integer part of number / 2^shift, rounded; `sticky`: the number was cut below, and what was cut was not 0. */
function topDigits(number: u32, count: u32, shift: i32, sticky: bool, scratch: u32): u64 {
  const aligned = scratch + LIMBS_ALIGNED;
  const topBit = limbsBits(number, count) - 1;
  const lost = limbsAlign(number, count, aligned, 4, topBit + 64 - shift);
  return rounded(load<u64>(aligned, 8), load<u64>(aligned) | u64(lost || sticky));
}

/** The number in hand divided by 10^power, rounded. Two bits more than the integer part decide about the rounding. */
function dividedDigits(power: u32, scratch: u32): u64 {
  const number = scratch + LIMBS_NUMBER;
  const left = exponent - <i32>power + 2;
  assert(left >= 0);
  const below = <u32>left >> 5;
  const part = <u64>left & 31;
  memory.fill(number, 0, below << 2);
  store<u64>(number + (below << 2), mantissa << part);
  store<u32>(number + (below << 2), part == 0 ? 0 : <u32>(mantissa >> (64 - part)), 8);
  let count = trimmed(number, below + 3);
  let sticky: bool = false;
  for (; power >= 13; power -= 13) {
    if (limbsDivide(number, count, 1220703125) != 0) sticky = true; // 5^13
    count = trimmed(number, count);
  }
  if (power != 0 && limbsDivide(number, count, <u32>powerOfFive(power)) != 0) sticky = true;
  return topDigits(number, trimmed(number, count), 2, sticky, scratch);
}

/** The count without leading zero limbs. */
function trimmed(number: u32, count: u32): u32 {
  while (count != 0 && load<u32>(number + (count << 2) - 4) == 0) count--;
  return count;
}

/** Writes `digits` and `tens`. Returns the length. */
function layOut(to: u32): u32 {
  let count = <u32>DIGITS;
  while (count > 1 && digits % 10 == 0) { digits /= 10; count--; }
  if (tens < SMALLEST_PLAIN || tens > LARGEST_PLAIN) {
    const length = withPoint(to, count, 1);
    return length + writeExponent(to + length);
  }
  if (tens < 0) {
    const zeros = <u32>-tens + 1; // "0." and what follows it
    memory.fill(to, 0x30, zeros);
    store<u8>(to, 0x2e, 1);
    return zeros + formatU64(digits, to + zeros);
  }
  return withPoint(to, count, <u32>tens + 1);
}

/** `count` digits with a point behind the first `whole` of them, filled up with zeros as far as the point. */
function withPoint(to: u32, count: u32, whole: u32): u32 {
  if (count <= whole) {
    formatU64(digits, to);
    memory.fill(to + count, 0x30, whole - count);
    return whole;
  }
  formatU64(digits, to + 1);
  memory.copy(to, to + 1, whole);
  store<u8>(to + whole, 0x2e);
  return count + 1;
}

/** "e-05", "e+300": at least two digits. */
function writeExponent(to: u32): u32 {
  const size = <u32>abs(tens);
  store<u16>(to, tens < 0 ? 0x2d65 : 0x2b65);
  if (size >= 10) return 2 + formatU64(size, to + 2);
  store<u16>(to, 0x3030 | (size << 8), 2);
  return 4;
}
