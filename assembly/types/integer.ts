// Integers as text: which bytes stand for a 64-bit integer, and the one way to write such an integer down. A string
// that parseI64 takes is exactly one that formatI64 writes, so a value may be kept as a number and given back as text.

/** The number that the last successful parseI64 of this instance found. */
export let parsedI64: i64 = 0;

/** "-9223372036854775808" */
export const I64_CHARS_MAX: u32 = 20;

const MINUS: u32 = 0x2d;
const ZEROS: u64 = 0x3030303030303030;
const HIGH_NIBBLES: u64 = 0xf0f0f0f0f0f0f0f0;

/**
 * Reads the canonical decimal form of a signed 64-bit integer: an optional minus, no plus, no space, no leading zero, no
 * "-0", nothing out of range. Same verdicts as Redis 7.
 * @param len 0 and more; only bytes ptr..ptr+len-1 are read.
 * @returns   true: parsedI64 holds it. false: parsedI64 is as it was.
 */
export function parseI64(ptr: u32, len: u32): bool {
  if (len - 1 >= I64_CHARS_MAX) return false; // 0 wraps round and is refused with the rest
  const negative = load<u8>(ptr) == MINUS;
  let at = ptr + u32(negative);
  const end = ptr + len;
  // Twenty digits are 10^19 at least, which no i64 reaches; nineteen cannot overflow the u64 below.
  const digits = end - at;
  if (digits - 1 >= 19) return false;
  const first = <u32>load<u8>(at) - 0x30;
  if (first - 1 >= 9) {
    if (len != 1 || first != 0) return false;
    parsedI64 = 0;
    return true;
  }
  let value: u64 = 0;
  while (end - at >= 8) {
    const chunk = load<u64>(at);
    if (!allDigits(chunk)) return false;
    value = value * 100000000 + eightDigits(chunk);
    at += 8;
  }
  while (at < end) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) return false;
    value = value * 10 + digit;
    at++;
  }
  if (value > <u64>i64.MAX_VALUE + u64(negative)) return false;
  parsedI64 = negative ? <i64>(0 - value) : <i64>value;
  return true;
}

/** Whether all eight bytes are '0'..'9': high nibble 3, also after adding 6. The check of the sum needs the first one. */
@inline function allDigits(chunk: u64): bool {
  return (chunk & HIGH_NIBBLES) == ZEROS && ((chunk + 0x0606060606060606) & HIGH_NIBBLES) == ZEROS;
}

/** The number that eight digits spell; the lowest byte is the first digit. Neighbours are joined to pairs, fours, eight. */
function eightDigits(chunk: u64): u64 {
  let pairs = chunk - ZEROS;
  pairs = pairs * 10 + (pairs >> 8); // even bytes: first digit * 10 + second digit
  const odd = (pairs & 0x000000ff000000ff) * 0x000f424000000064; // first and third pair: * 10^6, * 100
  const even = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001; // second and fourth pair: * 10^4, * 1
  return (odd + even) >> 32;
}

/**
 * Writes a signed integer in decimal.
 * @returns the length, 1..I64_CHARS_MAX; no byte beyond it is written.
 */
export function formatI64(value: i64, out: u32): u32 {
  if (value >= 0) return formatU64(<u64>value, out);
  store<u8>(out, MINUS);
  return 1 + formatU64(0 - <u64>value, out + 1);
}

/** Writes an unsigned integer in decimal. Returns the length, 1..20; no byte beyond it is written. */
export function formatU64(value: u64, out: u32): u32 {
  if (value < 100000000) return formatShort(<u32>value, out);
  const upper = value / 100000000;
  let length: u32;
  if (upper < 100000000) length = formatShort(<u32>upper, out);
  else {
    const top = <u32>(upper / 100000000);
    length = formatShort(top, out);
    writeEight(<u32>(upper - <u64>top * 100000000), out + length);
    length += 8;
  }
  writeEight(<u32>(value - upper * 100000000), out + length);
  return length + 8;
}

/** Writes a number below 10^8 without leading zeros, from its last pair of digits to its first. */
function formatShort(value: u32, out: u32): u32 {
  if (value < 10) {
    store<u8>(out, 0x30 + value);
    return 1;
  }
  const length: u32 =
    value < 10000 ? (value < 100 ? 2 : value < 1000 ? 3 : 4)
    : value < 1000000 ? (value < 100000 ? 5 : 6)
    : value < 10000000 ? 7 : 8;
  let at = out + length;
  while (value >= 100) {
    const rest = value / 100;
    at -= 2;
    store<u16>(at, twoDigits(value - rest * 100));
    value = rest;
  }
  if (value >= 10) store<u16>(out, twoDigits(value));
  else store<u8>(out, 0x30 + value);
  return length;
}

/** The text of 0..99 as two bytes, tens in the lower one. value * 103 >> 10 is value / 10 up to 178. */
@inline function twoDigits(value: u32): u32 {
  const tens = (value * 103) >> 10;
  return 0x3030 + tens + ((value - tens * 10) << 8);
}

/** Writes a number below 10^8 as eight digits, leading zeros included. The lanes of one u64 are divided together. */
export function writeEight(value: u32, out: u32): void {
  assert(value < 100000000);
  const upper = value / 10000;
  const fours = <u64>upper | (<u64>(value - upper * 10000) << 32);
  const hundreds = ((fours * 5243) >> 19) & 0x0000007f0000007f; // x * 5243 >> 19 is x / 100 up to 10^4
  const pairs = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  store<u64>(out, (tens | ((pairs - tens * 10) << 8)) + ZEROS);
}
