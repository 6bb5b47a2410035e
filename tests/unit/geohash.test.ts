// Places as scores, distances and search areas: known values, round trips, and that what is searched for a shape holds
// what lies in it. tests/differential/geo-numbers.test.ts compares the same functions with redis-server.
import { describe, expect, it } from 'vitest';
import { kernelGeo, type Place, type Shape } from '../fixtures-numbers/kernel-geo.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 100_000 : 5_000;
const seed = runSeed('tests/unit/geohash.test.ts');

const PALERMO: Place = { longitude: 13.361389, latitude: 38.115556 };
const CATANIA: Place = { longitude: 15.087269, latitude: 37.502669 };

const fraction = (random: Random) => random.word() / 2 ** 32;
const within = (random: Random, low: number, high: number) => low + (high - low) * fraction(random);
const anywhere = (random: Random, latitudeMax = 85): Place => ({
  longitude: within(random, -180, 180),
  latitude: within(random, -latitudeMax, latitudeMax),
});

describe.each(BUILDS)('places, $memory $mode', (build) => {
  const geo = kernelGeo(build);

  it("gives the documentation's cities their scores, texts and distance", () => {
    expect(geo.encode(PALERMO)).toBe(3479099956230698n);
    expect(geo.encode(CATANIA)).toBe(3479447370796909n);
    expect(geo.text(3479099956230698)).toBe('sqc8b49rny0');
    expect(geo.text(3479447370796909)).toBe('sqdtr74hyu0');
    const [from, to] = [geo.decode(3479099956230698), geo.decode(3479447370796909)];
    expect(geo.formatDistance(geo.distance(from, to))).toBe('166274.1516');
    expect(geo.formatCoordinate(from.longitude)).toBe('13.36138933897018433');
    expect(geo.formatCoordinate(from.latitude)).toBe('38.11555639549629859');
  });

  it('decodes every encoded place to the middle of its cell', () => {
    const random = new Random(seed);
    for (let i = 0; i < CASES; i++) {
      const place = anywhere(random);
      const bits = geo.encode(place);
      const middle = geo.decode(Number(bits));
      expect(Math.abs(middle.longitude - place.longitude)).toBeLessThanOrEqual(180 / 2 ** 26 + 1e-12);
      expect(Math.abs(middle.latitude - place.latitude)).toBeLessThanOrEqual(85.05112878 / 2 ** 26 + 1e-12);
      expect(geo.encode(middle)).toBe(bits);
    }
  });

  it('puts the corners of the map where Redis puts them', () => {
    expect(geo.encode({ longitude: -180, latitude: -85.05112878 })).toBe(0n);
    expect(geo.encode({ longitude: 180, latitude: 85.05112878 })).toBe(13510798882111488n);
    expect(geo.decode(13510798882111488)).toEqual({ longitude: 180, latitude: 85.05112878 });
  });

  it('finds some place for any score', () => {
    const scores = [-5.5, 1e300, -1e300, Infinity, -Infinity, 2 ** 63, 2 ** 64, -(2 ** 63), -0, 0.5, 5e-324];
    for (const score of scores) {
      const { longitude, latitude } = geo.decode(score);
      expect(Math.abs(longitude)).toBeLessThanOrEqual(180);
      expect(Math.abs(latitude)).toBeLessThanOrEqual(85.05112878);
      expect(geo.text(score)).toMatch(/^[0-9b-hjkmnp-z]{10}0$/);
    }
    expect(scores.map((score) => geo.scoreInteger(score))).toEqual([
      ...[-5n, -(2n ** 63n), -(2n ** 63n), -(2n ** 63n), -(2n ** 63n), -(2n ** 63n), -(2n ** 63n), -(2n ** 63n)],
      ...[0n, 0n, 0n],
    ]);
  });

  it('walks from cell to cell and back, round the world at its edges', () => {
    const random = new Random(seed + 1);
    for (let i = 0; i < CASES; i++) {
      const step = random.between(1, 26);
      const bits = geo.encode(anywhere(random), step);
      const [across, up] = [random.between(-1, 1), random.between(-1, 1)];
      expect(geo.neighbour(geo.neighbour(bits, step, across, up), step, -across, -up)).toBe(bits);
    }
    expect(geo.neighbour(0n, 26, -1, 0)).toBe(0xaaaaaaaaaaaaan);
    expect(geo.neighbour(0n, 26, 0, -1)).toBe(0x5555555555555n);
    expect(geo.neighbour(0xfffffffffffffn, 26, 1, 1)).toBe(0n);
  });

  it('searches areas that hold whatever lies in the shape, near the middle of the map', () => {
    const random = new Random(seed + 2);
    let inside = 0;
    for (let i = 0; i < CASES / 10; i++) {
      const centre = { longitude: within(random, -100, 100), latitude: within(random, -60, 60) };
      const size = 10 ** within(random, 0, 5.7);
      const shape: Shape = random.oneIn(2)
        ? { centre, metres: 1, radius: size }
        : { centre, metres: 1000, width: (2 * size) / 1000, height: (2 * size * fraction(random)) / 1000 };
      geo.setShape(shape);
      const areas = geo.areas();
      expect(areas.length).toBeGreaterThanOrEqual(1);
      for (let k = 0; k < 20; k++) {
        const place = {
          longitude: centre.longitude + within(random, -2, 2) * (size / 111_000),
          latitude: centre.latitude + within(random, -1, 1) * (size / 111_000),
        };
        const score = Number(geo.encode(place));
        if (geo.distanceInShape(score) === undefined) continue;
        inside++;
        expect(areas.some(({ min, end }) => score >= min && score < end)).toBe(true);
      }
    }
    expect(inside).toBeGreaterThan(CASES / 10);
  });

  it('measures distances from a place to itself as 0, and alike in both directions', () => {
    const random = new Random(seed + 3);
    for (let i = 0; i < CASES; i++) {
      const [a, b] = [anywhere(random), anywhere(random)];
      expect(geo.distance(a, a)).toBe(0);
      expect(geo.distance(a, b)).toBe(geo.distance(b, a));
    }
  });

  it('prints six decimals as they are rounded from the exact value', () => {
    for (const [value, text] of [
      [0, '0.000000'],
      [-0, '-0.000000'],
      [200, '200.000000'],
      [-181.5, '-181.500000'],
      [1e22, '10000000000000000000000.000000'],
      [2 ** 53, '9007199254740992.000000'],
      [2 ** 53 - 1, '9007199254740991.000000'],
      [0.0000005, '0.000000'],
      [0.0000005000000000000001, '0.000001'],
      [2 ** -7, '0.007812'],
      [3 * 2 ** -7, '0.023438'],
      [0.9999996, '1.000000'],
      [-99.9999999, '-100.000000'],
      [Infinity, 'inf'],
      [-Infinity, '-inf'],
      [5e-324, '0.000000'],
    ] as const)
      expect(geo.formatSixDecimals(value)).toBe(text);
    const longest = geo.formatSixDecimals(-Number.MAX_VALUE);
    expect(longest).toBe(`-${BigInt(Number.MAX_VALUE)}.000000`);
    expect(longest).toHaveLength(geo.sixDecimalsCharsMax);
    const random = new Random(seed + 4);
    for (let i = 0; i < CASES; i++) {
      const value = within(random, -1, 1) * 10 ** random.between(-9, 6);
      expect(geo.formatSixDecimals(value)).toBe(value.toFixed(6));
    }
  });

  it('prints distances with four decimals', () => {
    for (const [value, text] of [
      [0, '0.0000'],
      [0.00004, '0.0000'],
      [0.0001, '0.0001'],
      [0.775, '0.7750'],
      [1, '1.0000'],
      [166274.15156960033, '166274.1516'],
      [20020741.2, '20020741.2000'],
      [Number.NaN, '-922337203685477.5808'],
      [Infinity, '-922337203685477.5808'],
    ] as const)
      expect(geo.formatDistance(value)).toBe(text);
    expect(geo.formatDistance(Number.NaN)).toHaveLength(geo.distanceCharsMax);
  });
});
