// Keys go where kevy puts them, under both routings: DESIGN's vectors, and every key in logs that kevy itself wrote.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readKevyLog } from '../support/kevy-log.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const AT = 0x40000;
const M64 = (1n << 64n) - 1n;
const FIXTURES = 'tests/fixtures/kevy-1.22';

const VECTORS: [key: string, hash: string][] = [
  ['', 'a47e4914af8cafbc'],
  ['a', 'ac53b2c7027b4092'],
  ['ab', 'e9f5fabb0b9d3e7f'],
  ['abc', 'f2be3ca2ebaf98e7'],
  ['0123456789abcdefg', 'c44ff0bd3f0b26be'],
  ['0123456789abcdef0123456789abcdef', 'dd0156a8d3a77ea1'],
  ['0123456789abcdef0123456789abcdefg', 'bb7587eae967fe27'],
];

/** KevyHash once more, in big integers and straight from its definition. */
function modelHash(b: Buffer): bigint {
  const fold = (x: bigint, y: bigint) => ((x * y) & M64) ^ ((x * y) >> 64n);
  let [s0, s1] = [0x243f6a8885a308d3n, 0x13198a2e03707344n];
  const L = b.length;
  if (L > 16) {
    for (let p = 0; p + 16 <= L - 1; p += 16) {
      const t = fold(s0 ^ b.readBigUInt64LE(p), 0xa4093822299f31d0n ^ b.readBigUInt64LE(p + 8));
      [s0, s1] = [s1, t];
    }
    s0 ^= b.readBigUInt64LE(L - 16);
    s1 ^= b.readBigUInt64LE(L - 8);
  } else if (L >= 8) {
    s0 ^= b.readBigUInt64LE(0);
    s1 ^= b.readBigUInt64LE(L - 8);
  } else if (L >= 4) {
    s0 ^= BigInt(b.readUInt32LE(0));
    s1 ^= BigInt(b.readUInt32LE(L - 4));
  } else if (L >= 1) {
    s0 ^= BigInt(b[0]);
    s1 ^= BigInt((b[L - 1] << 8) | b[L >> 1]);
  }
  let h = fold(s0, s1) ^ BigInt(L);
  h ^= h >> 33n;
  h = (h * 0xff51afd7ed558ccdn) & M64;
  h ^= h >> 33n;
  h = (h * 0xc4ceb9fe1a85ec53n) & M64;
  return h ^ (h >> 33n);
}

function modelSlot(key: Buffer): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  let crc = 0;
  for (const byte of close > open + 1 ? key.subarray(open + 1, close) : key) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc & 16383;
}

function hashes(build: Build) {
  const { exports, bytes } = loadTestModule('hashes', build);
  const put = (key: Buffer) => {
    bytes().set(key, AT);
    return key.length;
  };
  return {
    kevyHash: (key: Buffer) => BigInt.asUintN(64, exports.kevyHash(AT, put(key))),
    slot: (key: Buffer): number => exports.slotOfKey(AT, put(key)),
    crc16: (key: Buffer): number => exports.crc16(AT, put(key)),
    shard: (routing: number, count: number, key: Buffer): number => exports.shardOfKey(routing, count, AT, put(key)),
    high: (x: bigint, y: bigint) => BigInt.asUintN(64, exports.highProduct(x, y)),
  };
}

/** The keys a logged command names. Kevy logs effects, so each command has exactly one. */
function keyOf(args: Buffer[]): Buffer {
  const name = args[0].toString();
  if (name === 'XGROUP') return args[2];
  if (name === 'XREADGROUP') return args[args.findIndex((arg) => arg.toString() === 'STREAMS') + 1];
  return args[1];
}

