// Intsets against a sorted array, and their bytes against those that redis-server keeps.
import { describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const BASE = 0x100000;
const PAYLOAD = 0x20000;

function open(build: Build, pages = 4096) {
  const module = loadTestModule('intset', build);
  const { exports, bytes } = module;
  exports.arenaInit(BASE, pages);
  let set = exports.intsetNew() >>> 0;
  return {
    exports,
    has: (value: bigint): boolean => exports.intsetFind(set, value) !== 0,
    /** True: added; false: it was there; undefined: no memory. */
    add(value: bigint): boolean | undefined {
      if (exports.intsetFind(set, value)) return false;
      const fresh = exports.intsetAdd(set, value) >>> 0;
      if (fresh === 0) return undefined;
      set = fresh;
      return true;
    },
    remove(value: bigint): boolean {
      if (!exports.intsetFind(set, value)) return false;
      set = exports.intsetRemoveAt(set, exports.index()) >>> 0;
      return true;
    },
    removeMarked(marked: (index: number) => boolean): void {
      const count = exports.intsetCount(set) >>> 0;
      const bits = new Uint8Array((count >>> 3) + 1);
      for (let i = 0; i < count; i++) if (marked(i)) bits[i >>> 3] |= 1 << (i & 7);
      bytes().set(bits, PAYLOAD);
      set = exports.intsetRemoveMarked(set, PAYLOAD) >>> 0;
    },
    values: (): bigint[] =>
      Array.from({ length: exports.intsetCount(set) >>> 0 }, (_, i) => exports.intsetValue(set, i) as bigint),
    payload: (): Buffer => Buffer.from(bytes().slice(set, set + (exports.intsetBytes(set) >>> 0))),
    capacity: (): number => exports.arenaSize(set) >>> 0,
    valid(data: Uint8Array): boolean {
      bytes().set(data, PAYLOAD);
      return exports.intsetValid(PAYLOAD, data.length) !== 0;
    },
    load(data: Uint8Array): void {
      bytes().set(data, PAYLOAD);
      exports.intsetDrop(set);
      set = exports.intsetFrom(PAYLOAD, data.length) >>> 0;
    },
    drop: () => exports.intsetDrop(set),
  };
}

const EDGES = [0n, 1n, -1n, 32767n, -32768n, 32768n, -32769n, 2147483647n, -2147483648n, 2147483648n, -2147483649n];
const WIDEST = [9223372036854775807n, -9223372036854775808n];
const ascending = (values: Iterable<bigint>) => [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** The bytes of the drawing: width, count, values. */
function drawn(width: number, values: readonly bigint[]): Buffer {
  const data = Buffer.alloc(8 + width * values.length);
  data.writeUInt32LE(width, 0);
  data.writeUInt32LE(values.length, 4);
  values.forEach((value, i) => {
    for (let k = 0; k < width; k++) data[8 + i * width + k] = Number((value >> BigInt(8 * k)) & 255n);
  });
  return data;
}

describe.each(BUILDS)('intset, $memory $mode', (build) => {
  it('holds what a sorted array holds, in the bytes of its drawing, while its integers get wider', () => {
    const random = new Random(runSeed('tests/unit/intset.test.ts'));
    let removals = 0;
    for (let round = 0; round < 40; round++) {
      const intset = open(build);
      const model = new Set<bigint>();
      const used = intset.exports.arenaUsedBytes();
      const span = random.pick([8n, 100n, 40_000n, 3_000_000_000n, 1n << 62n]);
      let width = 2;
      for (let i = 0; i < 300; i++) {
        const edges = random.oneIn(4) ? [...EDGES, ...WIDEST] : EDGES.slice(0, 5);
        const value = random.oneIn(10) ? random.pick(edges) : (BigInt(random.word()) * span) / 2n ** 31n - span;
        expect(intset.has(value)).toBe(model.has(value));
        if (random.oneIn(3)) {
          if (model.has(value)) removals++;
          expect(intset.remove(value)).toBe(model.delete(value));
        } else {
          expect(intset.add(value)).toBe(!model.has(value));
          model.add(value);
          width = Math.max(width, BigInt.asIntN(16, value) === value ? 2 : BigInt.asIntN(32, value) === value ? 4 : 8);
        }
      }
      expect(intset.values()).toEqual(ascending(model));
      expect(intset.payload().equals(drawn(width, ascending(model)))).toBe(true);
      expect(intset.valid(intset.payload())).toBe(model.size > 0);
      expect(intset.capacity()).toBeLessThanOrEqual(Math.max(16, intset.payload().length * 2 + 16));
      intset.drop();
      expect(intset.exports.arenaUsedBytes()).toBe(used - 16n);
      expect(intset.exports.arenaCheck()).toBe(0);
    }
    expect(removals).toBeGreaterThan(100);
  });

  it('loses exactly the marked ones', () => {
    const random = new Random(runSeed('marked'));
    for (const count of [1, 7, 8, 9, 500]) {
      const intset = open(build);
      for (let i = 0; i < count; i++) intset.add(BigInt(i * 1000));
      const lost = new Set(Array.from({ length: count }, (_, i) => i).filter(() => random.oneIn(2)));
      intset.removeMarked((i) => lost.has(i));
      const kept = Array.from({ length: count }, (_, i) => i).filter((i) => !lost.has(i));
      expect(intset.values()).toEqual(kept.map((i) => BigInt(i * 1000)));
      expect(intset.exports.arenaCheck()).toBe(0);
    }
  });

  it('stays as it was when there is no memory to add', () => {
    const intset = open(build);
    const model: bigint[] = [];
    let failures = 0;
    for (const value of [...EDGES, ...Array.from({ length: 200 }, (_, i) => BigInt(i) * 77n), ...WIDEST]) {
      const before = intset.payload();
      intset.exports.arenaFailIn(1);
      const added = intset.add(value);
      intset.exports.arenaFailIn(0);
      if (added === undefined) {
        failures++;
        expect(intset.payload().equals(before)).toBe(true);
        expect(intset.add(value)).toBe(true);
      }
      if (added !== false) model.push(value);
    }
    expect(intset.values()).toEqual(ascending(model));
    expect(failures).toBeGreaterThan(15);
  });

  it('takes payloads that are whole, in order and without duplicates, and no others', () => {
    const intset = open(build);
    for (const width of [2, 4, 8]) {
      const good = drawn(width, [-5n, 0n, 3n, 100n]);
      expect(intset.valid(good)).toBe(true);
      intset.load(good);
      expect(intset.values()).toEqual([-5n, 0n, 3n, 100n]);
      expect(intset.add(7n)).toBe(true);
      expect(intset.payload().equals(drawn(width, [-5n, 0n, 3n, 7n, 100n]))).toBe(true);
      for (let cut = 0; cut < good.length; cut++) expect(intset.valid(good.subarray(0, cut))).toBe(false);
      expect(intset.valid(Buffer.concat([good, Buffer.alloc(width)]))).toBe(false);
      expect(intset.valid(drawn(width, [1n, 1n]))).toBe(false);
      expect(intset.valid(drawn(width, [2n, 1n]))).toBe(false);
      expect(intset.valid(drawn(width, []))).toBe(false);
    }
    for (const width of [0, 1, 3, 16, 0xffffffff]) {
      const bad = drawn(2, [1n, 2n]);
      bad.writeUInt32LE(width, 0);
      expect(intset.valid(bad)).toBe(false);
    }
    // Counts whose product with the width wraps round 32 bits to the payload's size.
    for (const [width, count] of [
      [2, 0x80000002],
      [4, 0x40000001],
      [8, 0x20000001],
    ]) {
      const bad = drawn(width, [1n]);
      bad.writeUInt32LE(count, 4);
      expect(intset.valid(bad)).toBe(false);
    }
  });
});
