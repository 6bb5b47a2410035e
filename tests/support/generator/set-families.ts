// Sets: one at a time, and several at once. What is picked at random differs between servers, so a set that lost random
// members is deleted before anything else looks at it.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

/** Keys that only these families use, so that some sets live long enough to grow. */
const SETS = ['set:1', 'set:2', 'set:3'] as const;

const setKey = (draw: Draw): Arg => (draw.random.oneIn(3) ? draw.key() : draw.random.pick(SETS));

/** Small integers, so that sets overlap; texts, edges of 64 bits, and any value. */
function member(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(15)) return draw.value();
  if (random.oneIn(8)) return draw.integer();
  if (random.oneIn(20)) return random.pick(['a', 'b', 'c', '-0', '01', '1.0', '']);
  return random.oneIn(4) ? random.below(1000) : random.below(40);
}

/** A run of neighbouring integers: how a set outgrows its intset. */
function run(draw: Draw): Arg[] {
  const from = draw.random.pick([0, 100, 32_700, 2_147_483_600]);
  return Array.from({ length: draw.random.pick([20, 120, 300]) }, (_, i) => from + i);
}

const members = (draw: Draw): Arg[] => draw.some(1, 6, () => member(draw));
const setKeys = (draw: Draw): Arg[] => draw.some(1, 4, () => setKey(draw));

/** Names the key, and has it deleted after this command. */
function doomed(draw: Draw): Arg {
  const key = setKey(draw);
  draw.followUps.push(['DEL', key]);
  return key;
}

export const setFamilies: readonly Family[] = [
  {
    name: 'sets',
    weight: 6,
    makers: [
      [8, (draw) => ['SADD', setKey(draw), ...members(draw)]],
      [1, (draw) => ['SADD', draw.random.pick(SETS), ...run(draw)]],
      [3, (draw) => ['SREM', setKey(draw), ...members(draw)]],
      [2, (draw) => ['SISMEMBER', setKey(draw), member(draw)]],
      [2, (draw) => ['SMISMEMBER', setKey(draw), ...members(draw)]],
      [2, (draw) => ['SMEMBERS', setKey(draw)]],
      [2, (draw) => ['SCARD', setKey(draw)]],
      [2, (draw) => ['SMOVE', setKey(draw), setKey(draw), member(draw)]],
      [1, (draw) => ['OBJECT', 'ENCODING', setKey(draw)]],
      [
        1,
        (draw) => {
          const { random } = draw;
          const options: Arg[][] = [];
          if (random.oneIn(2)) options.push(['MATCH', random.oneIn(2) ? '*1*' : draw.pattern()]);
          if (random.oneIn(2)) options.push(['COUNT', random.pick<Arg>([1, 10, 1000, 0, -1, 'abc'])]);
          if (random.oneIn(15)) options.push([random.pick(['TYPE', 'COUNT', 'nonsense'])]);
          const cursor = random.oneIn(10) ? random.pick(['abc', '1.5', '', '99999999999999999999']) : '0';
          return ['SSCAN', setKey(draw), cursor, ...random.shuffled(options).flat()];
        },
      ],
    ],
  },
  {
    name: 'random members',
    weight: 2,
    makers: [
      [2, (draw) => ['SPOP', doomed(draw)]],
      [1, (draw) => ['SPOP', doomed(draw), draw.random.oneIn(4) ? draw.integer() : draw.random.below(60)]],
      [1, (draw) => ['SPOP', doomed(draw), draw.random.pick<Arg>([100_000, 'abc', '-1', '', '0'])]],
      [2, (draw) => ['SRANDMEMBER', setKey(draw)]],
      [
        2,
        (draw) => [
          'SRANDMEMBER',
          setKey(draw),
          draw.random.oneIn(6) ? draw.random.pick(['', '1.5', '-0']) : draw.random.between(-30, 60),
        ],
      ],
    ],
  },
  {
    name: 'several sets',
    weight: 4,
    makers: [
      [2, (draw) => ['SINTER', ...setKeys(draw)]],
      [2, (draw) => ['SUNION', ...setKeys(draw)]],
      [2, (draw) => ['SDIFF', ...setKeys(draw)]],
      [2, (draw) => ['SINTERSTORE', setKey(draw), ...setKeys(draw)]],
      [2, (draw) => ['SUNIONSTORE', setKey(draw), ...setKeys(draw)]],
      [2, (draw) => ['SDIFFSTORE', setKey(draw), ...setKeys(draw)]],
      [
        3,
        (draw) => {
          const { random } = draw;
          const keys = setKeys(draw);
          const count = random.oneIn(8) ? draw.integer() : keys.length;
          const limit = random.oneIn(2) ? ['LIMIT', random.oneIn(5) ? draw.integer() : random.below(5)] : [];
          return ['SINTERCARD', count, ...keys, ...limit];
        },
      ],
    ],
  },
];
