// Commands that happen to a kernel while a snapshot of it is made: of all families, on large values, and those that change
// something without looking like it.
import { FAMILIES } from './generator/families.js';
import { makeStream } from './generator/stream.js';
import type { Arg } from './kernel.js';
import { deriveSeed, type Random } from './seed.js';

const LARGE_KEYS = ['large:0', 'large:1', 'large:2', 'large:3', 'large:4'];

/** The commands of a generated stream, one after the other. */
export function* generated(seed: number): Generator<readonly Arg[]> {
  for (let index = 0; ; index++) {
    for (const { kind, commands } of makeStream(deriveSeed(seed, index), 400, FAMILIES))
      for (const command of commands) yield kind === 'scan' ? ['SCAN', '0', ...command] : command;
  }
}

const text = (random: Random, length: number) =>
  'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length) + random.below(10);
const many = (count: number, make: (i: number) => Arg[]): Arg[] =>
  Array.from({ length: count }, (_, i) => make(i)).flat();

/** Makes a large value, changes one, drops one, or gives it, or fields of it, a deadline. */
export function largeCommand(random: Random, now: number): Arg[] {
  const key = random.pick(LARGE_KEYS);
  const count = random.pick([50, 600, 3000]);
  const from = random.below(4000);
  const size = random.pick([3, 40, 300]);
  return random.weighted<() => Arg[]>([
    [3, () => ['SADD', key, ...many(count, (i) => [`member:${from + i}:${text(random, size)}`])]],
    [2, () => ['SADD', key, ...many(count, (i) => [from + i])]],
    [3, () => ['HSET', key, ...many(count, (i) => [`field:${from + i}`, text(random, size)])]],
    [3, () => ['ZADD', key, ...many(count, (i) => [random.below(100), `member:${from + i}`])]],
    [3, () => ['RPUSH', key, ...many(count, (i) => [`${from + i}:${text(random, size)}`])]],
    [2, () => ['SET', key, text(random, random.pick([1000, 70_000, 200_000]))]],
    [6, () => ['XADD', key, '*', ...many(random.pick([1, 200]), (i) => [`f${i}`, text(random, size)])]],
    [1, () => ['XGROUP', 'CREATE', key, 'group', random.pick(['0', '$'])]],
    [
      2,
      () => [
        'XREADGROUP',
        'GROUP',
        'group',
        random.pick(['a', 'b']),
        'COUNT',
        '20',
        'STREAMS',
        key,
        random.pick(['>', '0']),
      ],
    ],
    [1, () => ['XAUTOCLAIM', key, 'group', 'c', '0', '0']],
    [1, () => ['XACK', key, 'group', `${now}-0`]],
    [1, () => ['XTRIM', key, 'MAXLEN', random.below(40)]],
    [2, () => ['SREM', key, from, from + 1, `member:${from}:${text(random, 3)}`]],
    [2, () => ['HDEL', key, ...many(20, (i) => [`field:${from + i}`])]],
    [
      2,
      () => ['HPEXPIRE', key, random.pick([1, 500, 100_000]), 'FIELDS', 30, ...many(30, (i) => [`field:${from + i}`])],
    ],
    [1, () => ['HGET', key, `field:${from}`]],
    [1, () => ['HLEN', key]],
    [1, () => ['HINCRBY', key, 'counter', 1]],
    [1, () => ['ZINCRBY', key, '5', `member:${from}`]],
    [2, () => [random.pick(['ZPOPMIN', 'SPOP', 'LPOP', 'RPOP']), key, random.pick([1, 10, 4000])]],
    [1, () => ['LSET', key, random.pick([0, 3, -1]), 'x']],
    [1, () => ['LREM', key, 0, 'x']],
    [1, () => ['LTRIM', key, 1, random.pick([-2, 20])]],
    [
      2,
      () =>
        [
          random.pick(['APPEND', 'SETRANGE', 'SETBIT']),
          key,
          ...random.pick([
            ['70000', '1'],
            ['5', '1'],
          ]),
        ].slice(0, 4),
    ],
    [2, () => ['APPEND', key, text(random, 100)]],
    [2, () => ['SET', key, 'short', ...random.pick([[], ['KEEPTTL'], ['GET'], ['PX', '50']])]],
    [2, () => [random.pick(['DEL', 'UNLINK']), key, random.pick(LARGE_KEYS)]],
    [2, () => [random.pick(['RENAME', 'RENAMENX']), key, random.pick(LARGE_KEYS)]],
    [2, () => ['COPY', key, random.pick(LARGE_KEYS), 'REPLACE']],
    [1, () => ['COPY', key, key, 'DB', random.below(3), 'REPLACE']],
    [2, () => ['MOVE', key, random.below(3)]],
    [2, () => ['PEXPIRE', key, random.pick([1, 500, 100_000])]],
    [1, () => ['PERSIST', key]],
    [1, () => ['GETEX', key, 'PX', 500]],
    [1, () => ['GETDEL', key]],
    [
      1,
      () => [
        random.pick(['SUNIONSTORE', 'SINTERSTORE', 'SDIFFSTORE']),
        random.pick(LARGE_KEYS),
        key,
        random.pick(LARGE_KEYS),
      ],
    ],
    [1, () => [random.pick(['ZUNIONSTORE', 'ZINTERSTORE']), random.pick(LARGE_KEYS), 2, key, random.pick(LARGE_KEYS)]],
    [1, () => ['SORT', key, 'ALPHA', 'LIMIT', 0, 50, 'STORE', random.pick(LARGE_KEYS)]],
    [1, () => ['SMOVE', key, random.pick(LARGE_KEYS), from]],
    [1, () => ['LMOVE', key, random.pick(LARGE_KEYS), 'LEFT', 'RIGHT']],
    [1, () => ['BITOP', 'NOT', random.pick(LARGE_KEYS), key]],
    [1, () => ['PFADD', `hll:${random.below(3)}`, ...many(random.pick([1, 500]), (i) => [from + i])]],
    [2, () => ['PFCOUNT', `hll:${random.below(3)}`]],
    [
      1,
      () => ['MSET', ...many(random.pick([10, 700]), (i) => [`many:${from + i}`, text(random, random.pick([3, 60]))])],
    ],
    [1, () => ['DEL', ...many(300, (i) => [`many:${from + i}`])]],
  ])();
}

