// Hostile payloads: bodies of every type and encoding, damaged behind a checksum that is right. RESTORE answers cleanly or
// makes a sound value, which every command can work on, which dumps and restores again, and which goes without a trace.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { payloadOf } from '../support/crc64.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { type Limit, setLimits } from '../support/limits.js';
import { commandsFor, MADE, type Made, OLD } from '../support/payloads.js';
import { type Arg, decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const ROUNDS = LONG ? 20_000 : 600;
/** Payloads are short, so nothing that they make may be large. */
const COMMITTED_MAX = 128 << 20;
const IMAGE_HEADER_BYTES = 16;
/** Records of the log that found no room at all: the field `refused` of log/ring.ts. */
const REFUSED = 384 + 32;

/** What no Redis 7 has: fields with deadlines. */
const OWN: readonly Made[] = [
  {
    name: 'hash with deadlines',
    type: 'hash',
    commands: [
      ['HSET', 'f', 'v', 'g', 12, 'h', ''],
      ['HPEXPIREAT', 4_102_444_800_000, 'FIELDS', 2, 'f', 'h'],
    ],
  },
];

const SCALABLE: Partial<Record<Limit, number>> = {
  ...{ packedEntriesMax: 0, packedBytesMax: 0, hashMaxListpackEntries: 1, setMaxIntsetEntries: 1 },
  ...{ zsetMaxListpackEntries: 1, listMaxListpackSize: 3, streamNodeMaxEntries: 2 },
};

function open(build: Build, options = {}): TestKernel {
  const kernel = openKernel(build, options);
  kernel.flags = abi.CALL_SLOW | abi.CALL_INTERNAL | abi.CALL_ALL;
  return kernel;
}

/** Type byte and body of each value, nothing in them packed: a damaged byte then is a damaged length or element. */
function bodies(build: Build): Buffer[] {
  const kernel = open(build);
  const own = [...MADE, ...OWN].map((made) => {
    for (const command of commandsFor(made, 'k')) kernel.call(...command);
    const image = decode(kernel.call('\0IMAGE', 'k'), { binary: true }) as Buffer;
    kernel.call('DEL', 'k');
    const body = image.subarray(IMAGE_HEADER_BYTES);
    // A string's image holds its bytes as they are.
    if (image[0] !== 0) return Buffer.concat([image.subarray(0, 1), body]);
    const payload = decode(kernel.call('SET', 'k', body) && kernel.call('DUMP', 'k'), { binary: true }) as Buffer;
    kernel.call('DEL', 'k');
    return payload.subarray(0, -10);
  });
  const old = OLD.map(({ body }) => body);
  return [...own, ...old].filter(({ length }) => length < 20_000);
}

const EDGES = [
  0, 1, 2, 3, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc1, 0xc2, 0xc3, 0xe0, 0xef, 0xf0, 0xf1, 0xf4, 0xfe, 0xff,
];

function damage(body: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(body);
  for (let i = random.pick([0, 1, 1, 1, 2, 3, 8]); i > 0; i--) {
    // Most of what decides anything stands in front.
    const at = random.below(random.oneIn(3) ? Math.min(bytes.length, 24) : bytes.length) || 0;
    const end = Math.min(at + random.pick([1, 1, 2, 4, 8, 30]), bytes.length);
    const head = bytes.subarray(0, at);
    switch (random.below(8)) {
      case 0:
        bytes[at] ^= 1 << random.below(8);
        break;
      case 1:
        bytes[at] = random.pick(EDGES);
        break;
      case 2:
        bytes[at] = random.below(256);
        break;
      case 3:
        bytes = Buffer.concat([head, bytes.subarray(end)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
        break;
      case 5:
        bytes = Buffer.concat([head, random.bytes(random.below(6)), bytes.subarray(at)]);
        break;
      case 6: {
        const other = random.pick(others);
        bytes = Buffer.concat([head, other.subarray(random.below(other.length))]);
        break;
      }
      default:
        bytes = Buffer.from(bytes.subarray(0, random.oneIn(2) ? bytes.length - 1 : at));
    }
    if (bytes.length === 0) break;
  }
  if (random.oneIn(12) && bytes.length > 0) bytes[0] = random.pick([random.below(22), random.below(256), 201]);
  return bytes;
}

const k = 'k';
/** What is done to a value of each type, whatever it holds. */
const WORK: Record<string, readonly Arg[][]> = {
  string: [
    ['GET', k],
    ['STRLEN', k],
    ['GETRANGE', k, 3, -2],
    ['PFCOUNT', k],
    ['PFADD', k, 'a', 'b'],
    ['PFMERGE', k, k],
    ['PFDEBUG', 'DECODE', k],
    ['INCR', k],
    ['SETRANGE', k, 7, 'xyz'],
    ['APPEND', k, 'tail'],
    ['SETBIT', k, 77, 1],
    ['BITCOUNT', k],
    ['PFDEBUG', 'GETREG', k],
  ],
  list: [
    ['LRANGE', k, 0, -1],
    ['LLEN', k],
    ['LINDEX', k, -2],
    ['LPOS', k, 'a', 'COUNT', 0],
    ['LINSERT', k, 'BEFORE', 'a', 'x'],
    ['LPUSH', k, 'p', 12],
    ['RPUSH', k, 'q', 'long'.repeat(40)],
    ['LSET', k, 0, '-17'],
    ['LREM', k, 0, '12'],
    ['LPOP', k, 2],
    ['RPOP', k],
    ['LTRIM', k, 1, -2],
    ['LMOVE', k, k, 'LEFT', 'RIGHT'],
    ['SORT', k, 'ALPHA'],
  ],
  set: [
    ['SMEMBERS', k],
    ['SCARD', k],
    ['SISMEMBER', k, 'a'],
    ['SADD', k, 'p', 7, '70000000000'],
    ['SRANDMEMBER', k, -5],
    ['SRANDMEMBER', k, 3],
    ['SSCAN', k, 0],
    ['SREM', k, 'p', 'a', 1],
    ['SUNION', k, k],
    ['SINTERCARD', 2, k, k],
    ['SDIFFSTORE', 'other', k, 'none'],
    ['SPOP', k, 2],
    ['SMOVE', k, 'other', '7'],
  ],
  zset: [
    ['ZRANGE', k, 0, -1, 'WITHSCORES'],
    ['ZCARD', k],
    ['ZSCORE', k, 'a'],
    ['ZRANK', k, 'a'],
    ['ZADD', k, 5, 'p', '-inf', 'q', 1e-7, 'a'],
    ['ZINCRBY', k, 3, 'p'],
    ['ZRANGEBYSCORE', k, '-inf', '(7'],
    ['ZREVRANGEBYLEX', k, '+', '-'],
    ['ZCOUNT', k, 0, 'inf'],
    ['ZRANDMEMBER', k, 3],
    ['ZSCAN', k, 0],
    ['ZPOPMIN', k, 2],
    ['ZPOPMAX', k],
    ['ZREMRANGEBYRANK', k, 1, 2],
    ['ZUNIONSTORE', 'other', 2, k, k],
    ['ZREM', k, 'p'],
  ],
  hash: [
    ['HGETALL', k],
    ['HLEN', k],
    ['HGET', k, 'f'],
    ['HSET', k, 'f', 'new', 'p', 'q'.repeat(80)],
    ['HINCRBY', k, 'n', 5],
    ['HRANDFIELD', k, 3, 'WITHVALUES'],
    ['HSCAN', k, 0],
    ['HSTRLEN', k, 'p'],
    ['HEXPIRE', k, 100, 'FIELDS', 1, 'f'],
    ['HDEL', k, 'f', 'g', '17'],
    ['HKEYS', k],
    ['HPERSIST', k, 'FIELDS', 1, 'n'],
  ],
  stream: [
    ['XLEN', k],
    ['XRANGE', k, '-', '+'],
    ['XREVRANGE', k, '+', '-', 'COUNT', 3],
    ['XINFO', 'STREAM', k, 'FULL'],
    ['XINFO', 'GROUPS', k],
    ['XPENDING', k, 'g'],
    ['XPENDING', k, 'g', '-', '+', 10],
    ['XADD', k, '*', 'f', 'v'],
    ['XADD', k, '18446744073709551615-18446744073709551615', 'f', 'v'],
    ['XREADGROUP', 'GROUP', 'g', 'carol', 'COUNT', 5, 'STREAMS', k, '>'],
    ['XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', k, 0],
    ['XAUTOCLAIM', k, 'g', 'dave', 0, 0],
    ['XCLAIM', k, 'g', 'eve', 0, '1-1', '7-1'],
    ['XACK', k, 'g', '2-1'],
    ['XDEL', k, '4-1', '1-0'],
    ['XGROUP', 'CREATE', k, 'new', '$'],
    ['XGROUP', 'DELCONSUMER', k, 'g', 'bob'],
    ['XTRIM', k, 'MAXLEN', 2],
    ['XGROUP', 'DESTROY', k, 'g'],
  ],
};
const ALWAYS: readonly Arg[][] = [
  ['OBJECT', 'ENCODING', k],
  ['MEMORY', 'USAGE', k],
  ['COPY', k, 'copy', 'REPLACE'],
  ['TYPE', 'copy'],
  ['EXPIREAT', k, 4102444800],
  ['RENAME', 'copy', 'copied'],
  ['SORT', k],
  ['DEL', 'copied'],
];

function call(kernel: TestKernel, command: readonly Arg[]): string {
  const reply = kernel.call(...command).toString('latin1');
  if (reply === '') throw new Error(`no reply to ${command.join(' ')}`);
  return reply;
}

/** Works on the value under k, which a payload has just made. */
function work(kernel: TestKernel, random: Random): void {
  const type = call(kernel, ['TYPE', k]).slice(1, -2);
  const before = kernel.shard.calls.digest(kernel.shard.window, 0);
  const again = decode(kernel.call('DUMP', k), { binary: true }) as Buffer;
  expect(call(kernel, ['RESTORE', k, 0, again, 'REPLACE'])).toBe('+OK\r\n');
  expect(kernel.shard.calls.digest(kernel.shard.window, 0), 'dumped and restored').toBe(before);
  const image = decode(kernel.call('\0IMAGE', k), { binary: true }) as Buffer;
  expect(call(kernel, ['\0GUEST', 'guest', image])).toBe('+OK\r\n');
  expect(call(kernel, ['TYPE', 'guest'])).toBe(`+${type}\r\n`);
  kernel.shard.calls.guestsClear();
  for (const command of random.shuffled([...WORK[type], ...ALWAYS])) call(kernel, command);
}

describe.each(BUILDS)('damaged payloads, $memory $mode', (build) => {
  const seed = runSeed('tests/fuzz/restore.test.ts');

  it.each([
    { form: 'as they come', limits: {} },
    { form: 'into large forms', limits: SCALABLE },
  ])('are refused, or make sound values: $form', ({ limits }) => {
    const whole = bodies(build);
    expect(whole.length).toBeGreaterThan(40);
    const kernel = open(build, { logBytes: 1 << 20 }).logOn();
    setLimits(kernel, limits);
    const used = kernel.shard.calls.usedBytes();
    const outcomes = { refused: 0, sound: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const random = new Random(deriveSeed(seed, round));
      const body = damage(random.pick(whole), whole, random);
      const context = `LATCHKEY_SEED=${seed}, round ${round}: ${body.toString('hex').slice(0, 400)}`;
      try {
        const reply = call(kernel, ['RESTORE', k, 0, payloadOf(body)]);
        if (reply === '+OK\r\n') {
          outcomes.sound++;
          expect(kernel.check(), 'integrity after RESTORE').toBe(0);
          work(kernel, random);
          expect(kernel.check(), 'integrity after the work').toBe(0);
        } else {
          outcomes.refused++;
          expect(reply).toBe('-ERR Bad data format\r\n');
        }
        call(kernel, ['FLUSHALL']);
        kernel.dropLog();
        while (kernel.shard.calls.reclaim(1000) !== 0);
        expect(kernel.shard.calls.usedBytes(), 'bytes in use').toBe(used);
      } catch (error) {
        throw new Error(`${context}: ${(error as Error).message}`, { cause: error });
      }
    }
    expect(kernel.shard.calls.usedBytes()).toBe(used);
    expect(kernel.shard.memory.buffer.byteLength).toBeLessThan(COMMITTED_MAX);
    expect(outcomes.refused).toBeGreaterThan(ROUNDS / 20);
    expect(outcomes.sound).toBeGreaterThan(ROUNDS / 20);
  });

  it('without memory are refused, and leave nothing', () => {
    // A ring so small that most records need a chunk, too.
    const kernel = open(build, { logBytes: 4096 }).logOn();
    const used = kernel.shard.calls.usedBytes();
    let failures = 0;
    for (const body of bodies(build)) {
      const payload = payloadOf(body);
      for (let n = 1; ; n += n > 40 ? 13 : 1) {
        kernel.failIn(n);
        const reply = call(kernel, ['RESTORE', k, 0, payload]);
        const met = kernel.failLeft() === 0;
        kernel.failIn(0);
        if (reply === '+OK\r\n') {
          expect(kernel.check()).toBe(0);
          call(kernel, ['FLUSHALL']);
        } else {
          failures++;
          expect(reply.slice(0, 4)).toBe('-OOM');
        }
        kernel.dropLog();
        // Room that was reserved and not used goes with the last that is read.
        kernel.shard.calls.logConsume(0);
        while (kernel.shard.calls.reclaim(1000) !== 0);
        expect([kernel.check(), kernel.shard.calls.usedBytes()]).toEqual([0, used]);
        if (!met) break;
      }
    }
    expect(failures).toBeGreaterThan(100);
    expect(kernel.counter(REFUSED)).toBe(0);
  });
});
