// Distances on Redis's earth, a ball, by the haversine formula, and their texts. Coordinates are in degrees, distances in
// metres unless said otherwise.
//
// The trigonometric functions are those of AssemblyScript's own library, right to the last bit or the one before it. Redis
// takes its machine's C library, which differs from one processor to the next in that bit too: it shows in a stored
// distance's seventeenth digit and, about once in ten million replies, in the fourth decimal.

import { formatU64 } from './integer';

const EARTH_RADIUS: f64 = 6372797.560856;
const RADIANS_IN_DEGREE: f64 = 3.14159265358979323846 / 180;

@inline function radians(degrees: f64): f64 { return degrees * RADIANS_IN_DEGREE; }
/** The angle of an arc on a meridian, in degrees. */
@inline export function degreesNorth(metres: f64): f64 { return metres / EARTH_RADIUS / RADIANS_IN_DEGREE; }
/** The angle of an arc on the parallel of a latitude, in degrees: negative beyond the poles. */
@inline export function degreesEast(metres: f64, latitude: f64): f64 {
  return metres / EARTH_RADIUS / Math.cos(radians(latitude)) / RADIANS_IN_DEGREE;
}

/** Along a meridian. */
export function distanceNorth(latitude1: f64, latitude2: f64): f64 {
  return EARTH_RADIUS * abs(radians(latitude2) - radians(latitude1));
}

export function distance(longitude1: f64, latitude1: f64, longitude2: f64, latitude2: f64): f64 {
  const v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
  if (v == 0) return distanceNorth(latitude1, latitude2);
  const y1 = radians(latitude1);
  const y2 = radians(latitude2);
  const u = Math.sin((y2 - y1) / 2);
  return 2.0 * EARTH_RADIUS * Math.asin(sqrt(u * u + Math.cos(y1) * Math.cos(y2) * v * v));
}

/** "-922337203685477.5808", which stands for no number. */
export const DISTANCE_CHARS_MAX: u32 = 21;

/** Writes a distance in any unit with four decimals. Returns the length. */
export function formatDistance(value: f64, out: u32): u32 {
  const scaled = nearest(value * 10000);
  // Where a distance is no number or too large, Redis's conversion of it gives the least integer.
  const fits = abs(scaled) < 9223372036854775808.0;
  const units = fits ? <u64>abs(scaled) : 0x8000000000000000;
  let end = out;
  if (!fits || scaled < 0) store<u8>(end++, 0x2d);
  const whole = units / 10000;
  end += formatU64(whole, end);
  store<u8>(end, 0x2e);
  let rest = <u32>(units - whole * 10000);
  for (let i: u32 = 4; i > 0; i--) {
    store<u8>(end + i, 0x30 + rest % 10);
    rest /= 10;
  }
  return end + 5 - out;
}
