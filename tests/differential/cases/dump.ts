// Command lines over DUMP and RESTORE.
import { payloadOf } from '../../support/crc64.js';
import { formatCommand } from '../../support/generator/escape.js';
import { OLD, oldPayload } from '../../support/payloads.js';
import type { Arg } from '../../support/resp-client.js';
import type { Script } from '../script.js';

const lines = (...commands: Arg[][]): string => commands.map((command) => formatCommand(command)).join('\n');
const body = (...bytes: number[]): Buffer => Buffer.from(bytes);

const hello = payloadOf(Buffer.from('\0\x05hello', 'latin1'));
const number = payloadOf(body(0, 0xc0, 7));
const harmed = Buffer.from(hello);
harmed[3] ^= 1;
const later = 4_102_444_800_000;

export const dumpScripts: Script[] = [
  {
    title: 'RESTORE and its options',
    lines: lines(
      ['DUMP'],
      ['DUMP', 'a', 'b'],
      ['DUMP', 'none'],
      ['RESTORE'],
      ['RESTORE', 'k', 0],
      ['RESTORE', 'k', 'abc', hello],
      ['RESTORE', 'k', -1, hello],
      ['RESTORE', 'k', '9223372036854775808', hello],
      ['RESTORE', 'k', 0, hello, 'NOSUCH'],
      ['RESTORE', 'k', 0, hello, 'IDLETIME'],
      ['RESTORE', 'k', 0, hello, 'IDLETIME', 'abc'],
      ['RESTORE', 'k', 0, hello, 'IDLETIME', -1],
      ['RESTORE', 'k', 0, hello, 'FREQ'],
      ['RESTORE', 'k', 0, hello, 'FREQ', 'abc'],
      ['RESTORE', 'k', 0, hello, 'FREQ', 256],
      ['RESTORE', 'k', 0, hello, 'FREQ', -1],
      ['RESTORE', 'k', 0, hello, 'FREQ', 5, 'IDLETIME', 5],
      ['RESTORE', 'k', 0, hello, 'IDLETIME', 5, 'FREQ', 5],
      ['RESTORE', 'k', 0, hello, 'IDLETIME', 5, 'IDLETIME', 6],
      ['DEL', 'k'],
      ['RESTORE', 'k', 0, ''],
      ['RESTORE', 'k', 0, 'short'],
      ['RESTORE', 'k', 0, harmed],
      ['RESTORE', 'k', 0, hello.subarray(1)],
      ['RESTORE', 'k', 0, payloadOf(body(0, 1, 0x61), 12)],
      ['RESTORE', 'k', 0, payloadOf(body(0, 1, 0x61), 65535)],
      ['RESTORE', 'k', 0, payloadOf(body(0, 1, 0x61), 0)],
      ['GET', 'k'],
      ['DEL', 'k'],
      ['EXISTS', 'k'],
      ['RESTORE', 'k', 0, hello],
      ['GET', 'k'],
      ['TTL', 'k'],
      ['OBJECT', 'ENCODING', 'k'],
      ['RESTORE', 'k', 0, hello],
      ['RESTORE', 'k', 'abc', harmed],
      ['RESTORE', 'k', 0, number, 'REPLACE'],
      ['GET', 'k'],
      ['OBJECT', 'ENCODING', 'k'],
      ['OBJECT', 'REFCOUNT', 'k'],
      ['RESTORE', 'k', 0, harmed, 'REPLACE'],
      ['GET', 'k'],
      ['RESTORE', 'k', later, hello, 'REPLACE', 'ABSTTL'],
      ['PEXPIRETIME', 'k'],
      ['RESTORE', 'k', 0, hello, 'replace', 'absttl'],
      ['PTTL', 'k'],
      ['RESTORE', 'k', 1_000_000, hello, 'REPLACE'],
      ['PTTL', 'k'],
      ['RESTORE', 'k', 1, hello, 'ABSTTL'],
      ['RESTORE', 'k', 1, hello, 'ABSTTL', 'REPLACE'],
      ['EXISTS', 'k'],
      ['RESTORE', 'k', 1, hello, 'ABSTTL'],
      ['RESTORE', 'k', 1, harmed, 'ABSTTL'],
      ['RESTORE', 'k', 1, payloadOf(body(0, 0xc4)), 'ABSTTL'],
      ['RESTORE', 'k', '9223372036854775807', hello],
      ['EXISTS', 'k'],
      ['RESTORE', 'k', '9223372036854775807', hello, 'ABSTTL'],
      ['PEXPIRETIME', 'k'],
      ['RESTORE', 'k', 0, hello, 'REPLACE', 'REPLACE', 'ABSTTL', 'ABSTTL', 'IDLETIME', 100],
      ['SADD', 's', 'a', 'b'],
      ['RESTORE', 's', 0, number, 'REPLACE'],
      ['GET', 's'],
    ),
  },
  {
    title: 'payloads of every encoding of a string',
    lines: lines(
      ...[
        body(0, 0),
        body(0, 0xc0, 0x80),
        body(0, 0xc1, 0x39, 0x30),
        body(0, 0xc2, 0xff, 0xff, 0xff, 0x7f),
        body(0, 3, 0x31, 0x32, 0x33),
        body(0, 0x40, 3, 0x31, 0x32, 0x33),
        body(0, 0x80, 0, 0, 0, 3, 0x31, 0x32, 0x61),
        body(0, 0x81, 0, 0, 0, 0, 0, 0, 0, 2, 0x31, 0x61),
        body(0, 0xc3, 5, 6, 1, 0x61, 0x62, 0x40, 1),
        body(0, 0xc3, 4, 0x40, 0x64, 0, 0x61, 0xe0, 0x5a, 0),
        body(0, 0xc3, 5, 7, 1, 0x61, 0x62, 0x40, 1),
        body(0, 0xc3, 5, 6, 1, 0x61, 0x62, 0x40, 2),
        Buffer.concat([body(0, 20), Buffer.from('12345678901234567890')]),
        Buffer.concat([body(0, 44), Buffer.alloc(44, 'x')]),
        Buffer.concat([body(0, 45), Buffer.alloc(45, 'x')]),
      ].flatMap((bytes): Arg[][] => [
        ['RESTORE', 'k', 0, payloadOf(bytes), 'REPLACE'],
        ['GET', 'k'],
        ['OBJECT', 'ENCODING', 'k'],
      ]),
    ),
  },
  {
    title: 'payloads that are no values',
    lines: lines(
      ...[
        body(6, 0),
        body(8, 0),
        body(22, 0),
        body(100, 0),
        body(1, 0),
        body(2, 0),
        body(4, 0),
        body(5, 0),
        body(1, 2, 1, 0x61),
        body(4, 1, 1, 0x61),
        body(2, 2, 1, 0x61, 1, 0x61),
        body(11, 7, 2, 0, 0, 0, 1, 0, 0),
        body(16, 7, 7, 0, 0, 0, 0, 0, 0xff),
        body(17, 7, 7, 0, 0, 0, 0, 0, 0xff),
        body(18, 0),
        body(0, 0xc4, 1, 1),
        body(0, 0x82, 1, 1),
      ].map((bytes): Arg[] => ['RESTORE', 'k', 0, payloadOf(Buffer.concat([bytes, Buffer.alloc(0)])), 'REPLACE']),
      ['EXISTS', 'k'],
    ),
  },
  {
    title: 'payloads in encodings of older versions',
    lines: lines(
      ...OLD.flatMap((old): Arg[][] => [
        ['RESTORE', old.name, 0, oldPayload(old)],
        ['TYPE', old.name],
        ['OBJECT', 'ENCODING', old.name],
        ...({
          list: [['LRANGE', old.name, 0, -1]],
          set: [
            ['SCARD', old.name],
            ['SISMEMBER', old.name, 'a'],
            ['SISMEMBER', old.name, 7],
          ],
          hash: [['HGETALL', old.name]],
          zset: [['ZRANGE', old.name, 0, -1, 'WITHSCORES']],
          string: [],
          stream: [],
        }[old.type] as Arg[][]),
      ]),
    ),
  },
];
