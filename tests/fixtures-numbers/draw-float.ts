// Random texts for floats: the everyday ones, those next to every limit of the x87 format, and those that are none.
import type { Random } from '../support/seed.js';

/** The longest text that Redis reads as a float. */
export const TEXT_BYTES_MAX = 5119;

/** A text that may or may not be a float; at most a few in a hundred are thousands of characters long. */
export function drawFloatText(random: Random): string {
  const text = random.weighted(KINDS)(random);
  return random.oneIn(25) ? mutate(random, text) : text;
}

const KINDS: readonly (readonly [weight: number, draw: (random: Random) => string])[] = [
  [20, everyday],
  [15, reply],
  [15, scientific],
  [15, tie],
  [10, limit],
  [10, hexadecimal],
  [5, integer],
  [5, special],
  [3, long],
];

function sign(random: Random): string {
  return random.weighted([
    [10, ''],
    [8, '-'],
    [2, '+'],
  ]);
}

export function drawDigits(random: Random, count: number): string {
  let text = '';
  const kind = random.below(10);
  for (let i = 0; i < count; i++)
    text += kind === 0 ? '9' : kind === 1 ? random.pick(['0', '0', '0', '1']) : random.below(10);
  return text;
}

/** Puts a point somewhere, perhaps before or after everything. */
function pointed(random: Random, digits: string): string {
  const at = random.below(digits.length + 1);
  return `${digits.slice(0, at)}.${digits.slice(at)}`;
}

function everyday(random: Random): string {
  return `${sign(random)}${random.below(10 ** random.between(1, 6))}.${drawDigits(random, random.between(1, 4))}`;
}

/** What a server might have replied before: up to twenty digits, a point, up to seventeen more. */
function reply(random: Random): string {
  return `${sign(random)}${drawDigits(random, random.between(1, 20))}.${drawDigits(random, random.between(1, 17))}`;
}

function scientific(random: Random): string {
  const digits = drawDigits(random, random.between(1, random.pick([3, 19, 25, 40, 60])));
  const exponent = random.between(0, random.pick([5, 30, 60, 400, 5000]));
  const body = random.oneIn(3) ? digits : pointed(random, digits);
  return `${sign(random)}${body}${random.pick(['e', 'E'])}${random.pick(['', '+', '-', '-'])}${exponent}`;
}

function integer(random: Random): string {
  return `${sign(random)}${drawDigits(random, random.between(1, random.pick([8, 20, 40, 300, 4940])))}`;
}

/** Halfway between two neighbours of the format, or one unit of the last digit beside it, or a neighbour itself. */
function tie(random: Random): string {
  let mantissa = (1n << 63n) | (BigInt(random.word()) << 31n) | BigInt(random.word() >>> 1);
  if (random.oneIn(6)) mantissa = (1n << 64n) - 1n;
  if (random.oneIn(8)) mantissa = 1n << 63n;
  if (random.oneIn(10)) mantissa >>= BigInt(random.below(64)); // few digits, so far apart that ties are short
  mantissa = mantissa * 2n + (random.oneIn(4) ? 0n : 1n);
  return sign(random) + scaled(random, mantissa, random.between(-140, random.pick([10, 10, 200, 3000])));
}

/** mantissa * 2^exponent in decimal, sometimes nudged by one unit of its last place or of a place far behind it. */
function scaled(random: Random, mantissa: bigint, exponent: number): string {
  let decimals = 0;
  let digits = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  if (exponent < 0) decimals = -exponent;
  if (random.oneIn(2)) {
    const places = random.pick([1, 1, 5, 30, 300]);
    digits = digits * 10n ** BigInt(places) + BigInt(random.pick([-1, 1]));
    decimals += places;
  }
  const text = digits.toString();
  if (random.oneIn(2) || decimals > 400) return `${text.slice(0, 1)}.${text.slice(1)}e${text.length - 1 - decimals}`;
  if (decimals === 0) return text;
  const padded = text.padStart(decimals + 1, '0');
  return `${padded.slice(0, padded.length - decimals)}.${padded.slice(padded.length - decimals)}`;
}

/** Next to the largest finite number, the smallest normal one and the smallest one at all. */
function limit(random: Random): string {
  switch (random.below(4)) {
    case 0:
      return `${sign(random)}${random.pick(['1.18973149535723176502126385303', '1.1897314953572317650', '1.18973149535723177'])}${drawDigits(random, random.below(30))}e4932`;
    case 1:
      return `${sign(random)}${random.pick(['3.3621031431120935062626', '3.362103143112093506'])}${drawDigits(random, random.below(30))}e-4932`;
    case 2:
      return `${sign(random)}${random.pick(['1.822599765941237301264202966', '3.645199531882474602528', '1.82', '1.9', '0.5'])}${drawDigits(random, random.below(30))}e-495${random.between(0, 2)}`;
    default:
      return `${sign(random)}${pointed(random, drawDigits(random, random.between(1, 30)))}e${random.pick(['', '-'])}${random.between(4900, 4980)}`;
  }
}

function hexadecimal(random: Random): string {
  let digits = '';
  const count = random.between(1, random.pick([4, 16, 17, 18, 33, 40, 200]));
  const kind = random.below(5);
  for (let i = 0; i < count; i++)
    digits += kind === 0 ? random.pick(['0', '0', '8', 'f']) : random.below(16).toString(16);
  if (random.oneIn(2)) digits = digits.toUpperCase();
  const body = random.oneIn(3) ? digits : pointed(random, digits);
  const size = random.between(0, random.pick([4, 70, 1000, 16500, 17500]));
  const exponent = random.oneIn(3) ? '' : `${random.pick(['p', 'P'])}${random.pick(['', '+', '-'])}${size}`;
  return `${sign(random)}${random.pick(['0x', '0X'])}${body}${exponent}`;
}

