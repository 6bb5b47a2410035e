// Text to long double: the decimal and hexadecimal forms of C's strtold, the infinities, and Redis's own refusals. Every
// accepted text becomes the number nearest to its exact value.
import { DIGITS_IN_U64, hexDigit, scaleLong, scaleShort, scaledExponent, scaledHigh, scaledLow } from './decimal-scale';
import { BIAS, EXPONENT_INFINITE, ldExponent, ldMantissa, ldRound, ldStore, ldStoreInfinity } from './long-double-bits';

/** The longest text that is looked at. */
export const LD_TEXT_BYTES_MAX: u32 = 5119;

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
  const short = significant <= DIGITS_IN_U64 && scaleShort(head, pointAt - <i32>min(counted, DIGITS_IN_U64));
  if (!short) scaleLong(start, significant, false, pointAt - <i32>significant, scratch);
  ldRound(out, negative, scaledExponent, scaledHigh, scaledLow);
  return isFiniteNonzero(out);
}

/** What Redis asks of a nonzero text: that it neither overflowed nor vanished. */
function isFiniteNonzero(a: u32): bool {
  return ldExponent(a) != EXPONENT_INFINITE && ldMantissa(a) != 0;
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
