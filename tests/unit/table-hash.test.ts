// The table's own hash: all its bits are good for the keys people use, and nobody can aim at it without the seeds.
import { describe, expect, it } from 'vitest';
import { openKernel } from '../support/kernel.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule, type TestModule } from '../support/wasm.js';

const AT = 0x40000;
const SECRETS_BYTES = 96;
const BUCKETS = 60;

function seedWith(module: TestModule, random: Random): void {
  module.bytes().set(random.bytes(SECRETS_BYTES), module.exports.tableKeys());
}
function hashOf(module: TestModule, key: Buffer): bigint {
  module.bytes().set(key, AT);
  return BigInt.asUintN(64, module.exports.tableHash(AT, key.length));
}

/** SipHash-1-3, from its paper. */
function sipModel(key: Buffer, k0: bigint, k1: bigint): bigint {
  const M = (1n << 64n) - 1n;
  const rotl = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & M;
  let [v0, v1, v2, v3] = [
    0x736f6d6570736575n ^ k0,
    0x646f72616e646f6dn ^ k1,
    0x6c7967656e657261n ^ k0,
    0x7465646279746573n ^ k1,
  ];
  const round = () => {
    v0 = (v0 + v1) & M;
    v1 = rotl(v1, 13n) ^ v0;
    v0 = rotl(v0, 32n);
    v2 = (v2 + v3) & M;
    v3 = rotl(v3, 16n) ^ v2;
    v0 = (v0 + v3) & M;
    v3 = rotl(v3, 21n) ^ v0;
    v2 = (v2 + v1) & M;
    v1 = rotl(v1, 17n) ^ v2;
    v2 = rotl(v2, 32n);
  };
  const padded = Buffer.alloc((key.length & ~7) + 8);
  key.copy(padded);
  padded[padded.length - 1] = key.length;
  for (let p = 0; p < padded.length; p += 8) {
    const m = padded.readBigUInt64LE(p);
    v3 ^= m;
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return v0 ^ v1 ^ v2 ^ v3;
}

/** How far counts are from equal, as chi-squared over its degrees of freedom: 1 is what chance gives. */
function unevenness(counts: number[]): number {
  const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0) / (counts.length - 1);
}

const KEYS = 60_000;
const STRUCTURED: [what: string, key: (i: number) => Buffer][] = [
  ['key:000000000001 and so on', (i) => Buffer.from(`key:${String(i).padStart(12, '0')}`)],
  ['1, 2, 3 …', (i) => Buffer.from(String(i))],
  ['user:1:name …', (i) => Buffer.from(`user:${i}:name`)],
  ['counters in binary, lowest byte first', (i) => Buffer.from([i, i >> 8, i >> 16, 0, 0, 0, 0, 0])],
  [
    'counters in binary, in the middle of zeros',
    (i) => Buffer.concat([Buffer.alloc(20), Buffer.from([i, i >> 8]), Buffer.alloc(20)]),
  ],
  ['a counter behind a long prefix', (i) => Buffer.from(`${'session-of-a-very-long-name/'.repeat(3)}${i}`)],
  [
    'multiples of 65536',
    (i) => {
      const b = Buffer.alloc(8);
      b.writeBigUInt64LE(BigInt(i) << 16n);
      return b;
    },
  ],
  ['one long run of zeros after another', (i) => Buffer.alloc(i % 60_000)],
];