/** Thousands of characters, on both sides of the limit of their number. */
function long(random: Random): string {
  const length = random.between(200, random.pick([1000, TEXT_BYTES_MAX + 2]));
  const zeros = random.pick([0, 0, random.below(length)]);
  const digits = '0'.repeat(zeros) + drawDigits(random, length - zeros);
  if (random.oneIn(3)) return digits;
  const body = pointed(random, digits.slice(1));
  if (random.oneIn(2)) return body;
  const exponent = random.between(-5200, 5200);
  return `${body.slice(0, body.length - 6)}e${exponent}`;
}

function special(random: Random): string {
  return random.pick(SPECIAL_TEXTS);
}

/** Texts on the edge of the grammar, most of them outside of it. */
export const SPECIAL_TEXTS: readonly string[] = [
  ...[
    'inf',
    'INF',
    '+inf',
    '-Inf',
    'infinity',
    '-INFINITY',
    'Infinity',
    'infi',
    'infinit',
    'infinityx',
    'in',
    'i',
    '-i',
  ],
  ...['nan', '-nan', 'NAN', 'nan(1)', 'nan()', '', ' ', '+', '-', '.', '+.', '-.', '..', 'e', 'e5', '.e5', '-e', 'p1'],
  ...['0', '-0', '+0', '00', '0.', '.0', '-.0', '5.', '.5', '+.5', '-5.', '1.2.3', '1..2', '1,5', '1_000', '١'],
  ...['1e', '1e+', '1e-', '1e5', '1E5', '1e+5', '1e 5', '1e5.0', '1e5 ', '1ee5', '1e++5', '1e+-5', '1e0x5', '1p5'],
  ...[' 1', '1 ', '\t1', '1\n', '1\0', '\0', '1\x002', '+-1', '--1', '++1', '- 1', '\v1', '\f1', '\r1'],
  ...[
    '0x',
    '0x.',
    '0xp1',
    '0x.p1',
    '0x.8',
    '0x8.',
    '0x8.p',
    '0x0',
    '0x0p',
    '0x0p1',
    '0x0.p1',
    '0x.0',
    '0x.0p-1',
    '-0x0',
  ],
  ...['0x1p', '0x1p+', '0x1p-', '0x1p3', '0X1P3', '0x1e5', '0x1.8p1', '0xg', '0x1g', '0x1p3x', '0x 1', '0x+1', '0x-1'],
  ...['0x1p0x1', '0x1.1.1', '0x1p1.1', 'x1', '1x1', '00x1', '0xx1', '0xap0', '0xAp0', '0x1pa', '-0x1p4', '+0x1p4'],
  ...[
    '0e0',
    '0e99999',
    '0e-99999',
    '0e99999999999999999999',
    '0.0e-99999999999999999999',
    '-0e5',
    '0x0p99999999999999',
  ],
  ...[
    '1e99999',
    '1e-99999',
    '1e99999999999999999999',
    '1e-99999999999999999999',
    '-1e99999',
    '1e4294967296',
    '1e-4294967296',
  ],
  ...[
    '1e2147483648',
    '1e-2147483649',
    '1e18446744073709551616',
    '1e0000000000000000000005',
    '1e-0000000000000000000005',
  ],
  ...[
    '0x1p99999',
    '0x1p-99999',
    '0x1p4294967296',
    '0x1p-4294967296',
    '0x1p99999999999999999999',
    '0x1p-99999999999999999999',
  ],
  ...['0x1p16383', '0x1p16384', '0x1p-16382', '0x1p-16445', '0x1p-16446', '0x1.8p-16446', '0x1.00000001p-16446'],
  ...['0x1.fffffffffffffffep16383', '0x1.ffffffffffffffffp16383', '0x1.fffffffffffffffefp16383'],
  ...['0x1.fffffffffffffffeffffp16383', '0x.8p16384', '0x0.00000000000000000000000001p16480'],
  ...['1e4932', '1.1897314953572317650e4932', '1.18973149535723176508575932662800702e4932', '1.2e4932', '1e4933'],
  ...[
    '3.6451995318824746025e-4951',
    '1.8225997659412373013e-4951',
    '1.8225997659412373012e-4951',
    '1e-4951',
    '2e-4951',
  ],
  ...[`1${'0'.repeat(4932)}`, `1${'0'.repeat(4933)}`, `.${'0'.repeat(4940)}1e4941`, `1${'0'.repeat(5000)}e-5000`],
  ...[`${'9'.repeat(TEXT_BYTES_MAX - 5)}e-100`, '1'.repeat(TEXT_BYTES_MAX + 1), `0.${'0'.repeat(TEXT_BYTES_MAX - 2)}`],
  ...[`${'0'.repeat(TEXT_BYTES_MAX - 1)}7`, `${'0'.repeat(TEXT_BYTES_MAX)}7`, `0x${'f'.repeat(5110)}p-9`],
  ...[`0x${'0'.repeat(5110)}1p-9`, `0x.${'0'.repeat(4000)}1p16001`, `0x1${'0'.repeat(5000)}p-20000`],
];

/** Changes, drops, doubles or inserts one character. */
function mutate(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const insert = random.pick([...' \t\n\0+-.eExXpPinfINFnaN0123456789abcdef_,', '']);
  return text.slice(0, at) + insert + text.slice(at + random.below(2));
}
