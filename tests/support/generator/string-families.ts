// Strings: whole values, parts of them, numbers in them, and longest common subsequences.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

/** EX, PX, EXAT or PXAT with a value that lies far ahead, has passed, or must be refused. */
function expiryOption(draw: Draw, key: Arg): Arg[] {
  const { random } = draw;
  const unit = random.pick(['EX', 'PX', 'EXAT', 'PXAT']);
  if (random.oneIn(8)) {
    draw.touchExpired(key);
    return [unit, draw.badExpiry()];
  }
  if (unit.endsWith('AT') && random.oneIn(3)) {
    draw.touchExpired(key);
    return [unit, draw.pastSeconds() * (unit === 'PXAT' ? 1000 : 1)];
  }
  const seconds = unit.endsWith('AT') ? draw.farSeconds() : draw.relativeSeconds();
  return [unit, unit.startsWith('P') ? seconds * 1000 : seconds];
}

function setOptions(draw: Draw, key: Arg): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(3)) options.push(expiryOption(draw, key));
  if (random.oneIn(4)) options.push([random.pick(['NX', 'XX'])]);
  if (random.oneIn(5)) options.push(['GET']);
  if (random.oneIn(6)) options.push(['KEEPTTL']);
  // Combinations that Redis refuses come up above by themselves; these hardly ever would.
  if (random.oneIn(20)) options.push([random.pick(['NX', 'XX', 'PERSIST', 'EX', 'nonsense', 'get'])]);
  return random.shuffled(options).flat();
}

function getexOptions(draw: Draw, key: Arg): Arg[] {
  const { random } = draw;
  if (random.oneIn(3)) return ['PERSIST'];
  const options: Arg[] = random.oneIn(6) ? [] : expiryOption(draw, key);
  if (random.oneIn(12)) options.push(random.pick<Arg>(['PERSIST', 'KEEPTTL', 'NX', 'EX']));
  return options;
}

function setWithSpan(name: 'SETEX' | 'PSETEX', draw: Draw): Arg[] {
  const seconds = draw.random.oneIn(6) ? undefined : draw.relativeSeconds();
  const span = seconds === undefined ? draw.badExpiry() : seconds * (name === 'PSETEX' ? 1000 : 1);
  return [name, draw.key(), span, draw.value()];
}

const pair = (draw: Draw): Arg[] => [draw.key(), draw.value()];

export const stringFamilies: readonly Family[] = [
  {
    name: 'set',
    weight: 8,
    makers: [
      [
        6,
        (draw) => {
          const key = draw.key();
          return ['SET', key, draw.value(), ...setOptions(draw, key)];
        },
      ],
      [4, (draw) => ['SET', draw.key(), draw.value()]],
      [2, (draw) => ['SETNX', ...pair(draw)]],
      [1, (draw) => setWithSpan('SETEX', draw)],
      [1, (draw) => setWithSpan('PSETEX', draw)],
    ],
  },
  {
    name: 'get',
    weight: 6,
    makers: [
      [6, (draw) => ['GET', draw.key()]],
      [2, (draw) => ['STRLEN', draw.key()]],
      [1, (draw) => ['GETSET', ...pair(draw)]],
      [1, (draw) => ['GETDEL', draw.key()]],
      [
        2,
        (draw) => {
          const key = draw.key();
          return ['GETEX', key, ...getexOptions(draw, key)];
        },
      ],
    ],
  },
  {
    name: 'multi-key strings',
    weight: 3,
    makers: [
      [3, (draw) => ['MGET', ...draw.some(1, 8, () => draw.key())]],
      [2, (draw) => ['MSET', ...draw.some(1, 6, () => pair(draw)).flat()]],
      [2, (draw) => ['MSETNX', ...draw.some(1, 4, () => pair(draw)).flat()]],
    ],
  },
  {
    name: 'parts of strings',
    weight: 5,
    makers: [
      [3, (draw) => ['APPEND', ...pair(draw)]],
      [3, (draw) => ['GETRANGE', draw.key(), draw.index(), draw.index()]],
      [1, (draw) => ['SUBSTR', draw.key(), draw.index(), draw.index()]],
      [2, (draw) => ['SETRANGE', draw.key(), draw.byteOffset(), draw.value()]],
    ],
  },
  {
    name: 'counters',
    weight: 5,
    makers: [
      [2, (draw) => ['INCR', draw.key()]],
      [2, (draw) => ['DECR', draw.key()]],
      [2, (draw) => ['INCRBY', draw.key(), draw.integer()]],
      [2, (draw) => ['DECRBY', draw.key(), draw.integer()]],
    ],
  },
  {
    name: 'floats',
    weight: 2,
    makers: [[1, (draw) => ['INCRBYFLOAT', draw.key(), draw.float()]]],
  },
  {
    name: 'lcs',
    weight: 1,
    makers: [
      [1, (draw) => ['LCS', draw.key(), draw.key()]],
      [
        3,
        (draw) => {
          const { random } = draw;
          const options: Arg[][] = [];
          if (random.oneIn(4)) options.push(['LEN']);
          if (random.oneIn(2)) options.push(['IDX']);
          if (random.oneIn(3)) options.push(['MINMATCHLEN', random.oneIn(6) ? draw.integer() : random.below(6)]);
          if (random.oneIn(3)) options.push(['WITHMATCHLEN']);
          if (random.oneIn(12)) options.push([random.pick(['MINMATCHLEN', 'nonsense', 'len'])]);
          return ['LCS', draw.key(), draw.key(), ...random.shuffled(options).flat()];
        },
      ],
    ],
  },
];
