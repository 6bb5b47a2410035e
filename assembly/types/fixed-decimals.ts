// A double with six decimals, as C's %f prints it: the exact value rounded once, ties to an even digit.
import { formatU64 } from './integer';
import { ldFromF64 } from './long-double-f64';
import { ldFormat } from './long-double';
import { highProduct } from './wide';

/** A sign, 309 digits, a point and six decimals. */
export const SIX_DECIMALS_CHARS_MAX: u32 = 317;

const UNITS: u64 = 1000000;
const TWO_TO_53: f64 = 9007199254740992;
const TWO_TO_64: f64 = 18446744073709551616.0;
const HALF: u64 = 0x8000000000000000;
/** 2^-10, and 2^-22, below which the decimals are zero. */
const SMALL: f64 = 1.0 / 1024;
const TINY: f64 = 1.0 / 4194304;

/**
 * Writes any double. The sign of zero is kept; infinities are "inf".
 * @param number  LD_BYTES, and
 * @param scratch LD_SCRATCH_BYTES: room for long numbers, addresses multiples of 8.
 * @returns       the length, up to SIX_DECIMALS_CHARS_MAX.
 */
export function formatSixDecimals(value: f64, out: u32, number: u32, scratch: u32): u32 {
  let end = out;
  if (reinterpret<u64>(value) >> 63 != 0) store<u8>(end++, 0x2d);
  const size = abs(value);
  if (!(size < Infinity)) {
    store<u16>(end, size == size ? 0x6e69 : 0x616e); // "in", "na"
    store<u8>(end, size == size ? 0x66 : 0x6e, 2); // "f", "n"
    return end + 3 - out;
  }
  if (size >= TWO_TO_53) {
    // An integer, perhaps too long for a u64.
    ldFromF64(size, number);
    end += ldFormat(number, end, scratch);
    return writeUnits(0, end) - out;
  }
  let whole = <u64>size;
  // The fraction as an integer, in units of 2^-64, or of 2^-74 when it is so small that its bits reach further down.
  const shift: u64 = size < SMALL ? 10 : 0;
  const bits = size < TINY ? 0 : <u64>((size - <f64>whole) * (shift != 0 ? TWO_TO_64 * 1024 : TWO_TO_64));
  const high = highProduct(bits, UNITS);
  const low = bits * UNITS;
  const rest = shift != 0 ? (high << (64 - shift)) | u64(low != 0) : low;
  let units = high >> shift;
  if (rest > HALF || (rest == HALF && (units & 1) != 0)) units++;
  if (units == UNITS) { units = 0; whole++; }
  end += formatU64(whole, end);
  return writeUnits(<u32>units, end) - out;
}

/** A point and six digits. Returns where they end. */
function writeUnits(units: u32, at: u32): u32 {
  store<u8>(at, 0x2e);
  for (let i: u32 = 6; i > 0; i--) {
    store<u8>(at + i, 0x30 + units % 10);
    units /= 10;
  }
  return at + 7;
}
