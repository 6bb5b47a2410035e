// Text to double as C's strtod reads it: white space, a sign, then decimal or hexadecimal digits with an optional point
// and an optional exponent, or inf, infinity, nan, nan(letters). What stands behind is not looked at. The value is the
// double nearest to the text's exact value.
import { BIAS } from './long-double-bits';
import { DIGITS_IN_U64, hexDigit, scaleLong, scaleShort, scaledExponent, scaledHigh, scaledLow } from './decimal-scale';
import { DOUBLE_INFINITY, DOUBLE_NAN, DOUBLE_SIGN, doubleRounded } from './double-bits';

/** Of the last `readDouble`: the number; whether a finite text overflowed, or one that is not zero vanished. */
export let readValue: f64 = 0;
export let readOutOfRange: bool = false;

/** Digits that are looked at: no tie between two doubles has more than 767, so what follows them is only zero or not. */
const DIGITS_MAX: u32 = 800;
/** The value is 0.ddd * 10^pointAt: up to here everything rounds to zero, from there on everything is infinite. */
const DECIMAL_POINT_MIN: i32 = -330;
const DECIMAL_POINT_MAX: i32 = 310;
/** An exponent field stops counting here: more than the digits of any text can bring back, and no i32 overflows by it. */
const EXPONENT_FIELD_MAX: i32 = 100000000;
/** The longest text that is looked at; Redis's largest argument is as long. */
const TEXT_BYTES_MAX: u32 = 0x20000000;

@inline function isSpace(byte: u32): bool { return byte == 32 || byte - 9 <= 4; }
@inline function isDigit(byte: u32): bool { return byte - 0x30 <= 9; }

/**
 * Reads the longest beginning of a text that is a number.
 * @param scratch LD_SCRATCH_BYTES.
 * @returns bytes read, 0: none of the forms. readValue and readOutOfRange hold the rest; an infinite or vanished number
 *          that the text overshot is what strtod gives, with errno ERANGE.
 */
export function readDouble(ptr: u32, length: u32, scratch: u32): u32 {
  readOutOfRange = false;
  readValue = 0;
  const end = ptr + min(length, TEXT_BYTES_MAX);
  let p = ptr;
  while (p < end && isSpace(load<u8>(p))) p++;
  if (p == end) return 0;
  const negative = load<u8>(p) == 0x2d;
  if (negative || load<u8>(p) == 0x2b) p++;
  if (p == end) return 0;
  const first = <u32>load<u8>(p);
  let after: u32;
  bits = 0;
  if (isDigit(first) || first == 0x2e) {
    after = first == 0x30 && end - p >= 3 && (load<u8>(p, 1) | 0x20) == 0x78 ? readHex(p, end) : 0;
    if (after == 0) after = readDecimal(p, end, scratch);
  } else after = readWord(p, end);
  if (after == 0) return 0;
  readValue = reinterpret<f64>(bits | (negative ? DOUBLE_SIGN : 0));
  return after - ptr;
}

/** The number in hand, without its sign. */
let bits: u64 = 0;

/** Do the bytes at p begin with the word, `lower` packed little-endian, in any letter case? */
function startsWith(p: u32, end: u32, lower: u64, length: u32): bool {
  if (end - p < length) return false;
  for (let i: u32 = 0; i < length; i++) {
    const c = <u32>load<u8>(p + i);
    if ((c >= 65 && c <= 90 ? c | 32 : c) != (<u32>(lower >> (<u64>i << 3)) & 255)) return false;
  }
  return true;
}

/** inf, infinity, nan, nan(...). Returns the address behind it, 0: none of them. */
function readWord(p: u32, end: u32): u32 {
  if (startsWith(p, end, 0x666e69, 3)) {
    bits = DOUBLE_INFINITY;
    return startsWith(p + 3, end, 0x7974696e69, 5) ? p + 8 : p + 3;
  }
  if (!startsWith(p, end, 0x6e616e, 3)) return 0;
  bits = DOUBLE_NAN;
  p += 3;
  if (p == end || load<u8>(p) != 0x28) return p;
  for (let q = p + 1; q < end; q++) {
    const c = <u32>load<u8>(q);
    if (c == 0x29) return q + 1;
    if (!isDigit(c) && (c | 32) - 97 > 25 && c != 0x5f) break;
  }
  return p;
}

/** The exponent that the last readExponent found. */
let exponentField: i32 = 0;

