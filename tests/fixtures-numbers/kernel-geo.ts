// assembly/testing/geo.ts behind functions that take and give JavaScript values.
import { type Build, loadTestModule } from '../support/wasm.js';

const OUT = 0x20000;
const NUMBER = 0x21000;
const SCRATCH = 0x22000;
const AREAS = 0x26000;

export interface Place {
  longitude: number;
  latitude: number;
}

/** A circle, or a box turned to the north; sizes in units of so many metres. */
export type Shape = { centre: Place; metres: number } & ({ radius: number } | { width: number; height: number });

export interface ScoreRange {
  min: number;
  end: number;
}

export interface KernelGeo {
  readonly distanceCharsMax: number;
  readonly sixDecimalsCharsMax: number;
  encode(place: Place, step?: number): bigint;
  decode(score: number): Place;
  text(score: number): string;
  /** The cell `across` to the east and `up` to the north, -1..1 each. */
  neighbour(bits: bigint, step: number, across: number, up: number): bigint;
  distance(from: Place, to: Place): number;
  formatDistance(value: number): string;
  /** As C's %f. */
  formatSixDecimals(value: number): string;
  /** As Redis prints coordinates: 17 decimals, zeros trimmed. */
  formatCoordinate(value: number): string;
  setShape(shape: Shape): void;
  /** The score ranges that hold the shape set last, in the order of search. */
  areas(): ScoreRange[];
  /** Metres from the centre, if the place lies in the shape set last. */
  distanceInShape(score: number): number | undefined;
  scoreInteger(score: number): bigint;
}

export function kernelGeo(build: Build): KernelGeo {
  const module = loadTestModule('geo', build);
  const { exports } = module;
  const view = Buffer.from(module.memory.buffer);
  const text = (length: number) => view.toString('latin1', OUT, OUT + length);
  return {
    distanceCharsMax: exports.DISTANCE_CHARS_MAX.value,
    sixDecimalsCharsMax: exports.SIX_DECIMALS_CHARS_MAX.value,
    encode: ({ longitude, latitude }, step = 26) => exports.geohashEncode(longitude, latitude, step),
    decode(score) {
      exports.geohashDecode(score);
      return { longitude: exports.decodedLongitude(), latitude: exports.decodedLatitude() };
    },
    text(score) {
      exports.geohashText(score, OUT);
      return text(exports.GEOHASH_CHARS.value);
    },
    neighbour: (bits, step, across, up) =>
      BigInt.asUintN(64, exports.cellAcross(exports.cellUp(bits, step, up), step, across)),
    distance: (from, to) => exports.distance(from.longitude, from.latitude, to.longitude, to.latitude),
    formatDistance: (value) => text(exports.formatDistance(value, OUT)),
    formatSixDecimals: (value) => text(exports.formatSixDecimals(value, OUT, NUMBER, SCRATCH)),
    formatCoordinate(value) {
      exports.ldFromF64(value, NUMBER);
      return text(exports.ldFormat(NUMBER, OUT, SCRATCH));
    },
    setShape(shape) {
      exports.shapeCentre(shape.centre.longitude, shape.centre.latitude);
      if ('radius' in shape) exports.shapeCircle(shape.radius, shape.metres);
      else exports.shapeBox(shape.width, shape.height, shape.metres);
    },
    areas() {
      exports.shapeAreas(AREAS);
      const ranges: ScoreRange[] = [];
      for (let i = 0; i < exports.AREAS.value; i++)
        if (exports.areaScores(AREAS, i)) ranges.push({ min: exports.areaMin(), end: exports.areaEnd() });
      return ranges;
    },
    distanceInShape: (score) => (exports.shapeHolds(score) ? exports.found() : undefined),
    scoreInteger: (score) => exports.scoreInteger(score),
  };
}
