// The software long double in three ways: against values that an x86-64 processor, its C library and redis-server 7.0
// gave, against exact fractions, and against the grammar of its texts.
import { describe, expect, it } from 'vitest';
import { drawFloatText, SPECIAL_TEXTS, TEXT_BYTES_MAX } from '../fixtures-numbers/draw-float.js';
import { kernelNumbers, type LongDoubleHex } from '../fixtures-numbers/kernel-numbers.js';
import { addLongDoubles, encode, printLongDouble, readLongDouble } from '../fixtures-numbers/long-double-model.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 20_000 : 1_500;
const seed = runSeed('long double');

/** Texts and the ten bytes that strtold gave for them. */
const READ: readonly (readonly [text: string, hex: LongDoubleHex])[] = [
  ['1', '0000000000000080ff3f'],
  ['-0', '00000000000000000080'],
  ['0.1', 'cdccccccccccccccfb3f'],
  ['-0.1', 'cdccccccccccccccfbbf'],
  ['10.1', '9a999999999999a10240'],
  ['3.0e3', '00000000000080bb0a40'],
  ['1e-5', '2384471b47acc5a7ee3f'],
  ['5e-324', 'b2e1a07ace958981cd3b'],
  ['1e4932', 'cdf67e5ca9b22cd7fe7f'],
  ['1.18973149535723176502e4932', 'fffffffffffffffffe7f'],
  ['0.3333333333333333333333', 'abaaaaaaaaaaaaaafd3f'],
  ['18446744073709551615', 'ffffffffffffffff3e40'],
  ['18446744073709551616', '00000000000000803f40'],
  ['18446744073709551617', '00000000000000803f40'],
  ['36893488147419103233', '00000000000000804040'],
  ['36893488147419103235', '01000000000000804040'],
  ['3.3621031431120935062626778173217526e-4932', '00000000000000800100'],
  ['3.6451995318824746025e-4951', '01000000000000000000'],
  ['1.9e-4951', '01000000000000000000'],
  ['0x1p3', '00000000000000800240'],
  ['0x.8', '0000000000000080fe3f'],
  ['-0x1.fffffffffffffffep16383', 'fffffffffffffffffeff'],
  ['0x1.00000000000000010p0', '0000000000000080ff3f'],
  ['0x1.00000000000000011p0', '0100000000000080ff3f'],
  ['0x1.0000000000000003p0', '0200000000000080ff3f'],
  ['0x1p-16445', '01000000000000000000'],
  ['0x1.8p-16445', '02000000000000000000'],
  ['123456789012345678901234567890', '77f0b961fb8774c75f40'],
  ['9007199254740993', '00040000000000803440'],
  ['inf', '0000000000000080ff7f'],
  ['-infinity', '0000000000000080ffff'],
];

/** Values, increments and what redis-server answered. */
const INCREMENTS: readonly (readonly [value: string, by: string, sum: string])[] = [
  ['10.50', '0.1', '10.6'],
  ['5.0e3', '2.0e2', '5200'],
  ['0.1', '0.2', '0.3'],
  ['3', '-3.0000000000000000000001', '0'],
  ['1', '1e-17', '1.00000000000000001'],
  ['1', '5e-18', '1'],
  ['1', '1.5e-17', '1.00000000000000001'],
  ['100', '1e-17', '100.00000000000000001'],
  ['1000', '1e-17', '1000'],
  ['1.23456789012345678', '0', '1.23456789012345678'],
  ['99.99999999999999999', '0', '99.99999999999999999'],
  ['99.999999999999999999', '0', '100'],
  ['0.000000000000000005', '0', '0'],
  ['-0.00000000000000000001', '0', '0'],
  ['9223372036854775807', '1', '9223372036854775808'],
  ['18446744073709551615', '1', '18446744073709551616'],
  ['18446744073709551615', '0.5', '18446744073709551616'],
  ['18446744073709551614', '0.5', '18446744073709551614'],
  ['36893488147419103232', '1', '36893488147419103232'],
  ['36893488147419103232', '3', '36893488147419103236'],
  ['9999999999999999999', '0.1', '9999999999999999999'],
  ['1e25', '1', '10000000000000000000000000'],
  ['123456789012345678901234567890', '0', '123456789012345678899921813504'],
  ['-1e30', '1e30', '0'],
  ['1e30', '1e-30', '1000000000000000000024696061952'],
  ['5000', '0.1', '5000.10000000000000009'],
  ['5000.1', '0.1', '5000.20000000000000018'],
  ['12345.678', '0.001', '12345.67900000000000027'],
  ['0.1', '-0.1', '0'],
  ['-0', '0', '0'],
  ['0x10', '0x.8', '16.5'],
  ['0x1p70', '1', '1180591620717411303424'],
  ['1e-4940', '0', '0'],
  ['2.5', '0x1p-18', '2.50000381469726562'],
  ['7', '0x1p-18', '7.00000381469726562'],
  ['0x3p-18', '0', '0.00001144409179688'],
  ['0.5', '0x1p-57', '0.50000000000000001'],
];

