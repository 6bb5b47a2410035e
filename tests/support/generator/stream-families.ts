// Streams and their groups. What depends on the moment is kept out: "*" is only asked of a stream whose last ID lies in
// the future, and idle times are compared with spans that no test lasts as long as.
import type { Arg } from '../resp-client.js';
import type { Draw } from './draw.js';
import type { Family } from './families.js';

const FUTURE_MS = '20000000000000';
const GROUPS = ['g', 'g1', 'grp', 'other\r\ngroup', ''];
const CONSUMERS = ['c', 'alice', 'bob', 'carol', 'c\0d', ''];
const NO_IDS = [
  'abc',
  '',
  '1-',
  '-1',
  '1-2-3',
  '1-x',
  '18446744073709551616-0',
  '*',
  '1-*',
  '(',
  '((1',
  '$',
  '>',
  '1\0-2',
];
const ODD_IDS = [
  ...['0', '0-0', '0-1', '18446744073709551615', '18446744073709551615-18446744073709551615', '18446744073709551615-0'],
  ...['007', '+5-1', ' 6-2', '7- 3', '7--0', '8- -1', '18446744073709551614-18446744073709551615'],
];

/** An ID among those that streams have here: few, so that commands meet. */
function id(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(40)) return random.pick(NO_IDS);
  if (random.oneIn(30)) return random.pick(ODD_IDS);
  const ms = random.below(60);
  return random.oneIn(4) ? ms : `${ms}-${random.below(4)}`;
}

/** The ID of a new entry: mostly above those before it, as far as chance can tell. */
function newId(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(12)) {
    const drawn = id(draw);
    return drawn === '*' ? '1-**' : drawn;
  }
  const ms = random.oneIn(8) ? random.below(200) : random.below(60);
  return random.oneIn(3) ? `${ms}-${random.below(4)}` : `${ms}-*`;
}

function bound(draw: Draw): Arg {
  const { random } = draw;
  if (random.oneIn(3)) return random.pick(['-', '+']);
  return random.oneIn(4) ? `(${id(draw)}` : id(draw);
}
const interval = (draw: Draw): Arg[] => (draw.random.oneIn(3) ? ['-', '+'] : [bound(draw), bound(draw)]);

const count = (draw: Draw): Arg =>
  draw.random.oneIn(15) ? draw.integer() : draw.random.pick([0, 1, 2, 3, 10, 100, -1]);
const maybeCount = (draw: Draw, oneIn: number): Arg[] => (draw.random.oneIn(oneIn) ? ['COUNT', count(draw)] : []);

/** Mostly the same fields, so that entries share their node's; sometimes more, other or odd ones. */
function fields(draw: Draw): Arg[] {
  const { random } = draw;
  if (random.oneIn(3))
    return draw.some(1, 4, () => [random.pick(['f', 'g', '12', '-7', 'long field name']), draw.value()]).flat();
  const names = random.pick([['f'], ['f'], ['temperature', 'humidity'], ['1', '2', '3']]);
  return names.flatMap((name) => [name, random.oneIn(8) ? draw.value() : random.pick(['1', 'v', 4096, 'some text'])]);
}

function trim(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = random.oneIn(2) ? ['MAXLEN'] : ['MINID'];
  if (!random.oneIn(3)) args.push(random.pick(['~', '=', '~']));
  args.push(
    args[0] === 'MAXLEN' ? (random.oneIn(15) ? draw.integer() : random.pick([0, 1, 5, 20, 50, 150])) : id(draw),
  );
  if (random.oneIn(4)) args.push('LIMIT', random.oneIn(10) ? draw.integer() : random.pick([0, 1, 100, 250]));
  return args;
}

function add(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(8)) options.push(['NOMKSTREAM']);
  if (random.oneIn(12)) options.push(trim(draw));
  const key = draw.key();
  // What is followed by something is not bent out of shape: an ID could become "*".
  draw.followUps = [['XLEN', key]];
  return ['XADD', key, ...random.shuffled(options).flat(), newId(draw), ...fields(draw)];
}

/** Many entries in a row, so that nodes fill up. */
function addMany(draw: Draw): Arg[] {
  const { random } = draw;
  const key = draw.key();
  const names = fields(draw);
  const ms = random.below(60);
  draw.followUps = draw.some(20, 130, () => ['XADD', key, `${ms}-*`, ...(random.oneIn(20) ? fields(draw) : names)]);
  return ['XLEN', key];
}

function addNow(draw: Draw): Arg[] {
  const key = draw.key();
  draw.followUps = draw.some(1, 3, () => ['XADD', key, '*', ...fields(draw)]);
  // Whether this adds an entry or comes too late: the last ID lies in the future afterwards.
  return ['XADD', key, `${FUTURE_MS}-*`, ...fields(draw)];
}

const group = (draw: Draw): Arg => (draw.random.oneIn(8) ? draw.random.pick(GROUPS) : draw.random.pick(['g', 'g1']));
const consumer = (draw: Draw): Arg => draw.random.pick(CONSUMERS);
const idle = (draw: Draw): Arg =>
  draw.random.oneIn(12) ? draw.integer() : draw.random.pick([0, 0, 0, 30_000, 90_000, 4_000_000_000, -5]);

function create(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = [
    'XGROUP',
    'CREATE',
    draw.key(),
    group(draw),
    random.oneIn(2) ? random.pick(['$', '0']) : id(draw),
  ];
  if (!random.oneIn(3)) args.push('MKSTREAM');
  if (random.oneIn(5)) args.push('ENTRIESREAD', random.oneIn(5) ? draw.integer() : random.pick([-1, 0, 1, 5, 100]));
  return args;
}

