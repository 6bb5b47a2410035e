// Text to long double: the decimal and hexadecimal forms of C's strtold, the infinities, and Redis's own refusals. Every
// accepted text becomes the number nearest to its exact value.
import {
  BIAS, EXPONENT_INFINITE, TOP_BIT, ldExponent, ldMantissa, ldRound, ldStore, ldStoreInfinity, multiplyWide, wideHigh,
  wideLow,
} from './long-double-bits';
import {
  LIMBS_ALIGNED, LIMBS_DIVISOR, LIMBS_NUMBER, POWER_OF_FIVE_MAX, limbsAlign, limbsBits, limbsMultiplyAdd,
  limbsQuotientLimb, limbsTimesPowerOfFive, powerOfFive,
} from './long-double-limbs';

/** The longest text that is looked at. */
export const LD_TEXT_BYTES_MAX: u32 = 5119;

/** Decimal digits that a u64 always holds. */
const DIGITS_IN_U64: u32 = 19;
/** Below 0.1 * 10^-4950 everything rounds to zero; from 10^4933 on everything is infinite. */
const DECIMAL_POINT_MIN: i32 = -4950;
const DECIMAL_POINT_MAX: i32 = 4933;
/** An exponent field stops counting here: far outside what 5119 digits can bring back, far inside an i32. */
const EXPONENT_FIELD_MAX: i32 = 1000000;

/**
 * Reads a float as Redis does for INCRBYFLOAT: [+-] then decimal digits with an optional point and an optional exponent,
 * or 0x, hexadecimal digits with an optional point and an optional binary exponent, or inf or infinity; letters in either
 * case; nothing before or after. Refused: "nan", a nonzero text that rounds to zero or beyond the largest finite number,
 * and more than LD_TEXT_BYTES_MAX bytes.
 * @param out     LD_BYTES; untouched or undefined when refused.
 * @param scratch LD_SCRATCH_BYTES, address a multiple of 8.
 */
export function ldParse(ptr: u32, len: u32, out: u32, scratch: u32): bool {
  if (len - 1 >= LD_TEXT_BYTES_MAX) return false; // 0 wraps round and is refused with the rest
  const end = ptr + len;
  let first = <u32>load<u8>(ptr);
  const negative = first == 0x2d;
  if (negative || first == 0x2b) {
    ptr++;
    if (ptr == end) return false;
    first = <u32>load<u8>(ptr);
  }
  if ((first | 0x20) == 0x69) return parseInfinity(ptr, end, negative, out);
  if (first == 0x30 && end - ptr >= 3 && (load<u8>(ptr, 1) | 0x20) == 0x78) return parseHex(ptr + 2, end, negative, out);
  return parseDecimal(ptr, end, negative, out, scratch);
}

function parseInfinity(ptr: u32, end: u32, negative: bool, out: u32): bool {
  const length = end - ptr;
  if (length != 3 && length != 8) return false;
  if (lowerCase(ptr, 3) != 0x666e69) return false; // "inf"
  if (length == 8 && lowerCase(ptr + 3, 5) != 0x7974696e69) return false; // "inity"
  ldStoreInfinity(out, negative);
  return true;
}

/** Up to eight bytes as a number, first byte lowest, each with the bit set that makes a capital letter small. */
function lowerCase(ptr: u32, length: u32): u64 {
  let word: u64 = 0;
  for (let i: u32 = 0; i < length; i++) word |= <u64>(load<u8>(ptr + i) | 0x20) << (i << 3);
  return word;
}

/** The number that the last successful parseExponent found: at most EXPONENT_FIELD_MAX * 10 in size. */
let exponentField: i32 = 0;

/** An exponent after its letter, up to the end of the text: an optional sign and at least one digit. */
function parseExponent(ptr: u32, end: u32): bool {
  if (ptr == end) return false;
  const sign = load<u8>(ptr);
  if (sign == 0x2b || sign == 0x2d) ptr++;
  if (ptr == end) return false;
  let value: i32 = 0;
  for (; ptr < end; ptr++) {
    const digit = <i32>load<u8>(ptr) - 0x30;
    if (<u32>digit > 9) return false;
    if (value < EXPONENT_FIELD_MAX) value = value * 10 + digit;
  }
  exponentField = sign == 0x2d ? -value : value;
  return true;
}