const REFUSED: readonly string[] = [
  ...[
    '',
    ' ',
    '+',
    '-',
    '.',
    '+.',
    '1e',
    '1e+',
    '1e5.0',
    ' 1',
    '1 ',
    '\t1',
    '1\n',
    '1\0',
    '1\x002',
    '--1',
    '1.2.3',
    '1,5',
  ],
  ...['0x', '0x.', '0xp1', '0x.p1', '0x1p', '0x1g', '0x0p', '0x 1', '0x-1', '1x1', 'abc', 'e5', '.e5', '١'],
  ...['nan', '-nan', 'NAN', 'nan(1)', 'infi', 'infinit', 'infinityx', 'in', 'i'],
  ...[
    '1e4933',
    '-1e99999',
    '1.2e4932',
    '1e-4951',
    '-1e-99999',
    '0x1p16384',
    '0x1p-16446',
    '0x1.ffffffffffffffffp16383',
  ],
  ...['1e99999999999999999999', '1e-99999999999999999999', '1e4294967296', '0x1p-4294967296'],
];

const ACCEPTED: readonly string[] = [
  ...['0', '-0', '00', '5.', '.5', '+.5', '-5.', '1E5', '1e+5', '1e0000000000000000000005', 'INF', '+inf', '-Infinity'],
  ...[
    '0X1P3',
    '0x8.',
    '0x0',
    '0x.0p-1',
    '0x1e5',
    '0e99999999999999999999',
    '0.0e-99999999999999999999',
    '0x0p99999999999999',
  ],
  ...['2e-4951', '0x1.8p-16446', '0x1.fffffffffffffffefp16383', `1${'0'.repeat(4932)}`, `1${'0'.repeat(5000)}e-5000`],
];

/** Any finite number of the format, its limits more often than chance would have it. */
function drawFinite(random: Random): LongDoubleHex {
  const exponent = random.weighted([
    [4, random.between(16383 - 70, 16383 + 80)],
    [2, random.below(0x7fff)],
    [1, random.below(70)],
    [1, 0x7ffe - random.below(70)],
  ]);
  let mantissa = (BigInt(random.word()) << 32n) | BigInt(random.word());
  if (random.oneIn(4)) mantissa &= ~0n << BigInt(random.below(64));
  if (random.oneIn(8)) mantissa = (1n << 64n) - 1n;
  if (exponent === 0) return encode(random.oneIn(2), 0, mantissa >> BigInt(random.between(1, 63)));
  return encode(random.oneIn(2), exponent, BigInt.asUintN(64, mantissa | (1n << 63n)));
}

