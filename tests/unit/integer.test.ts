// Integers as text, read and written.
import { describe, expect, it } from 'vitest';
import { drawInteger, drawIntegerText, EDGE_INTEGER_TEXTS } from '../fixtures-numbers/draw-integer.js';
import { kernelNumbers } from '../fixtures-numbers/kernel-numbers.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, loadTestModule } from '../support/wasm.js';

const CASES = process.env.LATCHKEY_TEST_LONG ? 200_000 : 10_000;
const seed = runSeed('integers');

/** The integer that a text stands for, if it is the one way to write it and in range. */
function readInteger(text: string): bigint | undefined {
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

describe.each(BUILDS)('integers, $memory $mode', (build) => {
  const kernel = kernelNumbers(build);

  it.each([
    ['0', 0n],
    ['-1', -1n],
    ['12345678', 12345678n],
    ['-123456789', -123456789n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
  ])('%s is read', (text, value) => {
    expect(kernel.parseInteger(text)).toBe(value);
  });

  it.each([
    ['', 'empty'],
    ['-', 'a sign alone'],
    ['+1', 'a plus'],
    ['-0', 'minus zero'],
    ['01', 'a leading zero'],
    ['-01', 'a leading zero'],
    [' 1', 'a space'],
    ['1 ', 'a space'],
    ['1\0', 'a NUL'],
    ['1.0', 'a point'],
    ['1234567/', 'the character before 0 among eight'],
    ['1234567:', 'the character after 9 among eight'],
    ['9223372036854775808', 'one too large'],
    ['-9223372036854775809', 'one too small'],
    ['18446744073709551617', 'a number that is 1 in 64 bits'],
    ['00000000000000000001', 'twenty characters of zeros'],
    ['100000000000000000000', 'twenty-one characters'],
  ])('%j is refused: %s', (text) => {
    expect(kernel.parseInteger(text)).toBeUndefined();
  });

  it('texts at the edges are read exactly when they are canonical', () => {
    expect(EDGE_INTEGER_TEXTS.length).toBeGreaterThan(50);
    for (const text of EDGE_INTEGER_TEXTS) {
      expect({ text, value: kernel.parseInteger(text) }).toEqual({ text, value: readInteger(text) });
    }
  });

  it('every byte but a digit spoils a number, wherever it stands', () => {
    for (const number of ['1234567', '12345678', '123456789', '1234567890123456', '1234567890123456789']) {
      for (let at = 0; at < number.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const bytes = Buffer.from(number);
          bytes[at] = byte;
          const text = bytes.toString('latin1');
          const value = kernel.parseInteger(bytes);
          if (value !== readInteger(text)) expect({ text, value }).toEqual({ text, value: readInteger(text) });
        }
      }
    }
  });

  it('random texts are read exactly when they are canonical', () => {
    const random = new Random(deriveSeed(seed, 1));
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const text = drawIntegerText(random);
      const value = kernel.parseInteger(text);
      if (value !== readInteger(text)) expect({ text, value }).toEqual({ text, value: readInteger(text) });
      if (value !== undefined) read++;
    }
    expect(read).toBeGreaterThan(CASES / 10);
    expect(read).toBeLessThan(CASES);
  });

  it('a refused text leaves the last number found', () => {
    const { exports, bytes } = loadTestModule('numbers', build);
    bytes().set(Buffer.from('42x'), 0x20000);
    expect(exports.parseI64(0x20000, 2)).toBe(1);
    expect(exports.parseI64(0x20000, 3)).toBe(0);
    expect(exports.parsed()).toBe(42n);
  });

  it('numbers are written in decimal and read back', () => {
    const random = new Random(deriveSeed(seed, 2));
    const edges = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n - 1n, 2n ** 32n];
    for (let power = 10n; power < 2n ** 63n; power *= 10n)
      edges.push(power - 1n, power, power + 1n, -power, 1n - power);
    const drawn = Array.from({ length: CASES }, () => drawInteger(random));
    for (const value of [...edges, ...drawn]) {
      const text = kernel.formatInteger(value);
      if (text !== value.toString()) expect(text).toBe(value.toString());
      if (kernel.parseInteger(text) !== value)
        expect({ text, read: kernel.parseInteger(text) }).toEqual({ text, read: value });
    }
  });

  it('every number of up to five digits, and any above four others, is written in full', () => {
    for (let value = 0; value < 100_000; value++) {
      if (kernel.formatUnsigned(BigInt(value)) !== String(value))
        expect(kernel.formatUnsigned(BigInt(value))).toBe(String(value));
      if (value >= 10_000) continue;
      const eight = 1_2345_0000 + value;
      if (kernel.formatUnsigned(BigInt(eight)) !== String(eight))
        expect(kernel.formatUnsigned(BigInt(eight))).toBe(String(eight));
    }
  });

  it('unsigned numbers reach 2^64 - 1', () => {
    const random = new Random(deriveSeed(seed, 3));
    const values = [2n ** 64n - 1n, 2n ** 63n, 10n ** 19n, 10n ** 19n - 1n];
    for (let i = 0; i < CASES; i++) values.push(BigInt.asUintN(64, drawInteger(random)));
    for (const value of values)
      if (kernel.formatUnsigned(value) !== value.toString())
        expect(kernel.formatUnsigned(value)).toBe(value.toString());
  });

  it('a text may end where memory ends', () => {
    const { exports, bytes } = loadTestModule('numbers', build, 17);
    const end = bytes().length;
    bytes().set(Buffer.from('1234567890123456789'), end - 19);
    for (let length = 1; length <= 19; length++) {
      expect(exports.parseI64(end - length, length)).toBe('1234567890123456789'.at(-length) === '0' ? 0 : 1);
    }
    expect(exports.formatI64(-1234567890123456789n, end - 20)).toBe(20);
  });
});
