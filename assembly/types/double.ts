// Doubles as Redis reads and prints them: scores, weights, increments, coordinates. Both directions are exact to the bit
// and to the character: glibc's strtod and printf's %.17g.
import { win } from '../commands/context';
import { windowLimbs } from '../memory/window';
import { readDouble, readOutOfRange, readValue } from './double-parse';
import { writeDouble } from './double-format';

export { DOUBLE_CHARS_MAX } from './double-format';

/** The number that the last parseDouble or parseDoubleLoosely of this instance found. */
export let parsedDouble: f64 = 0;

/**
 * Reads an argument that must be a float, as Redis does for scores, weights and increments: a whole text that strtod
 * reads, without space in front; infinities by name; not NaN, not a text that overflows, nor one that vanishes.
 * @returns true: parsedDouble holds it, and it is not NaN.
 */
export function parseDouble(ptr: u32, length: u32): bool {
  if (length == 0 || load<u8>(ptr) == 32 || <u32>load<u8>(ptr) - 9 <= 4) return false;
  if (readDouble(ptr, length, windowLimbs(win)) != length) return false;
  if (readOutOfRange || readValue != readValue) return false;
  parsedDouble = readValue;
  return true;
}

/**
 * Reads a bound of a range of scores, without its "(": as C takes it, so space in front, nothing at all (0), and what
 * overflows (infinite) or vanishes are welcome, and a zero byte ends the text. NaN is refused.
 */
export function parseDoubleLoosely(ptr: u32, length: u32): bool {
  const read = readDouble(ptr, length, windowLimbs(win));
  if (read != length && load<u8>(ptr + read) != 0) return false;
  if (readValue != readValue) return false;
  parsedDouble = readValue;
  return true;
}

/**
 * Writes a double as printf's %.17g does.
 * @param to DOUBLE_CHARS_MAX bytes.
 * @returns  the length.
 */
export function formatDouble17(value: f64, to: u32): u32 { return writeDouble(value, to, windowLimbs(win)); }
