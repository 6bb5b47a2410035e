// Decimal digits times a power of ten as a binary fraction: the part of reading a float that is the same for every width.
// The result is scaledHigh:scaledLow / 2^64 * 2^(scaledExponent - BIAS), bit 63 of scaledHigh set; scaledLow is exact or
// sticky (its lowest bit stands for any amount below itself), so one rounding of it is the only one there is.
import { BIAS, TOP_BIT, multiplyWide, wideHigh, wideLow } from './long-double-bits';
import {
  LIMBS_ALIGNED, LIMBS_DIVISOR, LIMBS_NUMBER, POWER_OF_FIVE_MAX, limbsAlign, limbsBits, limbsMultiplyAdd,
  limbsQuotientLimb, limbsTimesPowerOfFive, powerOfFive,
} from './long-double-limbs';

/** Decimal digits that a u64 always holds. */
export const DIGITS_IN_U64: u32 = 19;

export let scaledExponent: i32 = 0;
export let scaledHigh: u64 = 0;
export let scaledLow: u64 = 0;

@inline function scaled(exponent: i32, high: u64, low: u64): void {
  scaledExponent = exponent;
  scaledHigh = high;
  scaledLow = low;
}

/** head * 10^power, head not 0. False: the power is too large for 128 bits, see scaleLong. */
export function scaleShort(head: u64, power: i32): bool {
  if (power >= 0) {
    if (power > <i32>POWER_OF_FIVE_MAX) return false;
    scaleUp(head, power);
    return true;
  }
  if (power < -<i32>POWER_OF_FIVE_MAX) return false;
  scaleDown(head, -power);
  return true;
}

/**
 * The number that `digits` digits from `ptr` on spell (a point among them skipped, the first not 0), times 10^power.
 * @param sticky  More digits follow, not all of them 0: they count as one half of a unit at most, and as something.
 * @param scratch LD_SCRATCH_BYTES; long-double-limbs.ts says how many digits and which powers it has room for.
 */
export function scaleLong(ptr: u32, digits: u32, sticky: bool, power: i32, scratch: u32): void {
  let count = readDigits(ptr, digits, scratch + LIMBS_NUMBER);
  if (sticky) {
    count = limbsMultiplyAdd(scratch + LIMBS_NUMBER, count, 10, 1);
    power--;
  }
  if (power >= 0) scaleUpLong(scratch, count, power);
  else scaleDownLong(scratch, count, -power);
}

/** head * 10^power, power 0..27: 5^power fits a u64, so the product of 128 bits is exact. */
function scaleUp(head: u64, power: i32): void {
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
  scaled(exponent, high, low);
}

/** head / 10^power, power 1..27: a quotient of exactly 64 bits, rounded by comparing the remainder with a half. */
function scaleDown(head: u64, power: i32): void {
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
  scaled(exponent, quotient, remainder == 0 ? 0 : twice);
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

/** number * 10^power: multiplied by 5^power in place, of which the highest 128 bits and a sticky one are kept. */
function scaleUpLong(scratch: u32, count: u32, power: i32): void {
  const number = scratch + LIMBS_NUMBER;
  const aligned = scratch + LIMBS_ALIGNED;
  count = limbsTimesPowerOfFive(number, count, power);
  const exponent = BIAS - 64 + limbsBits(number, count) + power;
  const sticky = limbsAlign(number, count, aligned, 4, 127);
  scaled(exponent, load<u64>(aligned, 8), load<u64>(aligned) | u64(sticky));
}

/**
 * number / 10^power. Number and 5^power are aligned so that the quotient has 95 or 96 bits, three limbs: a long
 * division of three steps, however long the two are. The remainder only matters by being zero or not.
 */
function scaleDownLong(scratch: u32, count: u32, power: i32): void {
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
  scaled(exponent, high, low);
}

/** The value of a hexadecimal digit; 16 for any other byte. */
export function hexDigit(byte: u32): u32 {
  if (byte - 0x30 <= 9) return byte - 0x30;
  const letter = (byte | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 16;
}