/** A neighbour in size, so that the sum cancels or just carries. */
function drawNear(random: Random, a: LongDoubleHex): LongDoubleHex {
  const bytes = Buffer.from(a, 'hex');
  const exponent = (bytes.readUInt16LE(8) & 0x7fff) + random.between(-2, 2);
  const mantissa = bytes.readBigUInt64LE() + BigInt(random.between(-3, 3));
  if (exponent < 1 || exponent > 0x7ffe) return a;
  return encode(random.oneIn(2), exponent, BigInt.asUintN(64, mantissa | (1n << 63n)));
}

describe.each(BUILDS)('long double, $memory $mode', (build) => {
  const kernel = kernelNumbers(build);

  it.each(READ)('%s has the bytes that the C library gives it', (text, hex) => {
    expect(kernel.parseFloat(text)).toBe(hex);
    expect(readLongDouble(text), 'the model').toBe(hex);
  });

  it.each(INCREMENTS)('%s incremented by %s is what redis-server says', (value, by, sum) => {
    expect(kernel.increment(value, by)).toBe(sum);
    expect(kernel.increment(by, value)).toBe(sum);
  });

  it('what is not wholly a float, overflows or vanishes is refused', () => {
    for (const text of REFUSED) expect({ text, read: kernel.parseFloat(text) }).toEqual({ text, read: undefined });
  });

  it('every form of float that strtold knows is read', () => {
    for (const text of ACCEPTED)
      expect({ text, read: kernel.parseFloat(text) !== undefined }).toEqual({ text, read: true });
  });

  it('texts are read up to 5119 bytes and not beyond', () => {
    for (const digit of ['0', '0x0', '.1', '1e-9']) {
      const padded = digit.startsWith('.')
        ? (n: number) => digit.padEnd(n, '3')
        : (n: number) => `0.${'0'.repeat(n)}`.slice(0, n);
      expect(kernel.parseFloat(padded(TEXT_BYTES_MAX))).toBe(readLongDouble(padded(TEXT_BYTES_MAX)));
      expect(kernel.parseFloat(padded(TEXT_BYTES_MAX))).toBeDefined();
      expect(kernel.parseFloat(padded(TEXT_BYTES_MAX + 1))).toBeUndefined();
    }
  });

  it('the longest sum fits the place for it', () => {
    const largest = '1.18973149535723176502e4932';
    const text = kernel.increment(`-${largest}`, '0') as string;
    expect(text).toHaveLength(kernel.longDoubleCharsMax);
    expect(text).toBe(printLongDouble(kernel.parseFloat(`-${largest}`)!));
  });

  it('sums that are infinite or no number say so', () => {
    const largest = '1.18973149535723176502e4932';
    const refused = { error: 'not finite' };
    for (const [value, by] of [
      ['inf', '1'],
      ['1', '-inf'],
      ['inf', 'inf'],
      ['inf', '-inf'],
      ['-inf', 'inf'],
      [largest, largest],
    ]) {
      expect(kernel.increment(value, by)).toEqual(refused);
    }
    expect(kernel.increment(largest, '1e4912')).toBe(printLongDouble(kernel.parseFloat(largest)!));
    expect(kernel.increment(largest, '1e4913')).toEqual(refused);
  });

  it('infinities add up as the processor adds them', () => {
    const [plus, minus, none, one] = [
      '0000000000000080ff7f',
      '0000000000000080ffff',
      '00000000000000c0ffff',
      '0000000000000080ff3f',
    ];
    expect(kernel.addFloats(plus, one)).toBe(plus);
    expect(kernel.addFloats(one, minus)).toBe(minus);
    expect(kernel.addFloats(minus, minus)).toBe(minus);
    expect(kernel.addFloats(plus, minus)).toBe(none);
    expect(kernel.addFloats(none, plus)).toBe(none);
    expect(kernel.addFloats(one, none)).toBe(none);
  });

  it('texts at the edge of the grammar are read as the model reads them', () => {
    expect(SPECIAL_TEXTS.length).toBeGreaterThan(100);
    for (const text of SPECIAL_TEXTS)
      expect({ text, read: kernel.parseFloat(text) }).toEqual({ text, read: readLongDouble(text) });
  });

  it('random texts become the nearest number', () => {
    const random = new Random(deriveSeed(seed, 1));
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const text = drawFloatText(random);
      const hex = kernel.parseFloat(text);
      if (hex !== readLongDouble(text)) expect({ text, hex }).toEqual({ text, hex: readLongDouble(text) });
      if (hex !== undefined) read++;
    }
    expect(read).toBeGreaterThan(CASES / 2);
  });

  it('random sums are rounded once', () => {
    const random = new Random(deriveSeed(seed, 2));
    let finite = 0;
    for (let i = 0; i < CASES; i++) {
      const a = drawFinite(random);
      const b = random.oneIn(2) ? drawFinite(random) : drawNear(random, a);
      const sum = kernel.addFloats(a, b);
      if (sum !== addLongDoubles(a, b)) expect({ a, b, sum }).toEqual({ a, b, sum: addLongDoubles(a, b) });
      if (kernel.addFloats(b, a) !== sum) expect({ a, b, commutes: false }).toEqual({ a, b, commutes: true });
      if (!sum.endsWith('ff7f') && !sum.endsWith('ffff')) finite++;
    }
    expect(finite).toBeGreaterThan(CASES / 2);
  });

  it('random numbers print their exact value rounded to 17 decimals', () => {
    const random = new Random(deriveSeed(seed, 3));
    let fractions = 0;
    for (let i = 0; i < CASES; i++) {
      const a = drawFinite(random);
      const text = kernel.formatFloat(a);
      if (text !== printLongDouble(a)) expect({ a, text }).toEqual({ a, text: printLongDouble(a) });
      if (text.includes('.')) fractions++;
    }
    expect(fractions).toBeGreaterThan(CASES / 10);
  });

  it('halves of the last decimal go to the even digit', () => {
    // odd / 2^18 has 18 decimals, the last of them a 5.
    let subjects = 0;
    for (let odd = 1n; odd < 1000n; odd += 2n) {
      const a = kernel.parseFloat(`0x${odd.toString(16)}p-18`)!;
      const units = (odd * 10n ** 18n) / 2n ** 18n;
      const even = units / 10n + ((units / 10n) % 2n);
      const text = kernel.formatFloat(a);
      expect(units % 10n).toBe(5n);
      expect(BigInt(text.replace('.', '').slice(1).padEnd(17, '0'))).toBe(even);
      subjects++;
    }
    expect(subjects).toBe(500);
  });

  it('from 256 on, 17 decimals bring back the very number that was printed', () => {
    const random = new Random(deriveSeed(seed, 4));
    for (let i = 0; i < CASES; i++) {
      const exponent = random.between(16383 + 8, random.pick([16383 + 80, 0x7ffe]));
      const mantissa = (1n << 63n) | (BigInt(random.word()) << 31n) | BigInt(random.word() >>> 1);
      const a = encode(random.oneIn(2), exponent, mantissa);
      const text = kernel.formatFloat(a);
      if (kernel.parseFloat(text) !== a) expect({ text, read: kernel.parseFloat(text) }).toEqual({ text, read: a });
    }
  });

  it('the scratch area may lie at the end of memory', () => {
    const module = loadTestModule('numbers', build, 17);
    const end = module.bytes().length;
    const scratch = end - module.exports.LD_SCRATCH_BYTES.value;
    const text = Buffer.from('1'.repeat(4000));
    const out = scratch - 16;
    const ptr = out - 5200;
    for (const exponent of ['', 'e932', 'e-8900']) {
      module.bytes().set(Buffer.concat([text, Buffer.from(exponent)]), ptr);
      expect(module.exports.ldParse(ptr, text.length + exponent.length, out, scratch)).toBe(1);
      module.exports.ldFormat(out, 0x20000, scratch);
    }
    module.bytes().set(text.subarray(0, 40), end - 40);
    expect(module.exports.ldParse(end - 40, 40, out, 0x20000)).toBe(1);
  });
});
