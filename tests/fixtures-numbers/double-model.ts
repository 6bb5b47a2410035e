// Doubles as text, computed with exact fractions: slow, and right by its looks.

const bits = new DataView(new ArrayBuffer(8));

export function doubleOfBits(word: bigint): number {
  bits.setBigUint64(0, BigInt.asUintN(64, word));
  return bits.getFloat64(0);
}
export function bitsOfDouble(value: number): bigint {
  bits.setFloat64(0, value);
  return bits.getBigUint64(0);
}

/** |value| as mantissa * 2^exponent. */
function exactly(value: number): { mantissa: bigint; exponent: number } {
  const word = bitsOfDouble(value);
  const field = Number((word >> 52n) & 0x7ffn);
  const fraction = word & ((1n << 52n) - 1n);
  return { mantissa: field === 0 ? fraction : fraction | (1n << 52n), exponent: Math.max(field, 1) - 1075 };
}

const power = (base: bigint, exponent: number) => base ** BigInt(Math.max(exponent, 0));

/** numerator / denominator as an integer, ties to the even one. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole;
}

/** What printf's %.17g writes. */
export function printDouble(value: number): string {
  const sign = bitsOfDouble(value) >> 63n === 1n ? '-' : '';
  if (Number.isNaN(value)) return `${sign}nan`;
  if (!Number.isFinite(value)) return `${sign}inf`;
  if (value === 0) return `${sign}0`;
  const { mantissa, exponent } = exactly(value);
  let tens = Number(Math.abs(value).toExponential(40).split('e')[1]);
  const numerator = mantissa * power(2n, exponent);
  const denominator = power(2n, -exponent);
  const at = (first: number) =>
    rounded(numerator * power(10n, 16 - first), denominator * power(10n, first - 16)).toString();
  let text = at(tens);
  if (text.length === 18) text = at(++tens);
  if (text.length !== 17) throw new Error(`${text} for ${value}`);
  text = text.replace(/0+$/, '');
  const pointed = (whole: number) =>
    text.length <= whole ? text.padEnd(whole, '0') : `${text.slice(0, whole)}.${text.slice(whole)}`;
  if (tens < -4 || tens >= 17) {
    const size = String(Math.abs(tens)).padStart(2, '0');
    return `${sign}${pointed(1)}e${tens < 0 ? '-' : '+'}${size}`;
  }
  return sign + (tens < 0 ? `0.${'0'.repeat(-tens - 1)}${text}` : pointed(tens + 1));
}

/** The double nearest to a fraction. */
function nearest(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0;
  // 2^top <= numerator / denominator < 2^(top + 1)
  let top = numerator.toString(2).length - denominator.toString(2).length;
  if (numerator * power(2n, -top) < denominator * power(2n, top)) top--;
  const unit = Math.max(top, -1022) - 52;
  if (unit > 971) return Number.POSITIVE_INFINITY;
  const mantissa = rounded(numerator * power(2n, -unit), denominator * power(2n, unit));
  // At most 2^53: exact. In two steps, since 2^unit alone may be below what a double can hold.
  const half = Math.trunc(unit / 2);
  return Number(mantissa) * 2 ** half * 2 ** (unit - half);
}

export interface Reading {
  /** Characters read, 0: it is no number. */
  readonly length: number;
  readonly value: number;
  readonly outOfRange: boolean;
}

const DECIMAL = /^([ \t-\r]*)([+-]?)(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i;
const HEX = /^([ \t-\r]*)([+-]?)0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?\d+)?/i;
const WORD = /^([ \t-\r]*)([+-]?)(infinity|inf|nan(?:\([0-9a-z_]*\))?)/i;

/** What strtod reads. Exponents of more than a few thousand are only told apart by their sign. */
export function readDouble(text: string): Reading {
  const word = WORD.exec(text);
  const signed = (sign: string, value: number) => (sign === '-' ? -value : value);
  if (word) {
    const value = word[3].toLowerCase().startsWith('inf') ? Number.POSITIVE_INFINITY : Number.NaN;
    return { length: word[0].length, value: signed(word[2], value), outOfRange: false };
  }
  const hex = HEX.exec(text);
  const found = hex ?? DECIMAL.exec(text);
  if (!found) return { length: 0, value: 0, outOfRange: false };
  const [all, , sign, body, tail] = found;
  const [whole, fraction = ''] = body.split('.');
  const digits = BigInt((hex ? '0x' : '') + whole + fraction || 0);
  const limit = 20_000;
  const field = tail ? Math.max(-limit, Math.min(limit, Number(tail.slice(1)))) : 0;
  const base = hex ? 2n : 10n;
  const exponent = field - fraction.length * (hex ? 4 : 1);
  const value = nearest(digits * power(base, exponent), power(base, -exponent));
  return {
    length: all.length,
    value: signed(sign, value),
    outOfRange: digits !== 0n && (value === 0 || !Number.isFinite(value)),
  };
}
