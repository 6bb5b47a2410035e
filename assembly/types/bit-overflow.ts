// What BITFIELD does with numbers that do not fit their field. The order of the comparisons, and their wrapping, are
// Redis's own: with SAT, the smallest i64 set into a narrower signed field becomes that field's largest number.
import { fieldMask } from './bits';

export const OVERFLOW_WRAP: u32 = 0;
export const OVERFLOW_SAT: u32 = 1;
export const OVERFLOW_FAIL: u32 = 2;

/** Did the last `fitSigned` or `fitUnsigned` not fit? */
export let overflowed: bool = false;

/** value + by in a signed field, or what the mode makes of it. With OVERFLOW_FAIL an overflow's result means nothing. */
export function fitSigned(value: i64, by: i64, bits: u32, mode: u32): i64 {
  const largest = <i64>(fieldMask(bits) >> 1);
  const smallest = -largest - 1;
  const roomUp = largest - value;
  const roomDown = smallest - value;
  const narrow = bits != 64;
  let limit: i64 = 0;
  if (value > largest || (narrow && by > roomUp) || (value >= 0 && by > 0 && by > roomUp)) limit = largest;
  else if (value < smallest || (narrow && by < roomDown) || (value < 0 && by < 0 && by < roomDown)) limit = smallest;
  else { overflowed = false; return value + by; }
  overflowed = true;
  if (mode == OVERFLOW_SAT) return limit;
  const gap = 64 - <i64>bits;
  return ((value + by) << gap) >> gap;
}

/** The same for an unsigned field, 1..63 bits. */
export function fitUnsigned(value: u64, by: i64, bits: u32, mode: u32): u64 {
  const largest = fieldMask(bits);
  let limit: u64 = 0;
  if (value > largest || (by > 0 && by > <i64>(largest - value))) limit = largest;
  else if (!(by < 0 && by < -<i64>value)) { overflowed = false; return value + by; }
  overflowed = true;
  return mode == OVERFLOW_SAT ? limit : (value + by) & largest;
}
