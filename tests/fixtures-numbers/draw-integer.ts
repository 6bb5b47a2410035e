// Random texts for 64-bit integers, most of them next to a limit of range, length or grammar.
import type { Random } from '../support/seed.js';

/** Texts on both sides of every rule: range, length, signs, zeros, spaces, other alphabets. */
export const EDGE_INTEGER_TEXTS: readonly string[] = [
  ...['0', '1', '9', '10', '-1', '-9', '99999999', '100000000', '-99999999', '1234567890123456', '12345678901234567'],
  ...[
    '9223372036854775806',
    '9223372036854775807',
    '9223372036854775808',
    '9223372036854775810',
    '9223372036854775900',
  ],
  ...['-9223372036854775807', '-9223372036854775808', '-9223372036854775809', '-9223372036854775810'],
  ...[
    '999999999999999999',
    '1000000000000000000',
    '9999999999999999999',
    '10000000000000000000',
    '-9999999999999999999',
  ],
  ...[
    '18446744073709551615',
    '18446744073709551616',
    '18446744073709551617',
    '-18446744073709551615',
    '36893488147419103233',
  ],
  ...[
    '99999999999999999999',
    '100000000000000000000',
    '-10000000000000000000',
    '00000000000000000001',
    '-0000000000000000001',
  ],
  ...[
    '',
    '-',
    '+',
    '--1',
    '-+1',
    '+1',
    '+0',
    '-0',
    '00',
    '01',
    '-01',
    '-00',
    ' 1',
    '1 ',
    '\t1',
    '1\n',
    '- 1',
    '1\0',
    '\0',
  ],
  ...[
    '1.0',
    '1.',
    '.1',
    '1e3',
    '0x10',
    'a',
    '1a',
    'a1',
    '12345678a',
    '1234567a',
    'a2345678',
    '123456789a',
    '1_000',
    '1,000',
  ],
  ...['1234567/', '1234567:', '/2345678', ':2345678', '1234/678', '1234:678', '١', '1١', '½', '１', '1234567１'],
];

export function drawIntegerText(random: Random): string {
  const text = random.weighted(KINDS)(random);
  if (!random.oneIn(4)) return text;
  const at = random.below(text.length + 1);
  return text.slice(0, at) + random.pick([...'0123456789+- \0/:;a.é', '']) + text.slice(at + random.below(2));
}

const KINDS: readonly (readonly [weight: number, draw: (random: Random) => string])[] = [
  [4, (random) => drawInteger(random).toString()],
  [2, (random) => (random.oneIn(2) ? '-' : '') + digits(random, random.between(1, 22))],
  [2, (random) => String((random.oneIn(2) ? 1n : -1n) * (2n ** 63n + BigInt(random.between(-20, 20))))],
  [1, (random) => random.pick(EDGE_INTEGER_TEXTS)],
];

/** A 64-bit signed integer whose length in bits is as likely as any other. */
export function drawInteger(random: Random): bigint {
  const bits = (BigInt(random.word()) << 32n) | BigInt(random.word());
  return BigInt.asIntN(64, bits) >> BigInt(random.below(64));
}

function digits(random: Random, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += random.below(10);
  return text;
}
