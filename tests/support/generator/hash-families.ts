// Hashes: fields set, read, counted and walked over. Fields and values straddle the limits of the packed encoding.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

/** Few fields, so that commands meet each other's work; some streams' hashes grow over 128 of them by `bulk`. */
function field(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(10)) return draw.value();
  return random.oneIn(3) ? random.below(12) : `field:${random.below(12)}`;
}
const pair = (draw: Draw): Arg[] => [field(draw), draw.value()];

/** Enough neighbours to pass hash-max-listpack-entries after a few such commands. */
function bulk(draw: Draw): Arg[] {
  const start = draw.random.below(900);
  return Array.from({ length: draw.random.between(60, 200) }, (_, i): Arg[] => [`bulk:${start + i}`, i]).flat();
}

function hset(draw: Draw): Arg[] {
  const { random } = draw;
  const name = random.pick(['HSET', 'HSET', 'HMSET']);
  const pairs = random.oneIn(12) ? bulk(draw) : draw.some(1, 5, () => pair(draw)).flat();
  if (random.oneIn(25)) pairs.pop();
  return [name, draw.key(), ...pairs];
}

function hrandfield(draw: Draw): Arg[] {
  const { random } = draw;
  if (random.oneIn(4)) return ['HRANDFIELD', draw.key()];
  const edges = ['-9223372036854775808', '4611686018427387904', 'abc', '', '1.5'];
  const count: Arg = random.oneIn(8) ? random.pick(edges) : random.pick([0, 1, 2, 5, 1000, -1, -3, -40]);
  // A huge count without an upper bound by the hash's size would be a huge reply.
  return [
    'HRANDFIELD',
    draw.key(),
    count,
    ...(random.oneIn(2) ? [random.pick(['WITHVALUES', 'WITHVALUES', 'values'])] : []),
  ];
}

function hscan(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(2))
    options.push(['MATCH', random.oneIn(2) ? random.pick(['field:*', '*1*', 'bulk:??']) : draw.pattern()]);
  if (random.oneIn(2)) options.push(['COUNT', random.pick([1, 10, 10_000, 0, -1, 'abc'])]);
  if (random.oneIn(15)) options.push([random.pick(['COUNT', 'NOVALUES', 'TYPE hash'])]);
  const cursor = random.oneIn(12) ? random.pick(['abc', '', ' 1', '18446744073709551616']) : '0';
  return ['HSCAN', draw.key(), cursor, ...random.shuffled(options).flat()];
}

export const hashFamilies: readonly Family[] = [
  {
    name: 'hash writes',
    weight: 6,
    makers: [
      [8, hset],
      [2, (draw) => ['HSETNX', draw.key(), ...pair(draw)]],
      [3, (draw) => ['HDEL', draw.key(), ...draw.some(1, 6, () => field(draw))]],
    ],
  },
  {
    name: 'hash reads',
    weight: 5,
    makers: [
      [3, (draw) => ['HGET', draw.key(), field(draw)]],
      [2, (draw) => ['HMGET', draw.key(), ...draw.some(1, 6, () => field(draw))]],
      [2, (draw) => [draw.random.pick(['HGETALL', 'HKEYS', 'HVALS']), draw.key()]],
      [2, (draw) => [draw.random.pick(['HEXISTS', 'HSTRLEN']), draw.key(), field(draw)]],
      [2, (draw) => ['HLEN', draw.key()]],
    ],
  },
  {
    name: 'hash counters',
    weight: 3,
    makers: [
      [3, (draw) => ['HINCRBY', draw.key(), field(draw), draw.integer()]],
      [2, (draw) => ['HINCRBYFLOAT', draw.key(), field(draw), draw.float()]],
    ],
  },
  {
    name: 'hash walks',
    weight: 2,
    makers: [
      [2, hrandfield],
      [2, hscan],
    ],
  },
];
