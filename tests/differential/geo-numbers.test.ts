// The kernel's geography against redis-server's own: scores, coordinates, geohash texts and distances of random places.
// The server answers each case once; then each build must agree with it.
import { beforeAll, expect, it } from 'vitest';
import { kernelGeo, type Place } from '../fixtures-numbers/kernel-geo.js';
import { describeWith } from '../support/programs.js';
import { redisServerForSuite } from '../support/redis-server.js';
import { type Arg, RespClient } from '../support/resp-client.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 300_000 : 6_000;
const BATCH = 500;
const UNITS = { m: 1, km: 1000, ft: 0.3048, mi: 1609.34 } as const;
type Unit = keyof typeof UNITS;
const ODD_SCORES = ['-5.5', '1e300', 'inf', '-inf', '18446744073709551616', '9223372036854775808', '-1', '0.5', '-0'];

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

describeWith('redis-server', 'places as redis-server keeps and measures them', () => {
  const server = redisServerForSuite();
  const pairs: { from: Place; to: Place; unit: Unit }[] = [];
  const answers: string[] = [];
  const oddAnswers: string[] = [];

  beforeAll(async () => {
    const random = new Random(runSeed('geography against redis-server'));
    const within = (low: number, high: number) => low + (high - low) * (random.word() / 2 ** 32);
    const anywhere = (): Place => ({
      longitude: random.oneIn(50) ? random.pick([180, -180, 0]) : within(-180, 180),
      latitude: random.oneIn(50) ? random.pick([85.05112878, -85.05112878, 0]) : within(-85.05112878, 85.05112878),
    });
    const near = ({ longitude, latitude }: Place): Place => {
      const size = 10 ** within(-6, 1);
      return {
        longitude: Math.max(-180, Math.min(180, longitude + within(-size, size))),
        latitude: Math.max(-85, Math.min(85, latitude + (random.oneIn(8) ? 0 : within(-size, size)))),
      };
    };
    for (let i = 0; i < CASES; i++) {
      const from = anywhere();
      pairs.push({ from, to: random.oneIn(2) ? near(from) : anywhere(), unit: random.pick(['m', 'km', 'ft', 'mi']) });
    }
    const client = await RespClient.connect(server().port);
    for (let first = 0; first < pairs.length; first += BATCH) {
      const commands: Arg[][] = pairs
        .slice(first, first + BATCH)
        .flatMap(({ from, to, unit }) => [
          ['GEOADD', 'k', from.longitude, from.latitude, 'a', to.longitude, to.latitude, 'b'].map(String),
          ['ZSCORE', 'k', 'a'],
          ['GEOPOS', 'k', 'a'],
          ['GEOHASH', 'k', 'a'],
          ['GEODIST', 'k', 'a', 'b', unit],
        ]);
      answers.push(...(await client.pipeline(commands)).map(String));
    }
    for (const score of ODD_SCORES) {
      const replies = await client.pipeline([
        ['ZADD', 'odd', score, 'm'],
        ['GEOPOS', 'odd', 'm'],
        ['GEOHASH', 'odd', 'm'],
      ]);
      oddAnswers.push(replies.slice(1).map(String).join(''));
    }
    await client.close();
  }, 600_000);

  it.each(BUILDS)(
    'the $memory $mode build computes the same',
    (build) => {
      const geo = kernelGeo(build);
      const position = (score: number) => {
        const { longitude, latitude } = geo.decode(score);
        return `*1\r\n*2\r\n${bulk(geo.formatCoordinate(longitude))}${bulk(geo.formatCoordinate(latitude))}`;
      };
      let compared = 0;
      for (const [i, { from, to, unit }] of pairs.entries()) {
        const [a, b] = [Number(geo.encode(from)), Number(geo.encode(to))];
        const metres = geo.distance(geo.decode(a), geo.decode(b));
        const ours = [
          bulk(String(a)),
          position(a),
          `*1\r\n${bulk(geo.text(a))}`,
          bulk(geo.formatDistance(metres / UNITS[unit])),
        ];
        const theirs = answers.slice(i * 5 + 1, i * 5 + 5);
        if (ours.join() !== theirs.join())
          expect({ from, to, unit, replies: ours }).toEqual({ from, to, unit, replies: theirs });
        compared++;
      }
      expect(compared).toBe(CASES);
      for (const [i, score] of ODD_SCORES.entries()) {
        const number = score.endsWith('inf') ? Number(score.replace('inf', 'Infinity')) : Number(score);
        expect(`${position(number)}*1\r\n${bulk(geo.text(number))}`).toBe(oddAnswers[i]);
      }
    },
    600_000,
  );
});