describe.each(BUILDS)('the $memory $mode build', (build) => {
  const kernel = hashes(build);

  it.each(VECTORS)('hashes %j as kevy does', (key, hash) => {
    expect(kernel.kevyHash(Buffer.from(key)).toString(16).padStart(16, '0')).toBe(hash);
  });

  it('hashes random keys of 0 to 200 bytes as the definition says', () => {
    const random = new Random(runSeed('KevyHash against its definition'));
    for (let i = 0; i < 2000; i++) {
      const key = random.bytes(random.below(random.oneIn(2) ? 40 : 201));
      expect({ key, hash: kernel.kevyHash(key) }).toEqual({ key, hash: modelHash(key) });
    }
  });

  it('multiplies 64 by 64 bits', () => {
    const random = new Random(runSeed('wide products'));
    const edges = [0n, 1n, 0xffffffffn, 1n << 32n, 1n << 63n, M64, M64 - 1n];
    const draw = () => (random.oneIn(3) ? random.pick(edges) : random.bytes(8).readBigUInt64LE());
    for (let i = 0; i < 2000; i++) {
      const [x, y] = [draw(), draw()];
      expect(kernel.high(x, y)).toBe((x * y) >> 64n);
    }
  });

  it('knows the check value of CRC16/XMODEM, and slots that Redis documents', () => {
    expect(kernel.crc16(Buffer.from('123456789'))).toBe(0x31c3);
    expect(kernel.slot(Buffer.from('foo'))).toBe(12182);
    expect(kernel.slot(Buffer.from('{foo}bar'))).toBe(12182);
    expect(kernel.slot(Buffer.from(''))).toBe(0);
  });

  it.each(['{}x', 'x{}', '{', '}', '{a', 'a}b{c}', '{{a}}', '{a}{b}', 'foo{{bar}}zap', 'foo{bar}{zap}', '{}{a}'])(
    'finds the hash tag of %s',
    (key) => expect(kernel.slot(Buffer.from(key))).toBe(modelSlot(Buffer.from(key))),
  );

  it('gives random keys, tagged or not, the slot of the definition', () => {
    const random = new Random(runSeed('slots against their definition'));
    for (let i = 0; i < 3000; i++) {
      const key = random.bytes(random.below(80));
      for (let k = random.below(4); k > 0 && key.length > 0; k--)
        key[random.below(key.length)] = random.pick([0x7b, 0x7d]);
      expect({ key, slot: kernel.slot(key) }).toEqual({ key, slot: modelSlot(key) });
    }
  });

  it('cuts the hash space by mask or remainder, and the slots into equal runs', () => {
    const random = new Random(runSeed('shards of keys'));
    for (let i = 0; i < 1000; i++) {
      const key = random.bytes(random.below(30));
      const count = random.between(1, 128);
      expect(kernel.shard(0, count, key)).toBe(Number(modelHash(key) % BigInt(count)));
      expect(kernel.shard(1, count, key)).toBe((modelSlot(key) * count) >> 14);
    }
    expect(kernel.shard(1, 16384, Buffer.from('foo'))).toBe(12182);
  });

  it.each(readdirSync(FIXTURES))('routes every key of %s to the shard whose log it is in', (layout) => {
    const data = `${FIXTURES}/${layout}/data`;
    const [count, tag] = readFileSync(`${data}/shards.meta`, 'utf8').split('\n');
    let keys = 0;
    for (let shard = 0; shard < Number(count); shard++) {
      const log = readKevyLog(readFileSync(`${data}/aof-${shard}.aof`));
      for (const args of log.commands) {
        const key = keyOf(args);
        expect({ key, shard: kernel.shard(tag === 'slots' ? 1 : 0, Number(count), key) }).toEqual({ key, shard });
        keys++;
      }
    }
    expect(keys).toBeGreaterThan(300);
  });
});

it('the layouts cover both routings and four numbers of shards', () => {
  expect(readdirSync(FIXTURES).map((layout) => layout.split('-', 2).join('-'))).toEqual([
    ...['kevyhash-1', 'kevyhash-3', 'kevyhash-4', 'kevyhash-5', 'slots-4'],
  ]);
});