/** Several streams with an ID each. */
function streams(draw: Draw, special: Arg): Arg[] {
  const keys = draw.some(1, draw.random.oneIn(3) ? 3 : 1, () => draw.key());
  return ['STREAMS', ...keys, ...keys.map(() => (draw.random.oneIn(3) ? id(draw) : special))];
}

function readGroup(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [['GROUP', group(draw), consumer(draw)]];
  if (!random.oneIn(4)) options.push(['COUNT', count(draw)]);
  if (random.oneIn(6)) options.push(['NOACK']);
  if (random.oneIn(25)) options.push(['BLOCK', random.pick([1, -1, 'abc'])]);
  return ['XREADGROUP', ...random.shuffled(options).flat(), ...streams(draw, random.oneIn(4) ? '0' : '>')];
}

function claim(draw: Draw): Arg[] {
  const { random } = draw;
  const options: Arg[][] = [];
  if (random.oneIn(4)) options.push(['IDLE', random.oneIn(10) ? draw.integer() : random.pick([0, 50_000, 100_000])]);
  if (random.oneIn(8))
    options.push(['TIME', random.oneIn(8) ? draw.integer() : random.pick([1, 1_000_000, '99999999999999'])]);
  if (random.oneIn(4)) options.push(['RETRYCOUNT', random.oneIn(8) ? draw.integer() : random.between(-1, 5)]);
  if (random.oneIn(3)) options.push(['FORCE']);
  if (random.oneIn(3)) options.push(['JUSTID']);
  if (random.oneIn(6)) options.push(['LASTID', id(draw)]);
  const ids = draw.some(1, 5, () => id(draw));
  return ['XCLAIM', draw.key(), group(draw), consumer(draw), idle(draw), ...ids, ...random.shuffled(options).flat()];
}

function autoclaim(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = [
    'XAUTOCLAIM',
    draw.key(),
    group(draw),
    consumer(draw),
    idle(draw),
    random.oneIn(2) ? '-' : bound(draw),
  ];
  if (random.oneIn(2))
    args.push('COUNT', random.oneIn(10) ? random.pick(['0', '-1', 'abc', '']) : random.between(1, 12));
  if (random.oneIn(3)) args.push('JUSTID');
  return args;
}

function pending(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = ['XPENDING', draw.key(), group(draw)];
  if (random.oneIn(3)) return args;
  if (random.oneIn(4)) args.push('IDLE', idle(draw));
  args.push(...interval(draw), random.oneIn(10) ? draw.integer() : random.pick([1, 3, 10, 1000]));
  if (random.oneIn(3)) args.push(consumer(draw));
  return args;
}

function setId(draw: Draw): Arg[] {
  const { random } = draw;
  const args: Arg[] = ['XSETID', draw.key(), random.oneIn(3) ? id(draw) : `${random.between(60, 90)}-1`];
  if (random.oneIn(3)) args.push('ENTRIESADDED', random.oneIn(8) ? draw.integer() : random.between(0, 300));
  if (random.oneIn(3)) args.push('MAXDELETEDID', id(draw));
  return args;
}

export const streamFamilies: readonly Family[] = [
  {
    name: 'streams',
    weight: 8,
    makers: [
      [12, add],
      [1, addMany],
      [1, addNow],
      [2, (draw) => ['XLEN', draw.key()]],
      [4, (draw) => ['XRANGE', draw.key(), ...interval(draw), ...maybeCount(draw, 3)]],
      [3, (draw) => ['XREVRANGE', draw.key(), ...interval(draw).reverse(), ...maybeCount(draw, 3)]],
      [3, (draw) => ['XDEL', draw.key(), ...draw.some(1, 4, () => id(draw))]],
      [2, (draw) => ['XTRIM', draw.key(), ...trim(draw)]],
      [1, setId],
      [3, (draw) => ['XREAD', ...maybeCount(draw, 2), ...streams(draw, draw.random.pick(['0', '$', '30']))]],
      [3, (draw) => ['XINFO', 'STREAM', draw.key()]],
    ],
  },
  {
    name: 'consumer groups',
    weight: 8,
    makers: [
      [4, create],
      [1, (draw) => ['XGROUP', 'SETID', draw.key(), group(draw), draw.random.oneIn(3) ? '$' : bound(draw)]],
      [1, (draw) => ['XGROUP', 'SETID', draw.key(), group(draw), id(draw), 'ENTRIESREAD', draw.integer()]],
      [1, (draw) => ['XGROUP', 'DESTROY', draw.key(), group(draw)]],
      [2, (draw) => ['XGROUP', 'CREATECONSUMER', draw.key(), group(draw), consumer(draw)]],
      [1, (draw) => ['XGROUP', 'DELCONSUMER', draw.key(), group(draw), consumer(draw)]],
      [10, readGroup],
      [4, (draw) => ['XACK', draw.key(), group(draw), ...draw.some(1, 4, () => id(draw))]],
      [3, pending],
      [4, claim],
      [3, autoclaim],
      [2, (draw) => ['XINFO', 'GROUPS', draw.key()]],
      [1, (draw) => ['XINFO', 'CONSUMERS', draw.key(), group(draw)]],
      [2, (draw) => ['XINFO', 'STREAM', draw.key(), 'FULL', ...maybeCount(draw, 2)]],
    ],
  },
];
