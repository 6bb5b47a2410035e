// Values of every type and encoding: the commands that make them in a Redis 7, and payloads in the encodings that only
// older versions wrote, made by hand.
import { payloadOf } from './crc64.js';
import { rdbLength, rdbString, ziplist, zipmap } from './old-encodings.js';
import type { Arg } from './resp-client.js';

export interface Made {
  readonly name: string;
  readonly type: 'string' | 'list' | 'set' | 'zset' | 'hash' | 'stream';
  /** The command that makes it, but for the key, which stands behind the name. */
  readonly commands: readonly (readonly Arg[])[];
}

const many = (count: number, item: (i: number) => Arg[]): Arg[] =>
  Array.from({ length: count }, (_, i) => item(i)).flat();
const long = (length: number, seed = 'x') => seed.repeat(Math.ceil(length / seed.length)).slice(0, length);
const one = (name: string, type: Made['type'], ...commands: Arg[][]): Made => ({ name, type, commands });

/** The key goes behind the first word of each command; `XGROUP CREATE` and the like behind the second. */
export function commandsFor(made: Made, key: Arg): Arg[][] {
  return made.commands.map(([name, ...rest]) => {
    const words = String(name).split(' ');
    return [...words, key, ...rest];
  });
}

export const MADE: readonly Made[] = [
  ...[
    '',
    'a',
    '0',
    '-1',
    '127',
    '128',
    '-129',
    '65535',
    '2147483647',
    '2147483648',
    '-9223372036854775808',
    '007',
    '1.5',
  ].map((text) => one(`string ${JSON.stringify(text)}`, 'string', ['SET', text])),
  ...[20, 21, 44, 45, 63, 64, 255, 256, 16383, 16384, 70_000].map((length) =>
    one(`string of ${length} equal bytes`, 'string', ['SET', long(length)]),
  ),
  one('string of words', 'string', ['SET', long(5000, 'the quick brown fox jumps over the lazy dog ')]),
  one('string of bytes', 'string', [
    'SET',
    Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 167 + (i >> 3)) & 255)),
  ]),
  one('sketch', 'string', ['PFADD', ...many(400, (i) => [`e${i}`])]),
  one('list of one', 'list', ['RPUSH', 'a']),
  one('list of numbers and words', 'list', ['RPUSH', ...many(100, (i) => [i * i * 977 - 50_000, `item:${i}`, ''])]),
  one('list of 64-bit numbers', 'list', [
    'RPUSH',
    '9223372036854775807',
    '-9223372036854775808',
    '4294967296',
    '-1',
    '007',
  ]),
  one('list of many nodes', 'list', ['RPUSH', ...many(3000, (i) => [long(20 + (i % 50), `${i}-`)])]),
  one('list with large elements', 'list', ['RPUSH', 'first', long(10_000), 'middle', long(70_000, 'abc'), 'last']),
  one('set of numbers', 'set', ['SADD', 1, -1, 300, -70_000]),
  one('set of 64-bit numbers', 'set', ['SADD', '1', '9223372036854775807', '-9223372036854775808']),
  one('set of many numbers', 'set', ['SADD', ...many(600, (i) => [i * 3])]),
  one('set of words', 'set', ['SADD', 'a', 'b', '1', long(100), '']),
  one('set of many words', 'set', ['SADD', ...many(2000, (i) => [`member:${i}`])]),
  one('zset of few', 'zset', ['ZADD', 1, 'a', 2.5, 'b', -3, 'c', '+inf', 'd', '-inf', 'e', 1e300, '17', 0.1, '']),
  one('zset of equal scores', 'zset', ['ZADD', ...many(50, (i) => [7, `m${i}`])]),
  one('zset with a long member', 'zset', ['ZADD', 1, long(100), 2, 'b']),
  one('zset of many', 'zset', ['ZADD', ...many(2000, (i) => [(i * 7919) % 1000, `member:${i}`])]),
  one('hash of few', 'hash', ['HSET', 'f', 'v', 'n', 12345, '', '', long(60), long(64)]),
  one('hash with a long value', 'hash', ['HSET', 'f', 'v', 'g', long(65)]),
  one('hash of many', 'hash', ['HSET', ...many(1500, (i) => [`field:${i}`, `value:${i}`])]),
  one('stream of one', 'stream', ['XADD', '1-1', 'f', 'v']),
  one(
    'stream of many',
    'stream',
    ...Array.from({ length: 300 }, (_, i): Arg[] => ['XADD', `${1000 + (i >> 1)}-${i + 1}`, 'f', i, `g${i % 3}`, 'v']),
  ),
  one('stream with holes', 'stream', ...Array.from({ length: 30 }, (_, i): Arg[] => ['XADD', `${i + 1}-0`, 'f', i]), [
    'XDEL',
    '3-0',
    '9-0',
    '30-0',
  ]),
  one('stream without entries', 'stream', ['XADD', '5-5', 'f', 'v'], ['XDEL', '5-5']),
  one(
    'stream with groups',
    'stream',
    ...Array.from({ length: 20 }, (_, i): Arg[] => ['XADD', `${i + 1}-1`, 'f', i]),
    ['XGROUP CREATE', 'g', '0'],
    ['XGROUP CREATE', 'other', '7-1'],
    ['XGROUP CREATECONSUMER', 'other', 'idle'],
    ['XGROUP CREATE', 'empty', '$', 'ENTRIESREAD', 20],
    ['XCLAIM', 'g', 'alice', 0, '1-1', '2-1', '5-1', 'TIME', 1_700_000_000_000, 'RETRYCOUNT', 3, 'FORCE'],
    ['XCLAIM', 'g', 'bob', 0, '7-1', 'TIME', 1_700_000_000_001, 'FORCE'],
    ['XDEL', '5-1'],
  ),
];

