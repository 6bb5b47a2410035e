// Which parts of a sorted set can hold the places of a search: the cell that the centre lies in and its eight neighbours,
// at the finest step at which the nine still cover the shape. Each cell is a range of scores.
//
//    6 NW | 1 N | 5 NE        numbers are the order in which Redis searches them, and so the order of unsorted results
//   ------+-----+------
//    4 W  | 0   | 3 E
//   ------+-----+------
//    8 SW | 2 S | 7 SE
import {
  LATITUDE_MAX, LONGITUDE_MAX, STEP_MAX, cellAcross, cellEast, cellNorth, cellSouth, cellUp, cellWest, geohashCell, geohashEncode,
  latitude, longitude, geohashDecode,
} from './geohash';
import { degreesEast, degreesNorth, distance, distanceNorth } from './geo-distance';

export const AREAS: u32 = 9;
/** Room that `shapeAreas` needs: the cell numbers, u64 each. */
export const AREAS_BYTES: u32 = AREAS * 8;
/** A cell that need not be searched. No cell has this number: there are 54 bits at most. */
const NO_CELL: u64 = u64.MAX_VALUE;

/** Half the circumference of the equator on the Mercator map. */
const MERCATOR_MAX: f64 = 20037726.37;

/** A distance beyond the radius by this factor is so despite rounding. */
const WELL_OUTSIDE: f64 = 1.000001;

// The shape of the search in hand: its centre in degrees, and a circle, or a box that is turned to the north.
let centreLongitude: f64 = 0;
let centreLatitude: f64 = 0;
let isBox: bool = false;
let radius: f64 = 0;
let width: f64 = 0;
let height: f64 = 0;
/** Metres in the unit that radius, width and height are in. */
export let unitMetres: f64 = 1;

export function shapeCentre(lon: f64, lat: f64): void {
  assert(abs(lon) <= LONGITUDE_MAX);
  assert(abs(lat) <= LATITUDE_MAX);
  centreLongitude = lon;
  centreLatitude = lat;
}
export function shapeCircle(r: f64, metres: f64): void { isBox = false; radius = r; unitMetres = metres; }
export function shapeBox(w: f64, h: f64, metres: f64): void { isBox = true; width = w; height = h; unitMetres = metres; }

/** Metres from the centre to the last place that `shapeHolds` found inside. */
export let foundDistance: f64 = 0;

/** Does the place of this score lie in the shape? `longitude` and `latitude` of geohash.ts then hold it. */
export function shapeHolds(score: f64): bool {
  geohashDecode(score);
  if (isBox) {
    if (distanceNorth(latitude, centreLatitude) > height * unitMetres / 2) return false;
    if (distance(longitude, latitude, centreLongitude, latitude) > width * unitMetres / 2) return false;
    foundDistance = distance(centreLongitude, centreLatitude, longitude, latitude);
    return true;
  }
  // The way along the meridian is never longer than the way: it spares most places outside the trigonometry.
  if (distanceNorth(latitude, centreLatitude) > radius * unitMetres * WELL_OUTSIDE) return false;
  foundDistance = distance(centreLongitude, centreLatitude, longitude, latitude);
  return !(foundDistance > radius * unitMetres); // what is no number counts as inside
}

// Edges of the shape, in degrees, and the step of the last `shapeAreas`.
let west: f64 = 0;
let east: f64 = 0;
let south: f64 = 0;
let north: f64 = 0;
let step: u32 = 0;

function findEdges(): void {
  const high = unitMetres * (isBox ? height / 2 : radius);
  const wide = unitMetres * (isBox ? width / 2 : radius);
  const up = degreesNorth(high);
  // A degree of longitude is shorter nearer to the pole, so the wider side of the shape is the one away from the equator.
  const far = centreLatitude < 0 ? centreLatitude - up : centreLatitude + up;
  const across = degreesEast(wide, far);
  west = centreLongitude - across;
  east = centreLongitude + across;
  south = centreLatitude - up;
  north = centreLatitude + up;
}

