// Sorted sets: members added, counted, ranked, taken out and combined. Members and scores straddle the limits of the
// packed encoding. Ranges of bytes are only drawn over keys of their own, whose scores are all the same: over others
// Redis's answer depends on the towers of its skip list.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const SCORES = [0, 1, 2, 3, -1, 0.5, -2.5, 10, 100, 1e15, 0.1, 3.14, 1e17, 123456789.123] as const;
// None that overflows or vanishes: redis-server leaves errno as strtod sets it, and its next SORT then fails.
const ODD_SCORES = ['inf', '-inf', '+Inf', 'infinity', '-0', '1e308', '0x1p-3', '1e-5', '.5', '5.'] as const;
const NO_SCORES = ['nan', 'abc', '', ' 1', '1 ', '(1', '1\0', '--1'] as const;

function score(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(40)) return random.pick(NO_SCORES);
  if (random.oneIn(8)) return random.pick(ODD_SCORES);
  return random.oneIn(3) ? random.below(20) : random.pick(SCORES);
}

/** Few members, so that commands meet each other's work; some streams' sets grow over 128 of them by `bulk`. */
function member(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(12)) return draw.value();
  return random.oneIn(3) ? random.below(12) : `member:${random.below(12)}`;
}

/** Enough neighbours to pass zset-max-listpack-entries after a few such commands. */
function bulk(draw: Draw): Arg[] {
  const start = draw.random.below(900);
  return Array.from({ length: draw.random.between(60, 200) }, (_, i): Arg[] => [
    (start + i * 7) % 50,
    `bulk:${start + i}`,
  ]).flat();
}

function options(draw: Draw, chance: number, words: readonly string[]): Arg[] {
  return words.filter(() => draw.random.oneIn(chance));
}

function zadd(draw: Draw): Arg[] {
  const { random } = draw;
  const flags = random.oneIn(2) ? options(draw, 5, ['NX', 'XX', 'GT', 'LT', 'ch', 'INCR']) : [];
  const count = flags.includes('INCR') && !random.oneIn(8) ? 1 : random.between(1, 5);
  const pairs = random.oneIn(12)
    ? bulk(draw)
    : Array.from({ length: count }, (): Arg[] => [score(draw), member(draw)]).flat();
  if (random.oneIn(25)) pairs.pop();
  return ['ZADD', draw.key(), ...random.shuffled(flags), ...pairs];
}

function bound(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(5)) return random.pick(['-inf', '+inf', '(inf', '(-inf', 'inf']);
  if (random.oneIn(30)) return random.pick(['', '(', ' 1', 'nan', '1\0x', '((1']);
  return random.oneIn(3) ? `(${score(draw)}` : score(draw);
}
const bounds = (draw: Draw): Arg[] =>
  draw.random.oneIn(3) ? ['-inf', '+inf'] : draw.random.oneIn(3) ? ['+inf', '-inf'] : [bound(draw), bound(draw)];

function limit(draw: Draw): Arg[] {
  const { random } = draw;
  if (!random.oneIn(3)) return [];
  const offset = random.oneIn(12) ? random.pick(['-1', 'abc', '9223372036854775807']) : random.below(6);
  return ['LIMIT', offset, random.oneIn(8) ? random.pick(['-1', '-7', '', 'x']) : random.below(8)];
}

function tail(draw: Draw, ...parts: Arg[][]): Arg[] {
  const words = draw.random.shuffled(parts).flat();
  return draw.random.oneIn(40) ? [...words, draw.random.pick(['REV', 'WITHSCORES', 'LIMIT', 'junk', 'BYLEX'])] : words;
}
const withScores = (draw: Draw): Arg[] => (draw.random.oneIn(2) ? ['WITHSCORES'] : []);
const rev = (draw: Draw): Arg[] => (draw.random.oneIn(2) ? ['REV'] : []);
const ranks = (draw: Draw): Arg[] => (draw.random.oneIn(3) ? [0, -1] : [draw.index(), draw.index()]);

