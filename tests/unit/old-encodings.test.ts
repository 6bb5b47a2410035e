// Ziplists and zipmaps become listpacks of the same elements; damaged ones are refused, to the last byte.
import { describe, expect, it } from 'vitest';
import { type Element, ziplist, zipmap } from '../support/old-encodings.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const WINDOW = 0x40000;
const AT = 0x100000;
const BASE = 0x800000;
const CORRUPT = 1;
const NO_MEMORY = 2;

function open(build: Build) {
  const { exports, memory, bytes } = loadTestModule('rdb', build);
  memory.grow(256);
  exports.arenaInit(BASE, 8192);
  exports.useWindow(WINDOW);
  const used = exports.arenaUsedBytes();
  return {
    exports,
    /** The elements of the listpack that `make` makes of these bytes; undefined: refused. */
    elements(make: 'ziplistToListpack' | 'zipmapToListpack', data: Buffer): Buffer[] | undefined {
      bytes().set(data, AT);
      bytes().fill(0xff, AT + data.length, AT + data.length + 16);
      exports.loadBegin(AT, data.length);
      const lp = exports[make](AT, data.length) >>> 0;
      const found: Buffer[] = [];
      if (lp !== 0) {
        expect(exports.lpValid(lp, exports.lpBytes(lp), 0)).toBe(1);
        for (let p = exports.lpFirst(lp); p !== 0; p = exports.lpNext(lp, p)) {
          exports.lpView(p, 0);
          const from = exports.elementPtr() >>> 0;
          found.push(Buffer.from(bytes().slice(from, from + exports.elementLen())));
        }
        expect(found.length).toBe(exports.lpCount(lp));
        exports.arenaFree(lp);
      }
      expect(exports.arenaUsedBytes()).toBe(used);
      return lp === 0 ? undefined : found;
    },
  };
}

const textOf = (element: Element) => (Buffer.isBuffer(element) ? element : Buffer.from(String(element)));
const NUMBERS: Element[] = [0, 1, 12, 13, -1, 127, -128, 128, -129, 32767, -32768, 32768, 8388607, -8388608, 8388608];
NUMBERS.push(2147483647, -2147483648, 2147483648n, 9223372036854775807n, -9223372036854775808n);

function drawElements(random: Random): Element[] {
  return Array.from({ length: random.below(30) }, () =>
    random.oneIn(2) ? random.pick(NUMBERS) : random.bytes(random.pick([0, 1, 5, 63, 64, 250, 251, 252, 253, 300])),
  );
}
function damage(data: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(data);
  for (let i = random.between(1, 3); i > 0; i--) {
    const at = random.below(bytes.length);
    bytes[at] = random.pick([random.below(256), bytes[at] ^ (1 << random.below(8)), 0xff, 0xfe, 0]);
  }
  return random.oneIn(4) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** One comparison for many thousand elements. */
function same(found: Buffer[] | undefined, wanted: readonly Buffer[]): void {
  const joined = (list: readonly Buffer[] = []) => list.map((item) => item.toString('latin1')).join('\n');
  expect(joined(found) === joined(wanted)).toBe(true);
  expect(found?.length).toBe(wanted.length);
}

describe.each(BUILDS)('old encodings, $memory $mode', (build) => {
  it('a ziplist of every kind of element becomes a listpack of the same', () => {
    const { elements } = open(build);
    const strings = [0, 1, 63, 64, 253, 254, 16383, 16384, 70_000].map((length) => Buffer.alloc(length, 'x'));
    for (const list of [[], NUMBERS, strings, [...strings, ...NUMBERS], Array<Element>(70_000).fill(7)])
      same(elements('ziplistToListpack', ziplist(list)), list.map(textOf));
  });

  it('a zipmap becomes a listpack of its fields and values', () => {
    const { elements } = open(build);
    const pair = (field: number, value: number) => [Buffer.alloc(field, 'f'), Buffer.alloc(value, 'v')] as const;
    for (const unused of [0, 1, 255])
      for (const pairs of [
        [],
        [pair(0, 0)],
        [pair(253, 254), pair(254, 253), pair(1, 70_000)],
        Array(300).fill(pair(3, 4)),
      ])
        same(elements('zipmapToListpack', zipmap(pairs, unused)), pairs.flat());
    expect(elements('zipmapToListpack', zipmap([[Buffer.from('n'), Buffer.from('-17')]]))).toHaveLength(2);
  });

  it('what is cut off anywhere, or has a byte too many, is refused', () => {
    const { elements } = open(build);
    const list = ziplist([1, Buffer.from('abc'), 1000, Buffer.alloc(300, 'y'), Buffer.alloc(70, 'z'), -5]);
    const map = zipmap(
      [
        [Buffer.from('f'), Buffer.from('v')],
        [Buffer.alloc(260, 'g'), Buffer.from('')],
      ],
      2,
    );
    for (const [make, data] of [
      ['ziplistToListpack', list],
      ['zipmapToListpack', map],
    ] as const) {
      for (let cut = 0; cut < data.length; cut++) expect(elements(make, data.subarray(0, cut))).toBeUndefined();
      expect(elements(make, Buffer.concat([data, Buffer.from([0xff])]))).toBeUndefined();
      expect(elements(make, data)).toBeDefined();
    }
    // Where the last entry is, and how many there are, has to be true.
    for (const at of [4, 8]) {
      const wrong = Buffer.from(list);
      wrong[at]++;
      expect(elements('ziplistToListpack', wrong)).toBeUndefined();
    }
    const counted = Buffer.from(map);
    counted[0]++;
    expect(elements('zipmapToListpack', counted)).toBeUndefined();
  });

  it('damaged ones are refused, or are sound', () => {
    const { exports, elements } = open(build);
    const random = new Random(runSeed('damaged ziplists and zipmaps'));
    const outcomes = { refused: 0, sound: 0 };
    for (let round = 0; round < 1500; round++) {
      const list = drawElements(random);
      const pairs = list.map((element) => [textOf(element), random.bytes(random.below(20))] as const);
      const asMap = random.oneIn(2);
      const data = damage(asMap ? zipmap(pairs, random.below(3)) : ziplist(list), random);
      const found = elements(asMap ? 'zipmapToListpack' : 'ziplistToListpack', data);
      outcomes[found ? 'sound' : 'refused']++;
      if (!found) expect(exports.fault()).toBe(CORRUPT);
    }
    expect(outcomes.refused).toBeGreaterThan(200);
    expect(outcomes.sound).toBeGreaterThan(20);
    expect(exports.arenaCheck()).toBe(0);
  });

  it('without memory nothing is made', () => {
    const { exports, elements } = open(build);
    exports.arenaFailIn(1);
    expect(elements('ziplistToListpack', ziplist([1, 2]))).toBeUndefined();
    expect(exports.fault()).toBe(NO_MEMORY);
    exports.arenaFailIn(1);
    expect(elements('zipmapToListpack', zipmap([]))).toBeUndefined();
    expect(exports.fault()).toBe(NO_MEMORY);
  });
});
