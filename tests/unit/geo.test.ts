// The geography commands in each form of the sorted set: searches against a plain list of places, stores over their own
// source, and every request for memory refused once.
import { describe, expect, it } from 'vitest';
import { kernelGeo, type Place } from '../fixtures-numbers/kernel-geo.js';
import { type Arg, openKernel, type TestKernel } from '../support/kernel.js';
import { allDigests, digestOf, newReplica, replayLog, takeLog } from '../support/log-replay.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const ROUNDS = process.env.LATCHKEY_TEST_LONG ? 200 : 10;
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const seed = runSeed('tests/unit/geo.test.ts');

/** Offsets in the header: limits().zsetMaxListpackEntries and packedEntriesMax of memory/layout.ts. */
const ZSET_ENTRIES_MAX = 2560 + 12;
const PACKED_ENTRIES_MAX = 2560 + 36;
const FORMS = [
  { form: 'as it comes', force: false },
  { form: 'scalable', force: true },
] as const;

function open(build: Build, force: boolean, options = {}): TestKernel {
  const kernel = openKernel(build, options);
  if (force) {
    kernel.shard.setHeader(ZSET_ENTRIES_MAX, 0);
    kernel.shard.setHeader(PACKED_ENTRIES_MAX, 0);
  }
  return kernel;
}

/** Two hundred places on a line, and a string; the log is empty. */
function filled(build: Build, force: boolean): TestKernel {
  const kernel = open(build, force).logOn();
  for (let i = 0; i < 200; i++) kernel.call('GEOADD', 'g', i / 10, i / 20, `m${i}`);
  kernel.call('SET', 's', 'a string');
  takeLog(kernel);
  return kernel;
}

/** The bulk strings of a flat array reply. */
function bulks(reply: string): string[] {
  const parts = reply.split('\r\n').slice(1, -1);
  return parts.filter((_, i) => i % 2 === 1);
}

