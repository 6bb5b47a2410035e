// HyperLogLogs. Sketches live among strings, and some keys hold strings that only look like sketches.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

/** Elements: few at a time, sometimes so many that a sketch becomes dense. */
function elements(draw: Draw): Arg[] {
  const { random } = draw;
  const from = random.below(2000);
  const count = random.weighted([
    [2, 0],
    [10, random.between(1, 4)],
    [3, random.between(5, 60)],
    [1, random.between(300, 900)],
  ]);
  return Array.from({ length: count }, (_, i) => (random.oneIn(8) ? draw.value() : `e${from + i}`));
}

const keys = (draw: Draw, most: number): Arg[] =>
  Array.from({ length: draw.random.between(1, most) }, () => draw.key());

/** A string with a sketch's header, its registers all zero, or hardly ever. */
function lookalike(draw: Draw): Buffer {
  const { random } = draw;
  const header = Buffer.from('HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80', 'latin1');
  header[4] = random.pick([0, 1, 1, 1, 2]);
  if (random.oneIn(6)) header[random.below(4)] ^= 32;
  if (random.oneIn(3)) header.fill(0, 8);
  const runs = random.pick([
    '\x7f\xff',
    '\x7f\xfe\x00',
    '\x7f\xfd\x80\x00',
    '\x7f\xff\x00',
    '\x40',
    '',
    '\xff',
    '\x7f\xef\x8b\x8f\x0b',
  ]);
  return Buffer.concat([header, Buffer.from(runs, 'latin1')]).subarray(0, random.oneIn(12) ? 15 : undefined);
}

export const hllFamilies: readonly Family[] = [
  {
    name: 'hyperloglogs',
    weight: 4,
    makers: [
      [8, (draw) => ['PFADD', draw.key(), ...elements(draw)]],
      [4, (draw) => ['PFCOUNT', ...keys(draw, draw.random.oneIn(2) ? 1 : 4)]],
      [3, (draw) => ['PFMERGE', ...keys(draw, 4)]],
      [1, (draw) => ['PFDEBUG', draw.random.pick(['ENCODING', 'decode', 'TODENSE', 'GetReg', 'NOSUCH']), draw.key()]],
      [1, (draw) => ['SET', draw.key(), lookalike(draw)]],
    ],
  },
];
