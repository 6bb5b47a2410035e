// Places as scores, distances and search areas, alone.
import { latitude, longitude } from '../types/geohash';
import { foundDistance, scoreEnd, scoreMin } from '../types/geo-areas';

export { GEOHASH_CHARS, cellAcross, cellUp, geohashDecode, geohashEncode, geohashText, scoreInteger } from '../types/geohash';
export { DISTANCE_CHARS_MAX, distance, formatDistance } from '../types/geo-distance';
export {
  AREAS, AREAS_BYTES, areaScores, shapeAreas, shapeBox, shapeCentre, shapeCircle, shapeHolds,
} from '../types/geo-areas';
export { SIX_DECIMALS_CHARS_MAX, formatSixDecimals } from '../types/fixed-decimals';
export { ldFromF64 } from '../types/long-double-f64';
export { ldFormat } from '../types/long-double';

/** What the last geohashDecode found. */
export function decodedLongitude(): f64 { return longitude; }
export function decodedLatitude(): f64 { return latitude; }
/** What the last shapeHolds and areaScores found. */
export function found(): f64 { return foundDistance; }
export function areaMin(): f64 { return scoreMin; }
export function areaEnd(): f64 { return scoreEnd; }
export { ROW_BYTES, ROW_STACK_BYTES, sortFirstRows, sortRows } from '../types/row-sort';