/** An exponent, `p` being its letter's address. Returns the address behind it; `p` when no digit follows the letter. */
function readExponent(p: u32, end: u32): u32 {
  exponentField = 0;
  let q = p + 1;
  if (q >= end) return p;
  const sign = <u32>load<u8>(q);
  if (sign == 0x2b || sign == 0x2d) q++;
  if (q >= end || !isDigit(load<u8>(q))) return p;
  let value: i32 = 0;
  for (; q < end && isDigit(load<u8>(q)); q++) {
    if (value < EXPONENT_FIELD_MAX) value = value * 10 + <i32>load<u8>(q) - 0x30;
  }
  exponentField = sign == 0x2d ? -value : value;
  return q;
}

function readDecimal(p: u32, end: u32, scratch: u32): u32 {
  let point: bool = false;
  let any: bool = false; // a digit was met
  let decimals: i32 = 0; // digits after the point
  let counted: u32 = 0; // digits from the first one that is not zero
  let significant: u32 = 0; // ... to the last one that is not zero
  let start: u32 = 0; // address of the first digit that is not zero
  let head: u64 = 0; // the first DIGITS_IN_U64 counted digits
  for (; p < end; p++) {
    const byte = <u32>load<u8>(p);
    const digit = byte - 0x30;
    if (digit <= 9) {
      any = true;
      if (point) decimals++;
      if ((digit | counted) == 0) continue;
      if (counted == 0) start = p;
      counted++;
      if (counted <= DIGITS_IN_U64) head = head * 10 + digit;
      if (digit != 0) significant = counted;
    } else if (byte == 0x2e && !point) point = true;
    else break;
  }
  if (!any) return 0;
  exponentField = 0;
  if (p < end && (load<u8>(p) | 0x20) == 0x65) p = readExponent(p, end);
  if (counted == 0) return p;
  const pointAt = exponentField - decimals + <i32>counted;
  if (pointAt <= DECIMAL_POINT_MIN) bits = 0;
  else if (pointAt >= DECIMAL_POINT_MAX) bits = DOUBLE_INFINITY;
  else decimalValue(start, head, counted, significant, pointAt, scratch);
  readOutOfRange = bits == 0 || bits == DOUBLE_INFINITY;
  return p;
}

/** bits = 0.ddd * 10^pointAt, where ddd are the counted digits. */
function decimalValue(start: u32, head: u64, counted: u32, significant: u32, pointAt: i32, scratch: u32): void {
  if (significant <= DIGITS_IN_U64) {
    const power = pointAt - <i32>min(counted, DIGITS_IN_U64);
    if (head <= 0x20000000000000 && power >= -22 && power <= 22) {
      // Both are doubles exactly, and one operation rounds once.
      const ten = <f64>powerOfTen(<u32>abs(power));
      bits = reinterpret<u64>(power >= 0 ? <f64>head * ten : <f64>head / ten);
      return;
    }
    if (scaleShort(head, power)) { bits = doubleRounded(scaledExponent, scaledHigh, scaledLow); return; }
  }
  const digits = min(significant, DIGITS_MAX);
  scaleLong(start, digits, significant > DIGITS_MAX, pointAt - <i32>digits, scratch);
  bits = doubleRounded(scaledExponent, scaledHigh, scaledLow);
}

/** 10^0 .. 10^22, the powers of ten that are doubles. */
const POWERS_OF_TEN = memory.data<f64>([
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
]);
@inline function powerOfTen(power: u32): f64 { return load<f64>(<u32>POWERS_OF_TEN + (power << 3)); }

/** Hexadecimal digits, `p` being the address of "0x". 0: no digit follows. */
function readHex(p: u32, end: u32): u32 {
  p += 2;
  let point: bool = false;
  let any: bool = false; // a digit was met
  let high: u64 = 0; // the first sixteen digits, without leading zeros
  let low: u64 = 0; // the mark of any 1 after those
  let counted: i32 = 0; // digits without leading zeros
  let decimals: i32 = 0; // digits after the point
  for (; p < end; p++) {
    const byte = <u32>load<u8>(p);
    const digit = hexDigit(byte);
    if (digit < 16) {
      any = true;
      if (point) decimals++;
      if ((digit | counted) == 0) continue;
      if (counted < 16) high = (high << 4) | digit;
      else low |= u64(digit != 0);
      counted++;
    } else if (byte == 0x2e && !point) point = true;
    else break;
  }
  if (!any) return 0;
  exponentField = 0;
  if (p < end && (load<u8>(p) | 0x20) == 0x70) p = readExponent(p, end);
  if (counted == 0) return p;
  // What follows the sixteen digits is a fraction of 2^64; with fewer digits there is none.
  const exponent = <i64>exponentField + ((<i64>max(counted, 16) - 16 - decimals) << 2) + BIAS;
  const shift = <i64>clz(high);
  bits = doubleRounded(<i32>min<i64>(max<i64>(exponent - shift, -0x40000000), 0x40000000), high << shift, low);
  readOutOfRange = bits == 0 || bits == DOUBLE_INFINITY;
  return p;
}