const b = (text: string | number) => Buffer.from(String(text));
const score = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const intset = (width: 2 | 4 | 8, values: readonly bigint[]) => {
  const bytes = Buffer.alloc(8 + width * values.length);
  bytes.writeUInt32LE(width, 0);
  bytes.writeUInt32LE(values.length, 4);
  values.forEach((value, i) => {
    const data = Buffer.alloc(8);
    data.writeBigInt64LE(value);
    data.copy(bytes, 8 + i * width, 0, width);
  });
  return bytes;
};

export interface Old {
  readonly name: string;
  readonly type: Made['type'];
  /** Type byte and body. */
  readonly body: Buffer;
}
const old = (name: string, type: Made['type'], code: number, ...parts: Buffer[]): Old => ({
  name,
  type,
  body: Buffer.concat([Buffer.from([code]), ...parts]),
});
const strings = (...texts: (string | number)[]) => texts.map((text) => rdbString(b(text)));
const text = (value: string) => Buffer.concat([Buffer.from([value.length]), b(value)]);

const number = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
};
export const streamId = (ms: number, seq: number) => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms), 0);
  bytes.writeBigUInt64BE(BigInt(seq), 8);
  return bytes;
};
/** A stream's node of master ID 5-1: 5-1 f=v, 5-2 deleted, 6-0 f=w. */
const STREAM_NODE = Buffer.from(
  [
    '0000000014000201010101018166020001',
    '0201000100018176020401',
    '0301000101018178020401',
    '02010101dfff028177020401',
    'ff',
  ].join(''),
  'hex',
);
STREAM_NODE.writeUInt32LE(STREAM_NODE.length, 0);
/** Two groups, one with something pending; `later`: what 7.0 and 7.2 write more. */
const streamBody = (later: { counts: boolean; active: boolean }): Buffer[] => [
  rdbLength(1),
  rdbString(streamId(5, 1)),
  rdbString(STREAM_NODE),
  ...[2, 6, 0].map(rdbLength),
  ...(later.counts ? [5, 1, 5, 2, 3].map(rdbLength) : []),
  rdbLength(2),
  rdbString(b('g')),
  ...[5, 1].map(rdbLength),
  ...(later.counts ? [1].map(rdbLength) : []),
  rdbLength(1),
  streamId(5, 1),
  number(1_700_000_000_000),
  rdbLength(2),
  rdbLength(2),
  ...['alice', 'bob'].flatMap((name, i) => [
    rdbString(b(name)),
    number(1_700_000_000_001),
    ...(later.active ? [number(1_700_000_000_000)] : []),
    rdbLength(1 - i),
    ...(i === 0 ? [streamId(5, 1)] : []),
  ]),
  rdbString(b('h')),
  ...[6, 0].map(rdbLength),
  ...(later.counts ? [3].map(rdbLength) : []),
  rdbLength(0),
  rdbLength(0),
];
/** A stream as 7.2 writes it: type byte and body. redis-server 7.0 does not read it; what it means is `OLD`'s own stream. */
export const STREAM_OF_7_2 = Buffer.concat([Buffer.from([21]), ...streamBody({ counts: true, active: true })]);

/** Encodings that Redis 7 still reads. */
export const OLD: readonly Old[] = [
  old('list of elements (1)', 'list', 1, rdbLength(3), ...strings('a', 12, '')),
  old('ziplist of a list (10)', 'list', 10, rdbString(ziplist([b('a'), 5, -700, b('x'.repeat(300)), 8_000_000_000n]))),
  old('ziplists of a list (14)', 'list', 14, rdbLength(2), rdbString(ziplist([1, 2])), rdbString(ziplist([b('c'), 4]))),
  old('members of a set (2)', 'set', 2, rdbLength(3), ...strings('a', 'b', 12)),
  old('numbers of a set (2)', 'set', 2, rdbLength(3), ...strings(1, 2, 30_000)),
  old('intset of 16 bits (11)', 'set', 11, rdbString(intset(2, [-5n, 7n, 300n]))),
  old('intset of 64 bits (11)', 'set', 11, rdbString(intset(8, [-(1n << 63n), 0n, (1n << 63n) - 1n]))),
  old(
    'scores as text (3)',
    'zset',
    3,
    rdbLength(4),
    ...strings('a'),
    text('1.5'),
    ...strings('b'),
    text('-7e-3'),
    ...strings('c'),
    Buffer.from([254]),
    ...strings('d'),
    Buffer.from([255]),
  ),
  old(
    'scores as bytes (5)',
    'zset',
    5,
    rdbLength(2),
    ...strings('a'),
    score(2.5),
    ...strings('b'),
    score(Number.NEGATIVE_INFINITY),
  ),
  old('ziplist of a zset (12)', 'zset', 12, rdbString(ziplist([b('a'), b('-0.5'), b('b'), 3, b('c'), 12_000]))),
  old('fields of a hash (4)', 'hash', 4, rdbLength(2), ...strings('f', 'v', 17, '')),
  old('ziplist of a hash (13)', 'hash', 13, rdbString(ziplist([b('f'), b('v'), 17, -1]))),
  old(
    'zipmap (9)',
    'hash',
    9,
    rdbString(
      zipmap(
        [
          [b('f'), b('v')],
          [b('long'), b('y'.repeat(260))],
        ],
        2,
      ),
    ),
  ),
  old('stream with groups (15)', 'stream', 15, ...streamBody({ counts: false, active: false })),
];
export const oldPayload = ({ body }: Old): Buffer => payloadOf(body, 9);