const byRank = (draw: Draw): Arg[] => [
  'ZRANGE',
  draw.key(),
  ...ranks(draw),
  ...tail(draw, withScores(draw), rev(draw)),
];
const byScore = (draw: Draw): Arg[] => [
  'ZRANGE',
  draw.key(),
  ...bounds(draw),
  ...tail(draw, ['BYSCORE'], withScores(draw), rev(draw), limit(draw)),
];
const store = (draw: Draw): Arg[] => {
  const range = draw.random.oneIn(2)
    ? [...ranks(draw), ...tail(draw, rev(draw))]
    : [...bounds(draw), ...tail(draw, ['BYSCORE'], rev(draw), limit(draw))];
  return ['ZRANGESTORE', draw.key(), draw.key(), ...range];
};

function combine(draw: Draw): Arg[] {
  const { random } = draw;
  const name = random.pick(['ZUNION', 'ZINTER', 'ZDIFF'] as const);
  const storing = random.oneIn(2);
  const keys = draw.some(1, 4, () => draw.key());
  const count = random.oneIn(25) ? random.pick([0, -1, 'abc', keys.length + 1, keys.length - 1]) : keys.length;
  const words: Arg[][] = [];
  if (random.oneIn(3))
    words.push([
      'WEIGHTS',
      ...keys.map(() => (random.oneIn(30) ? 'x' : random.pick([1, 2, -1, 0, 0.5, 'inf', '-inf', 3]))),
    ]);
  if (random.oneIn(3))
    words.push(['AGGREGATE', random.pick(['SUM', 'MIN', 'MAX', 'min', random.oneIn(10) ? 'AVG' : 'max'])]);
  if (random.oneIn(storing ? 40 : 2)) words.push(['WITHSCORES']);
  const allowed = name === 'ZDIFF' && !random.oneIn(20) ? words.filter(([word]) => word === 'WITHSCORES') : words;
  return [...(storing ? [`${name}STORE`, draw.key()] : [name]), count, ...keys, ...random.shuffled(allowed).flat()];
}

function zintercard(draw: Draw): Arg[] {
  const { random } = draw;
  const keys = draw.some(1, 3, () => draw.key());
  const limits = random.oneIn(3) ? ['LIMIT', random.oneIn(10) ? random.pick(['-1', 'a', '']) : random.below(5)] : [];
  return ['ZINTERCARD', keys.length, ...keys, ...limits];
}

function zrandmember(draw: Draw): Arg[] {
  const { random } = draw;
  if (random.oneIn(4)) return ['ZRANDMEMBER', draw.key()];
  // A huge count without an upper bound by the set's size would be a huge reply.
  const edges = ['-9223372036854775808', '4611686018427387904', 'abc', '', '1.5'];
  const count: Arg = random.oneIn(8) ? random.pick(edges) : random.pick([0, 1, 2, 5, 1000, -1, -3, -40]);
  return [
    'ZRANDMEMBER',
    draw.key(),
    count,
    ...(random.oneIn(2) ? [random.pick(['WITHSCORES', 'withscores', 'x'])] : []),
  ];
}

function zscan(draw: Draw): Arg[] {
  const { random } = draw;
  const words: Arg[][] = [];
  if (random.oneIn(2))
    words.push(['MATCH', random.oneIn(2) ? random.pick(['member:*', '*1*', 'bulk:??']) : draw.pattern()]);
  if (random.oneIn(2)) words.push(['COUNT', random.pick([1, 10, 10_000, 0, -1, 'abc'])]);
  if (random.oneIn(15)) words.push([random.pick(['COUNT', 'NOSCORES'])]);
  const cursor = random.oneIn(12) ? random.pick(['abc', '', ' 1', '18446744073709551616']) : '0';
  return ['ZSCAN', draw.key(), cursor, ...random.shuffled(words).flat()];
}

const lexKey = (draw: Draw): Arg => draw.random.pick(['lex:1', 'lex:2']);
const lexMember = (draw: Draw): Arg => {
  const { random } = draw;
  if (random.oneIn(8)) return draw.value();
  return random.oneIn(3) ? random.below(30) : 'abcdefgh'.slice(random.below(8), 8 - random.below(4));
};
function lexBound(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(4)) return random.pick(['-', '+']);
  if (random.oneIn(25)) return random.pick(['', 'a', '+a', '-\0', '(', '[', '+\0b']);
  return Buffer.concat([Buffer.from(random.pick(['[', '('])), Buffer.from(String(lexMember(draw)), 'latin1')]);
}
const lexBounds = (draw: Draw): Arg[] => (draw.random.oneIn(4) ? ['-', '+'] : [lexBound(draw), lexBound(draw)]);

