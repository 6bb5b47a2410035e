// SORT and what it reads: a list, a set and a sorted set of their own, strings and hashes that patterns lead to. Where
// the order of equal elements is a server's own (those of sets and sorted sets), nothing is sorted by texts that may be
// equal.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { CommandMaker, Family } from './families.js';

const LIST = 'sort:list';
const SET = 'sort:set';
const SORTED_SET = 'sort:zset';

const NUMBERS = [
  '1.5',
  '-2',
  '0',
  '1e3',
  '.5',
  '-0',
  '9007199254740993',
  '9007199254740992',
  '0x1F',
  'inf',
  '-inf',
  ' 7',
];
const ODD = ['abc', '', 'nan', '5 ', 'ab', 'B', 'ab\0c', 'ab\0d', 'naïve'];

/** Those without a zero byte, so that no two of them collate alike. */
const PLAIN = ODD.filter((text) => !text.includes('\0'));

function element({ random }: Draw, odd = ODD): Arg {
  if (random.oneIn(6)) return random.pick(NUMBERS);
  return random.oneIn(60) ? random.pick(odd) : random.below(30);
}
const plain = (draw: Draw): Arg => element(draw, PLAIN);

function weight(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(3)) return random.below(5);
  return random.oneIn(30) ? random.pick(ODD) : random.pick(NUMBERS);
}

function limit(draw: Draw): Arg[] {
  const { random } = draw;
  if (random.oneIn(2)) return [];
  if (random.oneIn(20)) return ['LIMIT', draw.index(), draw.index()];
  return ['LIMIT', random.between(-2, 12), random.between(-1, 12)];
}

const GETS = ['#', 'w_*', 'h_*->f', 'h_*->', 'w_*->f', 'none', '*', 'h_*->none', 'w_**', '#x'];
const gets = (draw: Draw): Arg[] => draw.some(0, 2, (): Arg[] => ['GET', draw.random.pick(GETS)]).flat();
const store = (draw: Draw): Arg[] => (draw.random.oneIn(4) ? ['STORE', draw.random.pick(['sort:out', LIST])] : []);

function options(draw: Draw, ...more: Arg[][]): Arg[] {
  const { random } = draw;
  const direction = random.oneIn(2) ? [random.pick(['ASC', 'DESC'])] : [];
  const odd = random.oneIn(60) ? [random.pick(['nonsense', 'BY', 'GET', 'LIMIT', 'STORE'])] : [];
  return random
    .shuffled([...more, direction, limit(draw)])
    .flat()
    .concat(odd);
}

const BY = ['w_*', 'h_*->f', 'none_*', 'w_*->f'];

/**
 * redis-server's SORT looks at errno and never clears it, so a number out of range somewhere before it, in any command,
 * makes it fail. SCAN does clear it.
 */
const afterScan =
  (maker: CommandMaker): CommandMaker =>
  (draw) => {
    const sort = maker(draw);
    draw.followUps = [sort];
    return ['SCAN', '0', 'COUNT', '1'];
  };

export const sortFamilies: readonly Family[] = [
  {
    name: 'sort',
    weight: 6,
    makers: [
      [6, (draw) => ['RPUSH', LIST, ...draw.some(1, 8, () => element(draw))]],
      [3, (draw) => ['SADD', SET, ...draw.some(1, 8, () => plain(draw))]],
      [3, (draw) => ['ZADD', SORTED_SET, ...draw.some(1, 5, () => [draw.random.below(20), plain(draw)]).flat()]],
      [8, (draw) => ['MSET', ...draw.some(1, 4, () => [`w_${element(draw)}`, weight(draw)]).flat()]],
      [3, (draw) => ['HSET', `h_${element(draw)}`, 'f', weight(draw)]],
      [1, (draw) => ['DEL', draw.random.pick([LIST, SET, SORTED_SET, 'sort:out'])]],
      // Lists keep their order, so anything goes.
      [
        8,
        afterScan((draw) => {
          const { random } = draw;
          const by = random.oneIn(3) ? [] : ['BY', random.pick([...BY, 'nosort', '#', '*'])];
          const alpha = random.oneIn(2) ? ['ALPHA'] : [];
          return ['SORT', LIST, ...options(draw, by, alpha, gets(draw), store(draw))];
        }),
      ],
      [
        2,
        afterScan((draw) => {
          const by = draw.random.oneIn(2) ? ['BY', draw.random.pick(BY)] : [];
          return ['SORT_RO', LIST, ...options(draw, by, gets(draw), draw.random.oneIn(20) ? ['STORE', 'x'] : [])];
        }),
      ],
      // By numbers, equal ones are told apart by the elements.
      [
        4,
        afterScan((draw) => {
          const by = draw.random.oneIn(2) ? ['BY', draw.random.pick(BY)] : draw.random.oneIn(2) ? ['ALPHA'] : [];
          return ['SORT', draw.random.pick([SET, SORTED_SET]), ...options(draw, by, gets(draw), store(draw))];
        }),
      ],
      [2, afterScan((draw) => ['SORT', SORTED_SET, ...options(draw, ['BY', 'nosort'], gets(draw), store(draw))])],
      [1, afterScan((draw) => ['SORT', SET, ...options(draw, ['BY', 'nosort'], gets(draw), ['STORE', 'sort:out'])])],
      [1, afterScan((draw) => ['SORT', draw.key(), ...limit(draw)])],
      [1, afterScan((draw) => ['SORT', draw.key(), 'STORE', draw.key(), 'ALPHA'])],
    ],
  },
];
