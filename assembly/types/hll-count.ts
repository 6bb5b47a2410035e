// How many different elements a sketch has seen: Ertl's estimator from the histogram of its registers
// (arXiv:1702.01284, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6).
import { HLL_REGISTERS, HLL_VALUE_BITS } from './hll';

/** 1 / (2 ln 2) */
const ALPHA: f64 = 0.721347520444481703680;
/** Values above the highest that a hash can give are counted, and ignored. */
export const HLL_COUNTS: u32 = 64;

/** @param counts HLL_COUNTS counters of u32: how many registers have which value. */
export function hllEstimate(counts: u32): u64 {
  const registers = <f64>HLL_REGISTERS;
  const full = <f64>load<u32>(counts + ((HLL_VALUE_BITS + 1) << 2));
  let z = registers * tau((registers - full) / registers);
  for (let value = HLL_VALUE_BITS; value >= 1; value--) z = (z + <f64>load<u32>(counts + (value << 2))) * 0.5;
  z += registers * sigma(<f64>load<u32>(counts) / registers);
  return rounded(ALPHA * registers * registers / z);
}

/** To the nearest, halves upwards. What is no i64 becomes the least one, as the processor's own rounding has it. */
function rounded(x: f64): u64 {
  if (!(x < 9223372036854775808.0)) return 0x8000000000000000;
  const whole = Math.floor(x);
  return <u64>whole + (x - whole >= 0.5 ? 1 : 0);
}

// Both series end when a step no longer changes the sum: after a few dozen at most, since each step's term is at least
// halved (tau) or squared away (sigma).

function tau(x: f64): f64 {
  if (x == 0.0 || x == 1.0) return 0.0;
  let before: f64;
  let y: f64 = 1.0;
  let z: f64 = 1.0 - x;
  do {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1.0 - x) * (1.0 - x) * y;
  } while (before != z);
  return z / 3.0;
}

function sigma(x: f64): f64 {
  if (x == 1.0) return Infinity;
  let before: f64;
  let y: f64 = 1.0;
  let z: f64 = x;
  do {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  } while (before != z);
  return z;
}
