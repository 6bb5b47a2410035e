// The x87 extended format over exact fractions of BigInts: what the kernel's arithmetic is compared with.
import type { LongDoubleHex } from './kernel-numbers.js';

/** numerator / denominator; the denominator is positive, the sign stands apart so that there is a negative zero. */
export type Exact = { negative: boolean; numerator: bigint; denominator: bigint };

const MANTISSA_BITS = 64;
/** Power of two of the lowest mantissa bit of the smallest numbers. */
const EXPONENT_MIN = -16445;
const EXPONENT_MAX = 16320;

/** The nearest long double, ties to an even mantissa; infinite when it is too large. */
export function roundToLongDouble({ negative, numerator, denominator }: Exact): LongDoubleHex {
  if (numerator === 0n) return encode(negative, 0, 0n);
  let exponent = bitLength(numerator) - bitLength(denominator) - MANTISSA_BITS;
  if (ratio(numerator, denominator, exponent).quotient >> 64n !== 0n) exponent++;
  exponent = Math.max(exponent, EXPONENT_MIN);
  let { quotient, twiceRest, divisor } = ratio(numerator, denominator, exponent);
  if (twiceRest > divisor || (twiceRest === divisor && quotient % 2n === 1n)) quotient++;
  if (quotient >> 64n !== 0n) {
    quotient >>= 1n;
    exponent++;
  }
  if (exponent > EXPONENT_MAX) return encode(negative, 0x7fff, 1n << 63n);
  return encode(negative, quotient >> 63n === 0n ? 0 : exponent - EXPONENT_MIN + 1, quotient);
}

/** numerator / denominator / 2^exponent as a whole part and a rest. */
function ratio(numerator: bigint, denominator: bigint, exponent: number) {
  const dividend = exponent < 0 ? numerator << BigInt(-exponent) : numerator;
  const divisor = exponent > 0 ? denominator << BigInt(exponent) : denominator;
  const quotient = dividend / divisor;
  return { quotient, twiceRest: 2n * (dividend - quotient * divisor), divisor };
}

function bitLength(value: bigint): number {
  return value.toString(16).length * 4 - Math.clz32(Number.parseInt(value.toString(16)[0], 16)) + 28;
}

export function encode(negative: boolean, exponent: number, mantissa: bigint): LongDoubleHex {
  const bytes = Buffer.alloc(10);
  bytes.writeBigUInt64LE(mantissa);
  bytes.writeUInt16LE((negative ? 0x8000 : 0) | exponent, 8);
  return bytes.toString('hex');
}

/** The exact value of a finite long double. */
export function exactValue(hex: LongDoubleHex): Exact {
  const bytes = Buffer.from(hex, 'hex');
  const mantissa = bytes.readBigUInt64LE();
  const biased = bytes.readUInt16LE(8) & 0x7fff;
  if (biased === 0x7fff) throw new Error('only finite numbers have an exact value');
  const exponent = Math.max(biased, 1) - 1 + EXPONENT_MIN;
  return {
    negative: bytes[9] >= 0x80,
    numerator: exponent > 0 ? mantissa << BigInt(exponent) : mantissa,
    denominator: exponent < 0 ? 1n << BigInt(-exponent) : 1n,
  };
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?(?:p([+-]?\d+))?$/i;
const INFINITE = /^([+-]?)inf(?:inity)?$/i;
/** Exponents beyond it are cut to it: every nonzero text of 5119 bytes is far out of range by then. */
const POWER_MAX = 100_000n;

/** What Redis reads from a text for INCRBYFLOAT, or undefined where it says that the text is not a float. */
export function readLongDouble(text: string): LongDoubleHex | undefined {
  if (text.length === 0 || text.length > 5119) return undefined;
  const infinite = INFINITE.exec(text);
  if (infinite) return encode(infinite[1] === '-', 0x7fff, 1n << 63n);
  const hexadecimal = HEXADECIMAL.exec(text);
  const match = hexadecimal ?? DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, whole, fraction = '', power = '0'] = match;
  if (whole + fraction === '') return undefined;
  const numerator = BigInt((hexadecimal ? '0x' : '') + whole + fraction);
  const negative = sign === '-';
  if (numerator === 0n) return encode(negative, 0, 0n);
  const field = BigInt(power);
  const clamped = field > POWER_MAX ? POWER_MAX : field < -POWER_MAX ? -POWER_MAX : field;
  const exponent = clamped - BigInt(fraction.length) * (hexadecimal ? 4n : 1n);
  // Powers of ten are cut where nothing of 5119 digits is in range any more, so that the fraction stays computable.
  const base = hexadecimal ? 2n : 10n;
  if (!hexadecimal && (exponent > 5_000n || exponent < -15_300n)) return undefined;
  const hex = roundToLongDouble({
    negative,
    numerator: exponent > 0n ? numerator * base ** exponent : numerator,
    denominator: exponent < 0n ? base ** -exponent : 1n,
  });
  const exact = (Number.parseInt(hex.slice(16), 16) & 0xff7f) === 0xff7f;
  return exact || /^0{16}/.test(hex) ? undefined : hex;
}

/** The sum of two finite long doubles, rounded once; what Redis computes with one addition of the processor. */
export function addLongDoubles(a: LongDoubleHex, b: LongDoubleHex): LongDoubleHex {
  const [x, y] = [exactValue(a), exactValue(b)];
  const signed = (value: Exact) => (value.negative ? -value.numerator : value.numerator);
  const sum = signed(x) * y.denominator + signed(y) * x.denominator;
  return roundToLongDouble({
    negative: sum < 0n || (x.negative && y.negative),
    numerator: sum < 0n ? -sum : sum,
    denominator: x.denominator * y.denominator,
  });
}

/** The exact value to 17 decimals, ties to even, without trailing zeros; no sign before a zero. */
export function printLongDouble(hex: LongDoubleHex): string {
  const { negative, numerator, denominator } = exactValue(hex);
  const scaled = numerator * 10n ** 17n;
  let units = scaled / denominator;
  const twiceRest = 2n * (scaled - units * denominator);
  if (twiceRest > denominator || (twiceRest === denominator && units % 2n === 1n)) units++;
  if (units === 0n) return '0';
  const digits = units.toString().padStart(18, '0');
  const text = `${digits.slice(0, -17)}.${digits.slice(-17)}`.replace(/\.?0+$/, '');
  return negative ? `-${text}` : text;
}
