// Strings as bits and as packed integers.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const bit = (draw: Draw): Arg =>
  draw.random.oneIn(15) ? draw.random.pick<Arg>([2, -1, 'abc', '']) : draw.random.below(2);

/** A start and perhaps an end and a unit, as BITCOUNT and BITPOS take them. */
function range(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = [draw.index()];
  if (!random.oneIn(5)) args.push(draw.index());
  if (random.oneIn(2)) args.push(random.oneIn(12) ? 'NIBBLE' : random.pick(['BYTE', 'BIT', 'bit', 'byte']));
  return args;
}

function type(draw: Draw): string {
  const { random } = draw;
  if (random.oneIn(20)) return random.pick(['u64', 'i65', 'u0', 'i0', 'i', 'x8', '', 'u-1', 'u08', 'i8x']);
  if (random.oneIn(3)) return random.pick(['u1', 'i1', 'u63', 'i63', 'i64', 'u8', 'i16', 'u32']);
  return random.oneIn(2) ? `u${random.between(1, 63)}` : `i${random.between(1, 64)}`;
}

function offset(draw: Draw): Arg {
  const { random } = draw;
  if (!random.oneIn(3)) return draw.bitOffset();
  return `#${random.oneIn(15) ? random.pick(['', '-1', 'abc', '4294967296']) : random.below(30)}`;
}

function operation(draw: Draw, readOnly: boolean): Arg[] {
  const { random } = draw;
  const get: Arg[] = ['GET', type(draw), offset(draw)];
  if (readOnly && !random.oneIn(20)) return get;
  switch (random.below(4)) {
    case 0:
      return get;
    case 1:
      return ['SET', type(draw), offset(draw), draw.integer()];
    case 2:
      return ['INCRBY', type(draw), offset(draw), draw.integer()];
    default:
      return ['OVERFLOW', random.oneIn(15) ? 'TRAP' : random.pick(['WRAP', 'SAT', 'FAIL', 'fail'])];
  }
}

export const bitFamilies: readonly Family[] = [
  {
    name: 'bits',
    weight: 5,
    makers: [
      [3, (draw) => ['SETBIT', draw.key(), draw.bitOffset(), bit(draw)]],
      [2, (draw) => ['GETBIT', draw.key(), draw.bitOffset()]],
      [2, (draw) => ['BITCOUNT', draw.key(), ...(draw.random.oneIn(3) ? [] : range(draw))]],
      [2, (draw) => ['BITPOS', draw.key(), bit(draw), ...(draw.random.oneIn(3) ? [] : range(draw))]],
      [
        2,
        (draw) => {
          const operator = draw.random.oneIn(15) ? 'NAND' : draw.random.pick(['AND', 'OR', 'XOR', 'NOT', 'xor']);
          const sources = operator === 'NOT' && !draw.random.oneIn(8) ? 1 : draw.random.between(1, 4);
          return ['BITOP', operator, draw.key(), ...draw.some(sources, sources, () => draw.key())];
        },
      ],
    ],
  },
  {
    name: 'bit fields',
    weight: 3,
    makers: [
      [4, (draw) => ['BITFIELD', draw.key(), ...draw.some(0, 4, () => operation(draw, false)).flat()]],
      [1, (draw) => ['BITFIELD_RO', draw.key(), ...draw.some(0, 3, () => operation(draw, true)).flat()]],
    ],
  },
];