function parseDecimal(ptr: u32, end: u32, negative: bool, out: u32, scratch: u32): bool {
  let point: bool = false;
  let any: bool = false; // a digit was met
  let decimals: i32 = 0; // digits after the point
  let counted: u32 = 0; // digits from the first one that is not zero
  let significant: u32 = 0; // ... to the last one that is not zero
  let start: u32 = 0; // address of the first digit that is not zero
  let head: u64 = 0; // the first DIGITS_IN_U64 counted digits
  for (; ptr < end; ptr++) {
    const byte = <u32>load<u8>(ptr);
    const digit = byte - 0x30;
    if (digit <= 9) {
      any = true;
      if (point) decimals++;
      if ((digit | counted) == 0) continue;
      if (counted == 0) start = ptr;
      counted++;
      if (counted <= DIGITS_IN_U64) head = head * 10 + digit;
      if (digit != 0) significant = counted;
    } else if (byte == 0x2e && !point) point = true;
    else break;
  }
  if (!any) return false;
  let exponent: i32 = 0;
  if (ptr < end) {
    if ((load<u8>(ptr) | 0x20) != 0x65 || !parseExponent(ptr + 1, end)) return false;
    exponent = exponentField;
  }
  if (counted == 0) {
    ldStore(out, negative, 0, 0);
    return true;
  }
  // The value is 0.ddd... * 10^pointAt, where ddd... are the counted digits.
  const pointAt = exponent - decimals + <i32>counted;
  if (pointAt < DECIMAL_POINT_MIN || pointAt > DECIMAL_POINT_MAX) return false;
  if (significant <= DIGITS_IN_U64) {
    const power = pointAt - <i32>min(counted, DIGITS_IN_U64);
    if (power >= 0 && power <= <i32>POWER_OF_FIVE_MAX) {
      scaleUp(head, power, negative, out);
      return true;
    }
    if (power < 0 && power >= -<i32>POWER_OF_FIVE_MAX) {
      scaleDown(head, -power, negative, out);
      return true;
    }
  }
  const count = readDigits(start, significant, scratch + LIMBS_NUMBER);
  const power = pointAt - <i32>significant;
  if (power >= 0) scaleUpLong(scratch, count, power, negative, out);
  else scaleDownLong(scratch, count, -power, negative, out);
  return isFiniteNonzero(out);
}

/** What Redis asks of a nonzero text: that it neither overflowed nor vanished. */
function isFiniteNonzero(a: u32): bool {
  return ldExponent(a) != EXPONENT_INFINITE && ldMantissa(a) != 0;
}

/** out = head * 10^power, power 0..27: 5^power fits a u64, so the product of 128 bits is exact. */
function scaleUp(head: u64, power: i32, negative: bool, out: u32): void {
  multiplyWide(head, powerOfFive(power));
  let high = wideHigh;
  let low = wideLow;
  let shift = high != 0 ? <i32>clz(high) : 64 + <i32>clz(low);
  const exponent = BIAS + 64 + power - shift;
  if (shift >= 64) {
    high = low;
    low = 0;
    shift -= 64;
  }
  if (shift != 0) {
    high = (high << shift) | (low >> (64 - shift));
    low <<= shift;
  }
  ldRound(out, negative, exponent, high, low);
}

/** out = head / 10^power, power 1..27: a quotient of exactly 64 bits, rounded by comparing the remainder with a half. */
function scaleDown(head: u64, power: i32, negative: bool, out: u32): void {
  const five = powerOfFive(power);
  const headShift = <i32>clz(head);
  const fiveShift = <i32>clz(five);
  const dividend = head << headShift;
  const divisor = five << fiveShift;
  // Both are in 2^63..2^64-1, so their quotient is in 1/2..2, bounds excluded. A dividend not below the divisor is halved.
  const halve = i32(dividend >= divisor);
  divideWide(dividend >> halve, halve != 0 ? dividend << 63 : 0, divisor);
  const twice = remainder > divisor - remainder ? TOP_BIT + 1 : remainder == divisor - remainder ? TOP_BIT : 1;
  const exponent = BIAS - 64 + halve - headShift + fiveShift - power;
  ldRound(out, negative, exponent, quotient, remainder == 0 ? 0 : twice);
}

let quotient: u64 = 0;
let remainder: u64 = 0;

/** quotient, remainder = high:low / divisor; bit 63 of the divisor is set and high is below it. */
function divideWide(high: u64, low: u64, divisor: u64): void {
  assert(high < divisor);
  const first = divideStep(high, low >> 32, divisor);
  const second = divideStep(remainder, low & 0xffffffff, divisor);
  quotient = (first << 32) | second;
}

/** One 32-bit digit of the quotient: (high * 2^32 + next) / divisor, with high below the divisor; sets `remainder`. */
function divideStep(high: u64, next: u64, divisor: u64): u64 {
  const top = divisor >> 32;
  const bottom = divisor & 0xffffffff;
  let digit = high / top;
  let rest = high - digit * top;
  // Runs three times at most: the estimate from the divisor's upper half is at most two too large, or 2^32 + 1.
  while (digit > 0xffffffff || digit * bottom > ((rest << 32) | next)) {
    digit--;
    rest += top;
    if (rest > 0xffffffff) break;
  }
  remainder = ((high << 32) | next) - digit * divisor; // below 2^64, so what overflows on both sides cancels
  return digit;
}

/** Powers of ten that fit a limb: 10^0 .. 10^9. */
const POWERS_OF_TEN = memory.data<u32>([1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000]);

