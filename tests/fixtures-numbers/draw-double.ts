// Random doubles and texts for them: everyday ones, and those next to every limit of the format.
import type { Random } from '../support/seed.js';
import { bitsOfDouble, doubleOfBits } from './double-model.js';
import { drawDigits } from './draw-float.js';

const word = (random: Random) => (BigInt(random.word()) << 32n) | BigInt(random.word());

/** Any finite double; subnormals, powers of two and of ten and their neighbours more often than chance would have it. */
export function drawDouble(random: Random): number {
  const value = random.weighted(KINDS)(random);
  const near = random.oneIn(3) ? doubleOfBits(bitsOfDouble(value) + BigInt(random.between(-2, 2))) : value;
  const finite = Number.isFinite(near) ? near : value;
  return random.oneIn(3) ? -finite : finite;
}

const KINDS: readonly (readonly [weight: number, draw: (random: Random) => number])[] = [
  [20, anyBits],
  [10, (random) => random.word() / 2 ** 32 + random.below(1000)],
  [10, (random) => Math.round(random.below(10 ** random.between(1, 9))) / 10 ** random.between(0, 9)],
  [5, (random) => doubleOfBits(word(random) >> BigInt(random.between(12, 63)))],
  [5, (random) => 2 ** random.between(-1074, 1023)],
  [10, (random) => Number(`1e${random.between(-323, 308)}`)],
  [10, (random) => Number(`${drawDigits(random, random.between(1, 17))}e${random.between(-25, 25)}`)],
  [5, (random) => random.word() * 2 ** random.between(-60, 60)],
  [5, (random) => random.word() * 2 ** random.between(0, 21)],
];

function anyBits(random: Random): number {
  const value = doubleOfBits(word(random) & ~(1n << 63n));
  return Number.isFinite(value) ? value : 1.7976931348623157e308;
}

/** The decimal text of a tie between two doubles, or of a place a little beside one; long where doubles are small. */
export function drawTie(random: Random): string {
  const value = Math.abs(drawDouble(random));
  const field = Number(bitsOfDouble(value) >> 52n);
  const fraction = bitsOfDouble(value) & ((1n << 52n) - 1n);
  const odd = (field === 0 ? fraction : fraction | (1n << 52n)) * 2n + 1n;
  const exponent = Math.max(field, 1) - 1076;
  let decimals = Math.max(-exponent, 0);
  let digits = exponent >= 0 ? odd << BigInt(exponent) : odd * 5n ** BigInt(-exponent);
  if (random.oneIn(2)) {
    const places = random.pick([1, 5, 300]);
    digits = digits * 10n ** BigInt(places) + BigInt(random.pick([-1, 1]));
    decimals += places;
  }
  const text = digits.toString();
  return `${random.oneIn(3) ? '-' : ''}${text.slice(0, 1)}.${text.slice(1)}e${text.length - 1 - decimals}`;
}