describe.each(BUILDS)('the $memory $mode build', (build) => {
  const module = loadTestModule('hashes', build);

  it('is SipHash-1-3 above 64 bytes', () => {
    const random = new Random(runSeed('SipHash'));
    for (let length = 65; length < 140; length++) {
      seedWith(module, random);
      const secrets = Buffer.from(
        module.bytes().slice(module.exports.tableKeys(), module.exports.tableKeys() + SECRETS_BYTES),
      );
      const key = random.bytes(length);
      expect(hashOf(module, key)).toBe(sipModel(key, secrets.readBigUInt64LE(64), secrets.readBigUInt64LE(72)));
    }
  });

  it('looks at every byte of the key and at no other', () => {
    const random = new Random(runSeed('bytes of the key'));
    seedWith(module, random);
    for (let length = 0; length <= 140; length++) {
      const key = random.bytes(length);
      const around = (before: Buffer, after: Buffer) => {
        module.bytes().set(Buffer.concat([before, key, after]), AT);
        return BigInt.asUintN(64, module.exports.tableHash(AT + before.length, length));
      };
      const hash = around(Buffer.alloc(16), Buffer.alloc(16));
      // At every alignment, with other neighbours.
      for (let shift = 0; shift < 9; shift++) {
        expect(around(random.bytes(16 + shift), random.bytes(16))).toBe(hash);
      }
      for (let i = 0; i < length; i++) {
        const other = Buffer.from(key);
        other[i] ^= 1 << random.below(8);
        expect(hashOf(module, other)).not.toBe(hash);
      }
    }
  });

  it('tells zeros of different lengths apart', () => {
    seedWith(module, new Random(runSeed('zeros')));
    expect(new Set(Array.from({ length: 200 }, (_, n) => hashOf(module, Buffer.alloc(n)))).size).toBe(200);
  });

  it('changes half of its bits, each as likely as the next, when one bit of a key changes', () => {
    const random = new Random(runSeed('avalanche'));
    for (const length of [1, 3, 4, 7, 8, 12, 16, 17, 24, 32, 40, 64, 65, 100]) {
      const flips = new Array<number>(64).fill(0);
      const rounds = 600;
      seedWith(module, random);
      for (let i = 0; i < rounds; i++) {
        const key = random.bytes(length);
        const before = hashOf(module, key);
        key[random.below(length)] ^= 1 << random.below(8);
        let changed = before ^ hashOf(module, key);
        for (let bit = 0; bit < 64; bit++, changed >>= 1n) flips[bit] += Number(changed & 1n);
      }
      // Six standard deviations of `rounds` fair coins.
      for (const n of flips) expect(Math.abs(n - rounds / 2)).toBeLessThan(3 * Math.sqrt(rounds));
    }
  });

  it.each(STRUCTURED)('spreads %s evenly over segments, buckets and fingerprints', (what, keyAt) => {
    const short = build.mode === 'debug' || what.includes('zeros after') ? 8 : 1;
    seedWith(module, new Random(runSeed(`spread of ${what}`)));
    const segments = new Array<number>(256).fill(0);
    const homes = new Array<number>(BUCKETS).fill(0);
    const prints = new Array<number>(256).fill(0);
    const both = new Array<number>(16 * BUCKETS).fill(0);
    for (let i = 0; i < KEYS / short; i++) {
      const hash = hashOf(module, keyAt(i));
      const segment = Number(hash >> 56n);
      const home = (Number((hash >> 8n) & 0xffffffn) * BUCKETS) >>> 24;
      segments[segment]++;
      homes[home]++;
      prints[Number(hash & 255n)]++;
      both[(segment >> 4) * BUCKETS + home]++;
    }
    // Standard deviations of this ratio are 0.09 (256 places), 0.18 (60) and 0.05 (960).
    expect(unevenness(segments)).toBeLessThan(1.6);
    expect(unevenness(homes)).toBeLessThan(2.2);
    expect(unevenness(prints)).toBeLessThan(1.6);
    expect(unevenness(both)).toBeLessThan(1.35);
  });

  it('no set of keys that meets in one bucket under one seed meets under another', () => {
    const random = new Random(runSeed('two seeds'));
    seedWith(module, random);
    const place = (key: Buffer) => {
      const hash = hashOf(module, key);
      return `${hash >> 58n}/${(Number((hash >> 8n) & 0xffffffn) * BUCKETS) >>> 24}`;
    };
    const met = new Map<string, Buffer[]>();
    for (let i = 0; i < 40_000; i++) {
      const key = Buffer.from(`key:${i}`);
      const where = place(key);
      met.set(where, [...(met.get(where) ?? []), key]);
    }
    const worst = [...met.values()].sort((a, b) => b.length - a.length)[0];
    expect(worst.length).toBeGreaterThan(10);
    seedWith(module, random);
    expect(new Set(worst.map(place)).size).toBeGreaterThan(worst.length / 2);
  });

  it('tables with different seeds hold the same keys in another order', () => {
    const orders = [1, 2].map((seed) => {
      const kernel = openKernel(build, { seed });
      for (let i = 0; i < 200; i++) kernel.call('SET', `key:${i}`, i);
      return kernel.text('KEYS', '*').split('\r\n');
    });
    expect(orders[0]).not.toEqual(orders[1]);
    expect(orders[0].sort()).toEqual(orders[1].sort());
  });
});