/** The finest step whose cells are about as large as the distance, coarser towards the poles. */
function stepFor(metres: f64): u32 {
  if (metres == 0) return STEP_MAX;
  let s: i32 = 1;
  // Ends after 1100 rounds at most: the least f64 above 0 is 2^-1074.
  for (; metres < MERCATOR_MAX; metres *= 2) s++;
  s -= 2;
  if (abs(centreLatitude) > 66) s--;
  if (abs(centreLatitude) > 80) s--;
  return <u32>max(min(s, <i32>STEP_MAX), 1);
}

/** Do the four neighbours reach as far as the shape does? */
function neighboursCover(bits: u64): bool {
  geohashCell(cellUp(bits, step, 1), step);
  let covers = !(cellNorth < north);
  geohashCell(cellUp(bits, step, -1), step);
  covers = covers && !(cellSouth > south);
  geohashCell(cellAcross(bits, step, 1), step);
  covers = covers && !(cellEast < east);
  geohashCell(cellAcross(bits, step, -1), step);
  return covers && !(cellWest > west);
}

@inline function put(areas: u32, index: u32, wanted: bool, bits: u64): void {
  store<u64>(areas + (index << 3), wanted ? bits : NO_CELL);
}

/** Fills in the cells to search for the shape. */
export function shapeAreas(areas: u32): void {
  findEdges();
  const reach = isBox ? sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2)) : radius;
  step = stepFor(reach * unitMetres);
  let bits = geohashEncode(centreLongitude, centreLatitude, step);
  if (step > 1 && !neighboursCover(bits)) {
    step--;
    bits = geohashEncode(centreLongitude, centreLatitude, step);
  }
  geohashCell(bits, step);
  // With the coarsest cells, of which the shape may touch both sides round the world, nothing is left out.
  const all = step < 2;
  const toSouth = all || !(cellSouth < south);
  const toNorth = all || !(cellNorth > north);
  const toWest = all || !(cellWest < west);
  const toEast = all || !(cellEast > east);
  const above = cellUp(bits, step, 1);
  const below = cellUp(bits, step, -1);
  put(areas, 0, true, bits);
  put(areas, 1, toNorth, above);
  put(areas, 2, toSouth, below);
  put(areas, 3, toEast, cellAcross(bits, step, 1));
  put(areas, 4, toWest, cellAcross(bits, step, -1));
  put(areas, 5, toNorth && toEast, cellAcross(above, step, 1));
  put(areas, 6, toNorth && toWest, cellAcross(above, step, -1));
  put(areas, 7, toSouth && toEast, cellAcross(below, step, 1));
  put(areas, 8, toSouth && toWest, cellAcross(below, step, -1));
  dropRepeated(areas);
}

/**
 * When cells are so large that a neighbour is reached both ways, Redis leaves out a cell equal to the one searched before
 * it, the centre excepted: members of other repeated cells are found twice.
 */
function dropRepeated(areas: u32): void {
  let last = NO_CELL;
  for (let i: u32 = 1; i < AREAS; i++) {
    const bits = load<u64>(areas + (i << 3));
    if (bits == NO_CELL) continue;
    if (bits == last) store<u64>(areas + (i << 3), NO_CELL);
    else last = bits;
  }
}

/** Scores of the cell that the last `areaScores` looked at: from scoreMin up to but without scoreEnd. */
export let scoreMin: f64 = 0;
export let scoreEnd: f64 = 0;

/** Finds the scores of area `index`, 0..AREAS-1; false if it need not be searched. */
export function areaScores(areas: u32, index: u32): bool {
  const bits = load<u64>(areas + (index << 3));
  if (bits == NO_CELL) return false;
  const shift = <u64>(2 * (STEP_MAX - step));
  scoreMin = <f64>(bits << shift);
  scoreEnd = <f64>((bits + 1) << shift);
  return true;
}