describe.each(BUILDS)('places in a kernel, $memory $mode', (build) => {
  const geo = kernelGeo(build);

  describe.each(FORMS)('the sorted set $form', ({ force }) => {
    it('are found where a look at every place finds them', () => {
      const random = new Random(seed);
      const within = (low: number, high: number) => low + (high - low) * (random.word() / 2 ** 32);
      let found = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const kernel = open(build, force);
        const places = new Map<string, Place>();
        const centre = { longitude: within(-150, 150), latitude: within(-60, 60) };
        for (let i = random.between(1, 400); i > 0; i--) {
          const place = { longitude: centre.longitude + within(-2, 2), latitude: centre.latitude + within(-2, 2) };
          const member = random.oneIn(3) ? String(random.below(500)) : `m${random.below(500)}`;
          const added = places.has(member) ? 0 : 1;
          expect(kernel.text('GEOADD', 'g', String(place.longitude), String(place.latitude), member)).toBe(
            `:${added}\r\n`,
          );
          places.set(member, place);
        }
        expect(kernel.check()).toBe(0);
        for (let i = 0; i < 20; i++) {
          const from = { longitude: centre.longitude + within(-2, 2), latitude: centre.latitude + within(-2, 2) };
          const metres = Math.round(10 ** within(2, 5.5));
          const from_ = ['FROMLONLAT', String(from.longitude), String(from.latitude)];
          const reply = kernel.text('GEOSEARCH', 'g', ...from_, 'BYRADIUS', metres, 'm', 'ASC');
          geo.setShape({ centre: from, metres: 1, radius: metres });
          const inside = [...places]
            .map(([member, place]) => ({ member, distance: geo.distanceInShape(Number(geo.encode(place))) }))
            .filter((each): each is { member: string; distance: number } => each.distance !== undefined)
            .sort((a, b) => a.distance - b.distance);
          expect(bulks(reply)).toEqual(inside.map(({ member }) => member));
          const first = kernel.text('GEOSEARCH', 'g', ...from_, 'BYRADIUS', metres, 'm', 'COUNT', '3');
          expect(bulks(first)).toEqual(inside.slice(0, 3).map(({ member }) => member));
          const any = kernel.text('GEOSEARCH', 'g', ...from_, 'BYRADIUS', metres, 'm', 'COUNT', '3', 'ANY');
          expect(bulks(any)).toHaveLength(Math.min(3, inside.length));
          found += inside.length;
        }
      }
      expect(found).toBeGreaterThan(ROUNDS * 20);
    });

    it('are logged so that a second kernel has the same', () => {
      const random = new Random(seed + 1);
      const kernel = open(build, force).logOn();
      const second = newReplica(build);
      for (let i = 0; i < 300; i++) {
        const key = random.pick(['g', 'h', 'i']);
        const member = `m${random.below(60)}`;
        const place = [String(random.below(100) / 10), String(random.below(100) / 10)];
        const options: Arg[] = random.oneIn(2) ? ['COUNT', random.between(1, 5)] : [];
        switch (random.below(5)) {
          case 0:
            kernel.call(
              'GEOSEARCHSTORE',
              random.pick(['g', 'h', 'i', 'd']),
              key,
              'FROMLONLAT',
              ...place,
              'BYRADIUS',
              500,
              'km',
              ...options,
            );
            break;
          case 1:
            kernel.call(
              'GEOSEARCHSTORE',
              'd',
              key,
              'FROMLONLAT',
              ...place,
              'BYBOX',
              500,
              900,
              'km',
              'STOREDIST',
              ...options,
            );
            break;
          case 2:
            kernel.call('GEORADIUS', key, ...place, 300, 'km', 'STORE', random.pick(['h', 'd']));
            break;
          default:
            kernel.call(
              'GEOADD',
              key,
              ...(random.oneIn(4) ? ['XX', 'CH'] : []),
              ...place,
              member,
              ...place,
              `${member}b`,
            );
        }
      }
      replayLog(takeLog(kernel), second);
      expect(allDigests(second)).toEqual(allDigests(kernel));
      expect([kernel.check(), second.check()]).toEqual([0, 0]);
    });

    it('a search stored over its own source keeps what it found', () => {
      const kernel = open(build, force);
      for (let i = 0; i < 300; i++) kernel.call('GEOADD', 'g', i / 100, 0, `m${i}`);
      expect(kernel.text('GEOSEARCHSTORE', 'g', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 200, 'km')).toBe(':180\r\n');
      expect(kernel.text('ZCARD', 'g')).toBe(':180\r\n');
      expect(kernel.text('GEOSEARCHSTORE', 'g', 'g', 'FROMMEMBER', 'm0', 'BYRADIUS', 1, 'km', 'STOREDIST')).toBe(
        ':1\r\n',
      );
      expect(kernel.text('ZRANGE', 'g', 0, -1, 'WITHSCORES')).toBe('*2\r\n$2\r\nm0\r\n$1\r\n0\r\n');
      expect(kernel.check()).toBe(0);
    });

    // Each command once for every request for memory that it makes: refused it changes nothing, in the end it succeeds.
    it.each<[title: string, command: Arg[]]>([
      ['GEOADD of a new key', ['GEOADD', 'new', 1, 2, 'a', 3, 4, 'b']],
      ['GEOADD of many', ['GEOADD', 'g', ...Array.from({ length: 40 }, (_, i) => [i / 10, 5, `new${i}`]).flat()]],
      ['GEOSEARCH', ['GEOSEARCH', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 20000, 'km', 'ASC']],
      [
        'GEOSEARCH with COUNT',
        ['GEOSEARCH', 'g', 'FROMLONLAT', 0, 0, 'BYBOX', 9000, 9000, 'km', 'COUNT', 7, 'WITHDIST'],
      ],
      ['GEOSEARCHSTORE', ['GEOSEARCHSTORE', 'd', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 20000, 'km']],
      ['GEOSEARCHSTORE over its source', ['GEOSEARCHSTORE', 'g', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 500, 'km']],
      ['GEORADIUS STOREDIST', ['GEORADIUS', 'g', 0, 0, 9000, 'km', 'STOREDIST', 's']],
    ])('%s fails cleanly wherever memory ends', (_title, command) => {
      let failed = 0;
      let kernel = filled(build, force);
      const before = digestOf(kernel);
      for (let n = 1; ; n++) {
        kernel.failIn(n);
        const reply = kernel.text(...command);
        const refused = kernel.failLeft() === 0;
        kernel.failIn(0);
        expect(kernel.check()).toBe(0);
        if (reply !== OOM) {
          expect(reply).not.toMatch(/^-/);
          if (!refused) break;
          // It found another way; the next round needs the keys as they were.
          kernel = filled(build, force);
          continue;
        }
        failed++;
        const log = takeLog(kernel);
        if (log.commands.length === 0) expect(digestOf(kernel)).toBe(before);
        else {
          // The arena had promised what the test then refused: what was done by then is done, and logged.
          const second = filled(build, force);
          replayLog(log, second);
          expect(digestOf(kernel)).toBe(digestOf(second));
          kernel = filled(build, force);
        }
        if (n === 1000) throw new Error('asks for memory without end');
      }
      expect(failed).toBeGreaterThan(0);
    });
  });
});
