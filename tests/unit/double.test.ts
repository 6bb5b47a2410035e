// Reading and printing doubles against exact fractions, against JavaScript's own reading, and against values that a C
// library gave.
import { describe, expect, it } from 'vitest';
import { bitsOfDouble, doubleOfBits, printDouble, readDouble } from '../fixtures-numbers/double-model.js';
import { drawDouble, drawTie } from '../fixtures-numbers/draw-double.js';
import { drawFloatText, SPECIAL_TEXTS } from '../fixtures-numbers/draw-float.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build, loadTestModule } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 200_000 : 5_000;
const seed = runSeed('double');
const TEXT = 0x20000;
const OUT = 0x18000;

function kernelDoubles(build: Build) {
  const module = loadTestModule('numbers', build);
  const { exports } = module;
  const view = Buffer.from(module.memory.buffer);
  const charsMax: number = exports.DOUBLE_CHARS_MAX.value;
  const put = (text: string) => {
    const length = view.write(text, TEXT, 'latin1');
    // Digits behind the text would change the number if they were read.
    view.fill('7', TEXT + length, TEXT + length + 16);
    return length;
  };
  return {
    parse: (text: string): number | undefined =>
      exports.parseDouble(TEXT, put(text)) ? exports.parsedAsDouble() : undefined,
    parseLoosely: (text: string): number | undefined =>
      exports.parseDoubleLoosely(TEXT, put(text)) ? exports.parsedAsDouble() : undefined,
    format(value: number): string {
      view.fill(0xa5, OUT - 32, OUT + charsMax + 32);
      const length: number = exports.formatDouble17(value, OUT);
      if (length > charsMax) throw new Error(`${length} characters`);
      for (const edge of [OUT - 32, OUT + charsMax])
        if (view.subarray(edge, edge + 32).some((byte) => byte !== 0xa5))
          throw new Error('written outside the place given');
      return view.toString('latin1', OUT, OUT + length);
    },
    exports,
    view,
  };
}

/** What the C library's strtod and printf("%.17g") gave. */
const PRINTED: readonly (readonly [text: string, printed: string])[] = [
  ['0.1', '0.10000000000000001'],
  ['-0', '-0'],
  ['0', '0'],
  ['1e15', '1000000000000000'],
  ['1e16', '10000000000000000'],
  ['9007199254740993', '9007199254740992'],
  ['1e17', '1e+17'],
  ['123456789012345678', '1.2345678901234568e+17'],
  ['99999999999999999', '1e+17'],
  ['99999999999999984', '99999999999999984'],
  ['0.0001', '0.0001'],
  ['0.00001', '1.0000000000000001e-05'],
  ['3.0517578125e-5', '3.0517578125e-05'],
  ['1.5', '1.5'],
  ['3.141592653589793', '3.1415926535897931'],
  ['5e-324', '4.9406564584124654e-324'],
  ['2.2250738585072014e-308', '2.2250738585072014e-308'],
  ['1.7976931348623157e308', '1.7976931348623157e+308'],
  ['1e100', '1e+100'],
  ['1e22', '1e+22'],
  ['1e23', '9.9999999999999992e+22'],
  ['-1e-7', '-9.9999999999999995e-08'],
  ['0x1.8p1', '3'],
  ['0x1p-1074', '4.9406564584124654e-324'],
  ['inf', 'inf'],
  ['-Infinity', '-inf'],
  // Exact ties in the seventeenth digit, to both sides.
  ['0x1.0000000000001p-1', '0.50000000000000011'],
  ['2251799813685248.5', '2251799813685248.5'],
  ['562949953421312.125', '562949953421312.12'],
  ['562949953421312.375', '562949953421312.38'],
  ['562949953421312.625', '562949953421312.62'],
];

