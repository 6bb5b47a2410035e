// Positions as scores of a sorted set, the way Redis computes them: longitude and latitude are each cut into 2^step equal
// parts, and the two part numbers interleaved. At the full step of 26 that is a 52-bit integer, which an f64 holds exactly.
//
//   bit   51  50  49  48         1   0
//        lon lat lon lat  ...  lon lat      the highest bits of both first, so that a prefix of the number is a cell
//
// The upper edges (180, 85.05112878) belong to part 2^step, one more than there are: such a number has bit 53 or 52 set.
// Scores need not come from GEOADD, so any f64 decodes to some place on the map.

export const STEP_MAX: u32 = 26;
export const LONGITUDE_MAX: f64 = 180;
/** Where the Mercator map ends: EPSG 900913. */
export const LATITUDE_MAX: f64 = 85.05112878;
/** Standard geohash texts divide the latitudes up to the poles instead. */
const LATITUDE_POLE: f64 = 90;
/** Characters of the text that `geohashText` writes. */
export const GEOHASH_CHARS: u32 = 11;

const LATITUDE_BITS: u64 = 0x5555555555555555;
const LONGITUDE_BITS: u64 = 0xaaaaaaaaaaaaaaaa;

@inline function powerOfTwo(step: u32): f64 { return <f64>((<u64>1) << step); }

/** Spreads 32 bits over the even places of 64. */
function spread(bits: u32): u64 {
  let x = <u64>bits;
  x = (x | (x << 16)) & 0x0000ffff0000ffff;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f0f0f0f0f;
  x = (x | (x << 2)) & 0x3333333333333333;
  return (x | (x << 1)) & LATITUDE_BITS;
}

/** The reverse of `spread`; odd places are ignored. */
function gather(bits: u64): u32 {
  let x = bits & LATITUDE_BITS;
  x = (x | (x >> 1)) & 0x3333333333333333;
  x = (x | (x >> 2)) & 0x0f0f0f0f0f0f0f0f;
  x = (x | (x >> 4)) & 0x00ff00ff00ff00ff;
  x = (x | (x >> 8)) & 0x0000ffff0000ffff;
  return <u32>(x | (x >> 16));
}

function encodeWithin(longitude: f64, latitude: f64, latitudeMax: f64, step: u32): u64 {
  const across = (longitude + LONGITUDE_MAX) / (LONGITUDE_MAX + LONGITUDE_MAX);
  const up = (latitude + latitudeMax) / (latitudeMax + latitudeMax);
  const parts = powerOfTwo(step);
  return spread(<u32>(up * parts)) | (spread(<u32>(across * parts)) << 1);
}

/** The cell number of a place. Both coordinates lie within the limits; step is 1..STEP_MAX. */
export function geohashEncode(longitude: f64, latitude: f64, step: u32): u64 {
  assert(abs(longitude) <= LONGITUDE_MAX);
  assert(abs(latitude) <= LATITUDE_MAX);
  return encodeWithin(longitude, latitude, LATITUDE_MAX, step);
}

/** Edges of the cell that the last `geohashCell` looked at, in degrees. */
export let cellWest: f64 = 0;
export let cellEast: f64 = 0;
export let cellSouth: f64 = 0;
export let cellNorth: f64 = 0;

/** Finds a cell's edges. Bits above 2 * step count: they put the cell outside of the map. */
export function geohashCell(bits: u64, step: u32): void {
  const parts = powerOfTwo(step);
  const across = gather(bits >> 1);
  const up = gather(bits);
  // Redis adds 1 in 32 bits, so the upper edge of the last part of all is the lower edge of the first.
  cellWest = (<f64>across / parts) * (LONGITUDE_MAX + LONGITUDE_MAX) - LONGITUDE_MAX;
  cellEast = (<f64>(across + 1) / parts) * (LONGITUDE_MAX + LONGITUDE_MAX) - LONGITUDE_MAX;
  cellSouth = (<f64>up / parts) * (LATITUDE_MAX + LATITUDE_MAX) - LATITUDE_MAX;
  cellNorth = (<f64>(up + 1) / parts) * (LATITUDE_MAX + LATITUDE_MAX) - LATITUDE_MAX;
}

/** The place that the last `geohashDecode` found. */
export let longitude: f64 = 0;
export let latitude: f64 = 0;

/** Finds the middle of a score's cell, held within the limits of the map. */
export function geohashDecode(score: f64): void {
  geohashCell(scoreBits(score), STEP_MAX);
  longitude = max(min((cellWest + cellEast) / 2, LONGITUDE_MAX), -LONGITUDE_MAX);
  latitude = max(min((cellSouth + cellNorth) / 2, LATITUDE_MAX), -LATITUDE_MAX);
}

/** A score as an unsigned number, by the rules of x86-64, whatever the score: below zero it wraps, too large is 0. */
function scoreBits(score: f64): u64 {
  if (score < 9223372036854775808.0) return <u64>scoreInteger(score);
  return score < 18446744073709551616.0 ? <u64>score : 0;
}

/** A score as a signed number, by the rules of x86-64: what does not fit is the least there is. */
export function scoreInteger(score: f64): i64 {
  return abs(score) < 9223372036854775808.0 ? <i64>score : i64.MIN_VALUE;
}

/** The neighbouring cell to the east, or to the west if `by` is negative; 0 stays. The map is round. */
export function cellAcross(bits: u64, step: u32, by: i32): u64 {
  return moved(bits & LONGITUDE_BITS, LATITUDE_BITS, LONGITUDE_BITS, step, by) | (bits & LATITUDE_BITS);
}

/** The neighbouring cell to the north, or to the south if `by` is negative; 0 stays. North of the top is the bottom. */
export function cellUp(bits: u64, step: u32, by: i32): u64 {
  return moved(bits & LATITUDE_BITS, LONGITUDE_BITS, LATITUDE_BITS, step, by) | (bits & LONGITUDE_BITS);
}

/**
 * Adds `by`, -1..1, to the number that lies in every second bit of `own`. The bits between are all set for an addition's
 * carry to run through, and all set for a borrow to stop at.
 */
function moved(own: u64, between: u64, places: u64, step: u32, by: i32): u64 {
  if (by == 0) return own;
  const shift = <u64>(64 - 2 * step);
  const gaps = between >> shift;
  const sum = by > 0 ? own + (gaps + 1) : (own | gaps) - (gaps + 1);
  return sum & (places >> shift);
}

/** "0123456789bcdefghjkmnpqrstuvwxyz": digits and letters without a, i, l and o. */
const ALPHABET: u32 = <u32>memory.data<u8>([
  0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67,
  0x68, 0x6a, 0x6b, 0x6d, 0x6e, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a,
]);

/** Writes a score's place as a standard geohash, GEOHASH_CHARS bytes. 52 bits fill ten characters; the last is '0'. */
export function geohashText(score: f64, out: u32): void {
  geohashDecode(score);
  const bits = encodeWithin(longitude, latitude, LATITUDE_POLE, STEP_MAX);
  for (let i: u32 = 0; i < GEOHASH_CHARS - 1; i++) {
    store<u8>(out + i, load<u8>(ALPHABET + <u32>((bits >> (47 - 5 * i)) & 31)));
  }
  store<u8>(out + GEOHASH_CHARS - 1, 0x30);
}