/** What changes a value though it looks like a read, or comes with time: groups of short streams, fields with deadlines. */
export function quietCommand(random: Random): Arg[] {
  const stream = `log:${random.below(3)}`;
  const hash = `timed:${random.below(6)}`;
  const id = `7-${random.below(20)}`;
  const ids = many(random.pick([1, 10]), () => [`7-${random.below(20)}`]);
  const fields = ['FIELDS', 1, `f${random.below(3)}`];
  return random.weighted<() => Arg[]>([
    [6, () => ['XADD', stream, '7-*', 'f', random.below(100)]],
    [1, () => ['DEL', stream]],
    [2, () => ['XGROUP', 'CREATE', stream, 'g', '0', 'MKSTREAM']],
    [
      4,
      () => [
        'XREADGROUP',
        'GROUP',
        'g',
        random.pick(['a', 'b']),
        'COUNT',
        2,
        'STREAMS',
        stream,
        random.pick(['>', '>', '0']),
      ],
    ],
    [3, () => ['XACK', stream, 'g', ...ids]],
    [3, () => ['XCLAIM', stream, 'g', random.pick(['c', 'd']), 0, ...ids]],
    [1, () => ['XAUTOCLAIM', stream, 'g', 'd', 0, id, 'COUNT', 1]],
    [1, () => ['XDEL', stream, id]],
    [4, () => ['HSET', hash, ...many(3, (i) => [`f${i}`, random.below(100)])]],
    [4, () => ['HPEXPIRE', hash, random.pick([1, 300, 10_000]), ...fields]],
    [4, () => [random.pick(['HGETALL', 'HVALS', 'HLEN']), hash]],
    [1, () => ['HPERSIST', hash, ...fields]],
    [1, () => ['SORT', random.pick(['nums', 'tags']), 'BY', `${hash}->f*`, 'GET', 'timed:*->f0']],
    [1, () => ['RPUSH', 'nums', 0, 1, 2]],
  ])();
}
