// Rows in the order of their keys: all of them, equal ones in the order they had, or the first few. That equal rows come
// out as Redis's do when only the first few are sorted is for the differential tests of GEOSEARCH with COUNT.
import { describe, expect, it } from 'vitest';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 5_000 : 300;
const seed = runSeed('tests/unit/row-sort.test.ts');
const STACK = 0x20000;
const ROWS = 0x30000;
const SPARE = 0x80000;
const ROWS_MAX = 8_000;

interface Row {
  key: number;
  payload: number;
}

const text = (rows: readonly Row[]) => rows.map(({ key, payload }) => `${key}:${payload}`).join();

/** Keys of the shapes that make sorts slow or wrong: few different ones, in order, in reverse, organ pipes. */
function drawKeys(random: Random): number[] {
  const count = random.oneIn(3) ? random.below(60) : random.below(random.oneIn(10) ? ROWS_MAX : 900);
  const different = random.pick([1, 2, 5, 40, 1e6]);
  const keys = Array.from({ length: count }, () => random.below(different) / 8);
  const shape = random.below(4);
  if (shape === 1) keys.sort((a, b) => a - b);
  if (shape === 2) keys.sort((a, b) => b - a);
  if (shape === 3) return [...keys.toSorted((a, b) => a - b), ...keys.toSorted((a, b) => b - a)].slice(0, ROWS_MAX);
  return keys;
}

describe.each(BUILDS)('rows, $memory $mode', (build) => {
  const module = loadTestModule('geo', build, 64);
  const { sortRows, sortFirstRows, ROW_BYTES, ROW_STACK_BYTES } = module.exports;
  const bytes = ROW_BYTES.value;
  const view = () => new DataView(module.memory.buffer);

  function put(keys: readonly number[]): Row[] {
    const rows = keys.map((key, payload) => ({ key, payload }));
    const memory = view();
    for (const { key, payload } of rows) {
      memory.setFloat64(ROWS + payload * bytes, key, true);
      memory.setFloat64(ROWS + payload * bytes + 8, payload, true);
      memory.setUint32(ROWS + payload * bytes + 16, payload, true);
      memory.setUint32(ROWS + payload * bytes + 20, ~payload >>> 0, true);
    }
    return rows;
  }

  function take(count: number): Row[] {
    const memory = view();
    return Array.from({ length: count }, (_, i) => {
      const at = ROWS + i * bytes;
      const payload = memory.getUint32(at + 16, true);
      if (memory.getFloat64(at + 8, true) !== payload || memory.getUint32(at + 20, true) !== ~payload >>> 0)
        throw new Error(`row ${i} is made of parts of several`);
      return { key: memory.getFloat64(at, true), payload };
    });
  }

  it('are sorted stably in both directions', () => {
    const random = new Random(seed);
    for (let i = 0; i < CASES; i++) {
      const keys = drawKeys(random);
      const descending = random.oneIn(2);
      const rows = put(keys);
      sortRows(ROWS, keys.length, descending, SPARE);
      rows.sort((a, b) => (descending ? b.key - a.key : a.key - b.key));
      expect(text(take(keys.length))).toBe(text(rows));
    }
  });

  it('come first that are first, when only some are wanted', () => {
    const random = new Random(seed + 1);
    for (let i = 0; i < CASES; i++) {
      const keys = drawKeys(random);
      const wanted = random.below(keys.length + 1);
      const descending = random.oneIn(2);
      put(keys);
      module.bytes().fill(0xa5, STACK - 8, STACK + ROW_STACK_BYTES.value + 8);
      sortFirstRows(ROWS, keys.length, wanted, descending, STACK);
      for (const edge of [STACK - 8, STACK + ROW_STACK_BYTES.value])
        expect([...module.bytes().slice(edge, edge + 8)]).toEqual(Array(8).fill(0xa5));
      const rows = take(keys.length);
      const sorted = keys.toSorted((a, b) => (descending ? b - a : a - b));
      const firstKeys = rows.slice(0, wanted).map(({ key }) => key);
      expect(firstKeys.join()).toBe(sorted.slice(0, wanted).join());
      // The rows are those that were there.
      const byPayload = rows.toSorted((a, b) => a.payload - b.payload);
      expect(text(byPayload)).toBe(text(keys.map((key, payload) => ({ key, payload }))));
    }
  });
});
