// Long double to text: the exact value rounded to 17 decimals, ties to an even digit, without trailing zeros.
import { formatU64, writeEight } from './integer';
import {
  BIAS, EXPONENT_INFINITE, TOP_BIT, ldExponent, ldMantissa, ldNegative, multiplyWide, shiftRightSticky, wideHigh,
  wideLow,
} from './long-double-bits';
import { LIMBS_DIVISOR, LIMBS_NUMBER, limbsDivide } from './long-double-limbs';

/** A sign and 4933 digits: numbers with decimals are shorter. */
export const LD_CHARS_MAX: u32 = 4934;

const DECIMALS: u32 = 17;
const POWER_OF_TEN_17: u64 = 100000000000000000;

/**
 * Writes a finite number the way Redis stores and replies the result of INCRBYFLOAT. What rounds to zero is "0".
 * @param out     LD_CHARS_MAX bytes.
 * @param scratch LD_SCRATCH_BYTES, address a multiple of 8.
 * @returns       the length.
 */
export function ldFormat(a: u32, out: u32, scratch: u32): u32 {
  const biased = ldExponent(a);
  assert(biased != EXPONENT_INFINITE);
  const mantissa = ldMantissa(a);
  const exponent = max(biased, 1) - BIAS; // the value is mantissa * 2^exponent
  if (exponent > 0) return writeSign(a, out) + formatLong(mantissa, <u32>exponent, out + u32(ldNegative(a)), scratch);
  let whole: u64 = exponent > -64 ? mantissa >> <u64>-exponent : 0;
  let decimals: u64 = exponent == 0 ? 0 : roundDecimals(mantissa, <u32>-exponent);
  if (decimals == POWER_OF_TEN_17) {
    decimals = 0;
    whole++;
  }
  if ((whole | decimals) == 0) {
    store<u8>(out, 0x30);
    return 1;
  }
  let end = out + writeSign(a, out);
  end += formatU64(whole, end);
  if (decimals != 0) end += writeDecimals(decimals, end);
  return end - out;
}

/** Returns the bytes written: 1 for a negative number. */
function writeSign(a: u32, out: u32): u32 {
  if (!ldNegative(a)) return 0;
  store<u8>(out, 0x2d);
  return 1;
}

/** The fraction of mantissa / 2^shift, shift 1..16445, in units of 10^-17: 0..10^17, rounded half to even. */
function roundDecimals(mantissa: u64, shift: u32): u64 {
  const fraction = shift < 64 ? mantissa & (((<u64>1) << shift) - 1) : mantissa;
  multiplyWide(fraction, POWER_OF_TEN_17);
  // The product is below 2^121 and, if the shift is below 64, below 2^(shift + 57): shifted, it fits a u64 and the
  // part behind the point another one, exact or sticky.
  let units: u64;
  let rest: u64;
  if (shift < 64) {
    units = (wideHigh << (64 - shift)) | (wideLow >> shift);
    rest = wideLow << (64 - shift);
  } else {
    shiftRightSticky(wideHigh, wideLow, shift - 64);
    units = wideHigh;
    rest = wideLow;
  }
  return units + u64(rest > TOP_BIT || (rest == TOP_BIT && (units & 1) != 0));
}

/** A point and up to 17 decimals, trailing zeros left out. Returns the bytes kept; 18 are written. */
function writeDecimals(units: u64, out: u32): u32 {
  assert(units != 0);
  assert(units < POWER_OF_TEN_17);
  const upper = units / 100000000;
  const first = <u32>(upper / 100000000);
  store<u8>(out, 0x2e);
  store<u8>(out, 0x30 + first, 1);
  writeEight(<u32>(upper - <u64>first * 100000000), out + 2);
  writeEight(<u32>(units - upper * 100000000), out + 10);
  let length = 1 + DECIMALS;
  while (load<u8>(out + length - 1) == 0x30) length--;
  return length;
}

/** mantissa * 2^exponent in full, exponent 1..16320, bit 63 of the mantissa set. Returns the length, up to 4933. */
function formatLong(mantissa: u64, exponent: u32, out: u32, scratch: u32): u32 {
  assert(exponent <= 16320);
  const number = scratch + LIMBS_NUMBER;
  const groups = scratch + LIMBS_DIVISOR;
  const below = exponent >> 5;
  const part = exponent & 31;
  memory.fill(number, 0, below << 2);
  store<u64>(number + (below << 2), mantissa << part);
  store<u32>(number + (below << 2), part == 0 ? 0 : <u32>(mantissa >> (64 - part)), 8);
  let count = below + 3;
  let groupCount: u32 = 0;
  while (count != 0) {
    if (load<u32>(number + (count << 2) - 4) == 0) {
      count--;
      continue;
    }
    store<u32>(groups + (groupCount << 2), limbsDivide(number, count, 1000000000));
    groupCount++;
  }
  return writeGroups(groups, groupCount, out);
}

/** Groups of nine digits, lowest first; the highest may be short. Returns the length. */
function writeGroups(groups: u32, count: u32, out: u32): u32 {
  let end = out + formatU64(load<u32>(groups + (count << 2) - 4), out);
  for (let i = count - 1; i != 0; i--) {
    const group = load<u32>(groups + (i << 2) - 4);
    const first = group / 100000000;
    store<u8>(end, 0x30 + first);
    writeEight(group - first * 100000000, end + 1);
    end += 9;
  }
  return end - out;
}
