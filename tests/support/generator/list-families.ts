// Lists. They live under names of their own, where SET does not meet them, and now and then under everybody's.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const KEYS = ['list:1', 'list:2', 'list:3', '{tag}list'];
const key = (draw: Draw): Arg => (draw.random.oneIn(12) ? draw.key() : draw.random.pick(KEYS));

/** Few different ones, so that they are found again; and now and then one of any kind. */
function element(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(4)) return draw.value();
  return random.pick<Arg>([0, 1, 2, 3, 127, 128, -1, 4096, 'a', 'b', 'foo', '', '007', 'x'.repeat(64)]);
}
const elements = (draw: Draw): Arg[] => draw.some(1, draw.random.oneIn(10) ? 60 : 4, () => element(draw));

function index(draw: Draw): Arg {
  return draw.random.oneIn(3) ? draw.index() : draw.random.between(-6, 6);
}
function count(draw: Draw): Arg {
  return draw.random.oneIn(8) ? draw.integer() : draw.random.below(6);
}
function side(draw: Draw): Arg {
  return draw.random.oneIn(30) ? 'MIDDLE' : draw.random.pick(['LEFT', 'RIGHT', 'left', 'Right']);
}

function lpos(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(2)) options.push(['RANK', random.oneIn(8) ? draw.integer() : random.pick([1, 2, 3, -1, -2, 0])]);
  if (random.oneIn(2)) options.push([random.pick(['COUNT', 'count']), count(draw)]);
  if (random.oneIn(3)) options.push(['MAXLEN', count(draw)]);
  if (random.oneIn(15)) options.push([random.pick(['RANK', 'nonsense', 'MAXLEN'])]);
  return ['LPOS', key(draw), element(draw), ...random.shuffled(options).flat()];
}

function lmpop(draw: Draw): Arg[] {
  const { random } = draw;
  const keys = draw.some(1, 3, () => key(draw));
  const named = random.oneIn(12) ? draw.integer() : keys.length;
  return ['LMPOP', named, ...keys, side(draw), ...(random.oneIn(2) ? ['COUNT', count(draw)] : [])];
}

export const listFamilies: readonly Family[] = [
  {
    name: 'list ends',
    weight: 7,
    makers: [
      [4, (draw) => [draw.random.pick(['LPUSH', 'RPUSH']), key(draw), ...elements(draw)]],
      [1, (draw) => [draw.random.pick(['LPUSHX', 'RPUSHX']), key(draw), ...elements(draw)]],
      [1, (draw) => [draw.random.pick(['LPOP', 'RPOP']), key(draw)]],
      [1, (draw) => [draw.random.pick(['LPOP', 'RPOP']), key(draw), count(draw)]],
      [1, (draw) => ['LMOVE', key(draw), key(draw), side(draw), side(draw)]],
      [1, (draw) => ['RPOPLPUSH', key(draw), key(draw)]],
      [1, lmpop],
    ],
  },
  {
    name: 'lists',
    weight: 6,
    makers: [
      [2, (draw) => ['LRANGE', key(draw), index(draw), index(draw)]],
      [1, (draw) => ['LLEN', key(draw)]],
      [2, (draw) => ['LINDEX', key(draw), index(draw)]],
      [2, (draw) => ['LSET', key(draw), index(draw), element(draw)]],
      [
        2,
        (draw) => ['LINSERT', key(draw), draw.random.pick(['BEFORE', 'AFTER', 'after']), element(draw), element(draw)],
      ],
      [
        1,
        (draw) => [
          'LREM',
          key(draw),
          draw.random.oneIn(8) ? draw.integer() : draw.random.between(-3, 3),
          element(draw),
        ],
      ],
      [1, (draw) => ['LTRIM', key(draw), index(draw), index(draw)]],
      [2, lpos],
      [1, (draw) => [draw.random.pick(['TYPE', 'EXISTS', 'DEL', 'PERSIST']), key(draw)]],
      [1, (draw) => ['OBJECT', 'ENCODING', key(draw)]],
    ],
  },
];