describe.each(BUILDS)('doubles, $memory $mode', (build) => {
  const kernel = kernelDoubles(build);
  const same = (text: string, value: number | undefined, wanted: number | undefined) => {
    if (!Object.is(value, wanted)) expect({ text, value }).toEqual({ text, value: wanted });
  };

  it.each(PRINTED)('%s is printed as the C library prints it', (text, printed) => {
    expect(kernel.format(kernel.parse(text)!)).toBe(printed);
    expect(printDouble(readDouble(text).value), 'the model').toBe(printed);
  });

  it('nan is refused in any spelling and printed with its sign', () => {
    for (const text of ['nan', 'NaN', '+nan', '-nan', 'nan()', 'nan(12_ab)', 'nan(', 'nan(-)', 'nanx', 'na'])
      expect(kernel.parse(text)).toBeUndefined();
    expect(kernel.format(doubleOfBits(0x7ff8000000000000n))).toBe('nan');
    expect(kernel.format(doubleOfBits(0xfff8000000000001n))).toBe('-nan');
  });

  it('texts at the edge of the grammar are read as strtod reads them, whole and in part', () => {
    const texts = SPECIAL_TEXTS.flatMap((text) => [text, `${text} `, `${text}\0x`, ` ${text}`, `-${text}`, `${text}e`]);
    expect(texts.length).toBeGreaterThan(1000);
    for (const text of texts) {
      const { length, value, outOfRange } = readDouble(text);
      const strict =
        text === '' || /^[ \t-\r]/.test(text) || length !== text.length || outOfRange || Number.isNaN(value);
      same(text, kernel.parse(text), strict ? undefined : value);
      const loose = (length === text.length || text[length] === '\0') && !Number.isNaN(value);
      same(text, kernel.parseLoosely(text), loose ? value : undefined);
    }
  });

  it('random texts become the nearest double', () => {
    const random = new Random(deriveSeed(seed, 1));
    let read = 0;
    for (let i = 0; i < CASES / 5; i++) {
      const text = random.oneIn(3) ? drawTie(random) : drawFloatText(random);
      const { length, value, outOfRange } = readDouble(text);
      const refused =
        length !== text.length || outOfRange || Number.isNaN(value) || length === 0 || /^[ \t-\r]/.test(text);
      same(text, kernel.parse(text), refused ? undefined : value);
      if (!refused) read++;
    }
    expect(read).toBeGreaterThan(CASES / 15);
  });

  it('random doubles print 17 exact digits and are read back to the bit', () => {
    const random = new Random(deriveSeed(seed, 2));
    let subnormal = 0;
    for (let i = 0; i < CASES; i++) {
      const value = drawDouble(random);
      const text = kernel.format(value);
      if (text !== printDouble(value)) expect({ value, text }).toEqual({ value, text: printDouble(value) });
      same(text, kernel.parse(text), value);
      if (value !== 0) same(String(value), kernel.parse(String(value)), value);
      if (value !== 0 && Math.abs(value) < 2.2250738585072014e-308) subnormal++;
    }
    expect(subnormal).toBeGreaterThan(CASES / 100);
  });

  it('any decimal of few digits is read as JavaScript reads it', () => {
    const random = new Random(deriveSeed(seed, 3));
    for (let i = 0; i < CASES; i++) {
      const digits = String(random.below(10 ** random.between(1, 9))) + random.below(10 ** random.between(1, 9));
      const text = `${digits}${random.pick(['', '.', '.5', '.25'])}e${random.between(-330, 300)}`;
      const wanted = Number(text);
      const refused = (wanted === 0 && /[1-9]/.test(digits)) || !Number.isFinite(wanted);
      same(text, kernel.parse(text), refused ? undefined : wanted);
    }
  });

  it('texts of any length are read to their last digit', () => {
    const tie = 2n ** 53n + 1n;
    for (const zeros of [10, 700, 900, 5000, 40_000]) {
      const even = `${tie}.${'0'.repeat(zeros)}`;
      same(even, kernel.parse(even), 2 ** 53);
      same(`${even}1`, kernel.parse(`${even}1`), 2 ** 53 + 2);
      const point = `.${'0'.repeat(zeros)}12345e${zeros}`;
      same(point, kernel.parse(point), 0.12345);
      const whole = `12345${'0'.repeat(zeros)}e-${zeros}`;
      same(whole, kernel.parse(whole), 12345);
    }
  });

  it('every power of two is printed and read exactly', () => {
    let subjects = 0;
    for (let exponent = -1074; exponent <= 1023; exponent++) {
      const value =
        exponent >= -1022 ? doubleOfBits(BigInt(exponent + 1023) << 52n) : doubleOfBits(1n << BigInt(exponent + 1074));
      expect(kernel.format(value)).toBe(printDouble(value));
      expect(kernel.parse(kernel.format(value))).toBe(value);
      expect(kernel.parse(`0x1p${exponent}`)).toBe(value);
      subjects++;
    }
    expect(subjects).toBe(2098);
    expect(bitsOfDouble(kernel.parse('0x1p-1074')!)).toBe(1n);
  });
});