/** The number that `digits` digits from `ptr` on spell, a point among them skipped. Returns its count of limbs. */
function readDigits(ptr: u32, digits: u32, to: u32): u32 {
  let count: u32 = 0;
  while (digits != 0) {
    const group = min(digits, 9);
    let value: u32 = 0;
    for (let i: u32 = 0; i < group; ptr++) {
      const digit = <u32>load<u8>(ptr) - 0x30;
      if (digit > 9) continue;
      value = value * 10 + digit;
      i++;
    }
    count = limbsMultiplyAdd(to, count, load<u32>(<u32>POWERS_OF_TEN + (group << 2)), value);
    digits -= group;
  }
  return count;
}

/** out = number * 10^power: multiplied by 5^power in place, of which the highest 128 bits and a sticky one are rounded. */
function scaleUpLong(scratch: u32, count: u32, power: i32, negative: bool, out: u32): void {
  const number = scratch + LIMBS_NUMBER;
  const aligned = scratch + LIMBS_ALIGNED;
  count = limbsTimesPowerOfFive(number, count, power);
  const exponent = BIAS - 64 + limbsBits(number, count) + power;
  const sticky = limbsAlign(number, count, aligned, 4, 127);
  ldRound(out, negative, exponent, load<u64>(aligned, 8), load<u64>(aligned) | u64(sticky));
}

/**
 * out = number / 10^power. Number and 5^power are aligned so that the quotient has 95 or 96 bits, three limbs: a long
 * division of three steps, however long the two are. The remainder only matters by being zero or not.
 */
function scaleDownLong(scratch: u32, count: u32, power: i32, negative: bool, out: u32): void {
  const number = scratch + LIMBS_NUMBER;
  const divisor = scratch + LIMBS_DIVISOR;
  const aligned = scratch + LIMBS_ALIGNED;
  store<u32>(aligned, 1);
  const fiveCount = limbsTimesPowerOfFive(aligned, 1, power);
  const width = max<u32>(fiveCount, 2);
  const fiveShift = <i32>(width << 5) - limbsBits(aligned, fiveCount);
  limbsAlign(aligned, fiveCount, divisor, width, <i32>(width << 5) - 1);

  // The highest bit of the dividend stays clear: its upper limbs are then below the divisor, as each step needs.
  const topBit = <i32>((width + 3) << 5) - 2;
  const numberShift = topBit + 1 - limbsBits(number, count);
  let sticky = limbsAlign(number, count, aligned, width + 3, topBit);
  const upper = limbsQuotientLimb(aligned + 8, divisor, width);
  const middle = limbsQuotientLimb(aligned + 4, divisor, width);
  const lower = limbsQuotientLimb(aligned, divisor, width);
  for (let i: u32 = 0; i < width && !sticky; i++) sticky = load<u32>(aligned + (i << 2)) != 0;

  let high = (<u64>upper << 32) | middle;
  let low = (<u64>lower << 32) | u64(sticky);
  let exponent = BIAS + 32 + fiveShift - numberShift - power;
  if ((high & TOP_BIT) == 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponent--;
  }
  ldRound(out, negative, exponent, high, low);
}

/** The value of a hexadecimal digit; 16 for any other byte. */
function hexDigit(byte: u32): u32 {
  if (byte - 0x30 <= 9) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 16;
}

function parseHex(ptr: u32, end: u32, negative: bool, out: u32): bool {
  let point: bool = false;
  let any: bool = false; // a digit was met
  let high: u64 = 0; // the first sixteen digits, without leading zeros
  let low: u64 = 0; // the next sixteen, and the mark of any 1 after those
  let counted: i32 = 0; // digits without leading zeros
  let decimals: i32 = 0; // digits after the point
  for (; ptr < end; ptr++) {
    const byte = <u32>load<u8>(ptr);
    const digit = hexDigit(byte);
    if (digit < 16) {
      any = true;
      if (point) decimals++;
      if ((digit | counted) == 0) continue;
      if (counted < 16) high = (high << 4) | digit;
      else if (counted < 32) low |= <u64>digit << ((31 - counted) << 2);
      else low |= u64(digit != 0);
      counted++;
    } else if (byte == 0x2e && !point) point = true;
    else break;
  }
  if (!any) return false;
  let exponent: i32 = 0;
  if (ptr < end) {
    if ((load<u8>(ptr) | 0x20) != 0x70 || !parseExponent(ptr + 1, end)) return false;
    exponent = exponentField;
  }
  if (counted == 0) {
    ldStore(out, negative, 0, 0);
    return true;
  }
  // `high` holds min(counted, 16) digits; what follows them is in `low`, as a fraction of 2^64.
  exponent += BIAS + ((max(counted, 16) - 16 - decimals) << 2);
  const shift = <i32>clz(high);
  if (shift != 0) {
    high = (high << shift) | (low >> (64 - shift));
    low <<= shift;
  }
  ldRound(out, negative, exponent - shift, high, low);
  return isFiniteNonzero(out);
}
