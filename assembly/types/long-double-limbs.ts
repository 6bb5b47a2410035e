// Natural numbers too long for a u64: limbs of 32 bits, lowest first, at an address, with their count beside them. The
// count never includes leading zero limbs, so 0 has none. Only what decimal conversion needs is here.
//
// The scratch area of one conversion, LD_SCRATCH_BYTES, address a multiple of 8, contents of no value between calls:
//
//   offset size  parsing (limbs used at most)              formatting
//        0 2176  LIMBS_NUMBER   the digits       (532)     the integer (512)
//     2176 2944  LIMBS_DIVISOR  power of five    (731)     groups of nine digits (549)
//     5120 3072  LIMBS_ALIGNED  shifted digits   (735)
//
// The digits: 5119 of them are below 2^17005; with a power of ten that keeps them finite they are below 10^4933. The
// power of five: a nonzero number has its first digit above the 4951st decimal, so its last digit above the 10070th.

export const LD_SCRATCH_BYTES: u32 = 8192;
export const LIMBS_NUMBER: u32 = 0;
export const LIMBS_DIVISOR: u32 = 2176;
export const LIMBS_ALIGNED: u32 = 5120;

const LIMBS_MAX: u32 = 768;

/** The powers of five below 2^64: 5^0 .. 5^27. */
const POWERS_OF_FIVE = memory.data<u64>([
  1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625, 1220703125, 6103515625,
  30517578125, 152587890625, 762939453125, 3814697265625, 19073486328125, 95367431640625, 476837158203125,
  2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125, 1490116119384765625,
  7450580596923828125,
]);
export const POWER_OF_FIVE_MAX: u32 = 27;

/** 5^power, power 0..POWER_OF_FIVE_MAX. */
export function powerOfFive(power: u32): u64 {
  assert(power <= POWER_OF_FIVE_MAX);
  return load<u64>(<u32>POWERS_OF_FIVE + (power << 3));
}

/** at = at * factor + add. Returns the new count; the area needs room for one limb more. */
export function limbsMultiplyAdd(at: u32, count: u32, factor: u32, add: u32): u32 {
  assert(count < LIMBS_MAX);
  let carry: u64 = add;
  const end = at + (count << 2);
  for (; at < end; at += 4) {
    carry += <u64>load<u32>(at) * factor;
    store<u32>(at, <u32>carry);
    carry >>= 32;
  }
  if (carry == 0) return count;
  store<u32>(at, <u32>carry);
  return count + 1;
}

/** at = at * 5^power. Returns the new count. */
export function limbsTimesPowerOfFive(at: u32, count: u32, power: u32): u32 {
  for (; power >= 13; power -= 13) count = limbsMultiplyAdd(at, count, 1220703125, 0); // 5^13 is the last below 2^32
  return power == 0 ? count : limbsMultiplyAdd(at, count, <u32>powerOfFive(power), 0);
}

/** at = at / divisor. Returns the remainder; the count is the caller's to shorten. */
export function limbsDivide(at: u32, count: u32, divisor: u32): u32 {
  let rest: u64 = 0;
  for (let limb = at + (count << 2) - 4; limb >= at; limb -= 4) {
    const part = (rest << 32) | load<u32>(limb);
    const quotient = part / divisor;
    store<u32>(limb, <u32>quotient);
    rest = part - quotient * divisor;
  }
  return <u32>rest;
}

/** Position of the highest 1, counted from 1. Count must not be 0. */
export function limbsBits(at: u32, count: u32): i32 {
  assert(count != 0);
  const top = load<u32>(at + (count << 2) - 4);
  assert(top != 0);
  return <i32>(count << 5) - <i32>clz(top);
}

/** Limb `index` of a number; 0 outside of it. */
@inline function limbAt(at: u32, count: u32, index: i32): u32 {
  return <u32>index < count ? load<u32>(at + (<u32>index << 2)) : 0;
}

/**
 * Copies a number into exactly `toCount` limbs, shifted so that its highest 1 is bit `topBit` of them.
 * @returns whether a 1 fell out at the lower end.
 */
export function limbsAlign(from: u32, count: u32, to: u32, toCount: u32, topBit: i32): bool {
  assert(toCount <= LIMBS_MAX);
  const shift = topBit + 1 - limbsBits(from, count); // to the left, if positive
  for (let i: u32 = 0; i < toCount; i++) {
    const offset = <i32>(i << 5) - shift; // where the lowest bit of this limb comes from
    const index = offset >> 5;
    const pair = limbAt(from, count, index) | (<u64>limbAt(from, count, index + 1) << 32);
    store<u32>(to + (i << 2), <u32>(pair >> (offset & 31)));
  }
  if (shift >= 0) return false;
  const lost = <u32>-shift;
  const whole = lost >> 5;
  for (let i: u32 = 0; i < whole; i++) if (load<u32>(from + (i << 2)) != 0) return true;
  return load<u32>(from + (whole << 2)) << (32 - (lost & 31)) != 0 && (lost & 31) != 0;
}

/**
 * One limb of a long quotient: divides the count+1 limbs at `at` by the `count` limbs at `divisor`, whose highest bit is
 * set, and leaves the remainder in the lower `count` limbs. The dividend must be below divisor * 2^32; count is 2 at
 * least. The estimate from two limbs of the divisor is at most one too large.
 */
export function limbsQuotientLimb(at: u32, divisor: u32, count: u32): u32 {
  assert(count >= 2);
  const top = at + (count << 2);
  const first = <u64>load<u32>(divisor + (count << 2) - 4);
  const second = <u64>load<u32>(divisor + (count << 2) - 8);
  const head = (<u64>load<u32>(top) << 32) | load<u32>(top - 4);
  let quotient = head / first;
  let rest = head - quotient * first;
  const next = <u64>load<u32>(top - 8);
  // Runs three times at most: the estimate from one limb is at most two too large, or 2^32 + 1.
  while (quotient > 0xffffffff || quotient * second > ((rest << 32) | next)) {
    quotient--;
    rest += first;
    if (rest > 0xffffffff) break;
  }
  if (limbsSubtractProduct(at, divisor, count, quotient)) {
    limbsAddBack(at, divisor, count);
    quotient--;
  }
  return <u32>quotient;
}

/** at (count+1 limbs) -= divisor * quotient. Returns whether the result was negative; it is then 2^(32*(count+1)) too large. */
function limbsSubtractProduct(at: u32, divisor: u32, count: u32, quotient: u64): bool {
  let carry: u64 = 0;
  const end = divisor + (count << 2);
  for (; divisor < end; divisor += 4, at += 4) {
    carry += <u64>load<u32>(divisor) * quotient;
    const limb = load<u32>(at);
    store<u32>(at, limb - <u32>carry);
    carry = (carry >> 32) + u64(limb < <u32>carry);
  }
  const limb = load<u32>(at);
  store<u32>(at, limb - <u32>carry);
  return <u64>limb < carry;
}

/** at (count+1 limbs) += divisor; the carry out of the top cancels a borrow and is dropped. */
function limbsAddBack(at: u32, divisor: u32, count: u32): void {
  let carry: u64 = 0;
  const end = divisor + (count << 2);
  for (; divisor < end; divisor += 4, at += 4) {
    carry += <u64>load<u32>(at) + load<u32>(divisor);
    store<u32>(at, <u32>carry);
    carry >>= 32;
  }
  store<u32>(at, load<u32>(at) + <u32>carry);
}