/** Never bent (a command with something behind it is not): one other score would leave the answers to chance. */
function lexAdd(draw: Draw, members: Arg[]): Arg[] {
  const key = lexKey(draw);
  draw.followUps.push(['ZCARD', key]);
  return ['ZADD', key, ...members.flatMap((one): Arg[] => [0, one])];
}

export const zsetFamilies: readonly Family[] = [
  {
    name: 'sorted set writes',
    weight: 6,
    makers: [
      [9, zadd],
      [3, (draw) => ['ZINCRBY', draw.key(), score(draw), member(draw)]],
      [3, (draw) => ['ZREM', draw.key(), ...draw.some(1, 6, () => member(draw))]],
    ],
  },
  {
    name: 'sorted set reads',
    weight: 4,
    makers: [
      [2, (draw) => ['ZSCORE', draw.key(), member(draw)]],
      [2, (draw) => ['ZMSCORE', draw.key(), ...draw.some(1, 5, () => member(draw))]],
      [1, (draw) => ['ZCARD', draw.key()]],
      [2, (draw) => ['ZCOUNT', draw.key(), ...bounds(draw)]],
      [3, (draw) => [draw.random.pick(['ZRANK', 'ZREVRANK']), draw.key(), member(draw)]],
    ],
  },
  {
    name: 'sorted set ranges',
    weight: 6,
    makers: [
      [4, byRank],
      [4, byScore],
      [2, (draw) => ['ZREVRANGE', draw.key(), ...ranks(draw), ...tail(draw, withScores(draw))]],
      [
        3,
        (draw) => [
          draw.random.pick(['ZRANGEBYSCORE', 'ZREVRANGEBYSCORE']),
          draw.key(),
          ...bounds(draw),
          ...tail(draw, withScores(draw), limit(draw)),
        ],
      ],
      [3, store],
    ],
  },
  {
    name: 'sorted set removals',
    weight: 3,
    makers: [
      [2, (draw) => ['ZREMRANGEBYRANK', draw.key(), draw.index(), draw.index()]],
      [2, (draw) => ['ZREMRANGEBYSCORE', draw.key(), bound(draw), bound(draw)]],
      [
        3,
        (draw) => [
          draw.random.pick(['ZPOPMIN', 'ZPOPMAX']),
          draw.key(),
          ...(draw.random.oneIn(2)
            ? [draw.random.oneIn(10) ? draw.random.pick(['-1', 'x']) : draw.random.below(5)]
            : []),
        ],
      ],
      [
        2,
        (draw) => {
          const keys = draw.some(1, 3, () => draw.key());
          const count = draw.random.oneIn(2) ? ['COUNT', draw.random.oneIn(10) ? 0 : draw.random.between(1, 4)] : [];
          return ['ZMPOP', keys.length, ...keys, draw.random.pick(['MIN', 'MAX', 'min']), ...count];
        },
      ],
    ],
  },
  {
    name: 'sorted sets combined',
    weight: 4,
    makers: [
      [6, combine],
      [2, zintercard],
    ],
  },
  {
    name: 'sorted set walks',
    weight: 2,
    makers: [
      [2, zrandmember],
      [2, zscan],
    ],
  },
  {
    name: 'sorted sets by bytes',
    weight: 3,
    makers: [
      [
        4,
        (draw) =>
          lexAdd(
            draw,
            draw.some(1, 6, () => lexMember(draw)),
          ),
      ],
      [
        1,
        (draw) =>
          lexAdd(
            draw,
            bulk(draw).filter((_, i) => i % 2 === 1),
          ),
      ],
      [1, (draw) => ['ZREM', lexKey(draw), ...draw.some(1, 3, () => lexMember(draw))]],
      [2, (draw) => ['ZLEXCOUNT', lexKey(draw), ...lexBounds(draw)]],
      [1, (draw) => ['ZREMRANGEBYLEX', lexKey(draw), lexBound(draw), lexBound(draw)]],
      [3, (draw) => ['ZRANGE', lexKey(draw), ...lexBounds(draw), ...tail(draw, ['BYLEX'], rev(draw), limit(draw))]],
      [
        3,
        (draw) => [
          draw.random.pick(['ZRANGEBYLEX', 'ZREVRANGEBYLEX']),
          lexKey(draw),
          ...lexBounds(draw),
          ...tail(draw, limit(draw)),
        ],
      ],
    ],
  },
];
