// Sorted sets by hand: the shapes of replies, what a full memory leaves behind, payloads of every age, large ones that go
// away or move, and a rank that is found as fast among a million as among a few.
import { describe, expect, it } from 'vitest';
import { CALL_INTERNAL, CALL_SLOW } from '../../host/kernel/abi.js';
import { payloadOf } from '../support/crc64.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { type Limit, setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const FORMS: { form: string; limits: Partial<Record<Limit, number>> }[] = [
  { form: 'packed', limits: {} },
  { form: 'packed though large', limits: { zsetMaxListpackEntries: 0 } },
  { form: 'a tree', limits: { zsetMaxListpackEntries: 0, packedEntriesMax: 0 } },
];
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

const short = (length: number): Buffer => Buffer.from(length < 64 ? [length] : [0x40 | (length >> 8), length & 255]);
const string = (text: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([short(bytes.length), bytes]);
};
const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const payload = (type: number, ...parts: Uint8Array[]): Buffer =>
  payloadOf(Buffer.concat([Buffer.from([type]), ...parts]));

/** A listpack of short texts, none of them made an integer. */
function listpack(...texts: string[]): Buffer {
  const elements = texts.map((text) =>
    Buffer.concat([Buffer.from([0x80 | text.length]), Buffer.from(text), Buffer.from([text.length + 1])]),
  );
  const body = Buffer.concat([...elements, Buffer.from([0xff])]);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(6 + body.length);
  head.writeUInt16LE(texts.length, 4);
  return Buffer.concat([head, body]);
}

/** A ziplist of short texts. */
function ziplist(...texts: string[]): Buffer {
  let before = 0;
  let at = 10;
  let tail = 10;
  const entries = texts.map((text) => {
    const entry = Buffer.concat([Buffer.from([before, text.length]), Buffer.from(text)]);
    tail = at;
    at += entry.length;
    before = entry.length;
    return entry;
  });
  const head = Buffer.alloc(10);
  head.writeUInt32LE(at + 1);
  head.writeUInt32LE(tail, 4);
  head.writeUInt16LE(texts.length, 8);
  return Buffer.concat([head, ...entries, Buffer.from([0xff])]);
}

const range = (kernel: TestKernel, key: string) =>
  kernel
    .text('ZRANGE', key, 0, -1, 'WITHSCORES')
    .split('\r\n')
    .filter((_, i) => i > 0 && i % 2 === 0)
    .join(' ');

describe.each(BUILDS)('sorted sets by hand, $memory $mode', (build) => {
  const seed = runSeed('tests/unit/zsets.test.ts');

  describe.each(FORMS)('$form', ({ limits }) => {
    const open = () => {
      const kernel = openKernel(build, { logBytes: 1 << 20 });
      setLimits(kernel, limits);
      return kernel;
    };

    it('replies in the shapes of both protocols', () => {
      const k = open();
      k.call('ZADD', 'z', '1', 'a', '2.5', 'b');
      expect(k.text('ZRANGE', 'z', 0, -1, 'WITHSCORES')).toBe('*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$3\r\n2.5\r\n');
      expect(k.text('ZMPOP', 1, 'z', 'MAX')).toBe('*2\r\n$1\r\nz\r\n*1\r\n*2\r\n$1\r\nb\r\n$3\r\n2.5\r\n');
      k.call('ZADD', 'z', '2.5', 'b');
      k.proto = 3;
      expect(k.text('ZRANGE', 'z', 0, -1, 'WITHSCORES')).toBe('*2\r\n*2\r\n$1\r\na\r\n,1\r\n*2\r\n$1\r\nb\r\n,2.5\r\n');
      expect(k.text('ZSCORE', 'z', 'b')).toBe(',2.5\r\n');
      expect(k.text('ZRANK', 'z', 'b', 'WITHSCORE')).toBe('*2\r\n:1\r\n,2.5\r\n');
      expect(k.text('ZRANK', 'z', 'none', 'withscore')).toBe('_\r\n');
      expect(k.text('ZREVRANK', 'z', 'b', 'WITHSCORES')).toBe(
        "-ERR wrong number of arguments for 'zrevrank' command\r\n",
      );
      expect(k.text('ZPOPMIN', 'z')).toBe('*2\r\n$1\r\na\r\n,1\r\n');
      expect(k.text('ZPOPMIN', 'z', 1)).toBe('*1\r\n*2\r\n$1\r\nb\r\n,2.5\r\n');
      expect(k.text('EXISTS', 'z')).toBe(':0\r\n');
    });

    it('reads what it has dumped, and dumps the same again', () => {
      const k = open();
      const random = new Random(deriveSeed(seed, 1));
      for (let i = 0; i < 60; i++) k.call('ZADD', 'z', random.between(-50, 50) / 8, `m${random.below(90)}`);
      k.call('ZADD', 'z', 'inf', '', '-inf', '17', '1e300', '-9223372036854775808');
      const dump = k.call('DUMP', 'z');
      const bytes = dump.subarray(dump.indexOf('\r\n') + 2, dump.length - 2);
      expect(k.text('RESTORE', 'y', 0, bytes)).toBe('+OK\r\n');
      expect(range(k, 'y')).toBe(range(k, 'z'));
      expect(k.call('DUMP', 'y')).toEqual(dump);
      expect(k.check()).toBe(0);
    });

    it('reads the forms of older versions', () => {
      const k = open();
      const old = [
        short(3),
        string('a'),
        string('1.5'),
        string('b'),
        Buffer.from([255]),
        string('c'),
        Buffer.from([254]),
      ];
      expect(k.text('RESTORE', 'old', 0, payload(3, ...old))).toBe('+OK\r\n');
      expect(range(k, 'old')).toBe('b -inf a 1.5 c inf');
      expect(k.text('RESTORE', 'lp', 0, payload(17, string(listpack('b', '2', 'a', '2', 'c', '-1e3'))))).toBe(
        '+OK\r\n',
      );
      expect(range(k, 'lp')).toBe('c -1000 a 2 b 2');
      expect(k.text('RESTORE', 'zl', 0, payload(12, string(ziplist('b', '2', 'a', '0.1'))))).toBe('+OK\r\n');
      expect(range(k, 'zl')).toBe('a 0.10000000000000001 b 2');
      expect(k.check()).toBe(0);
    });

    it('refuses payloads that are none', () => {
      const k = open();
      const used = () => k.shard.calls.usedBytes();
      k.call('SET', 'warm', 'up');
      const before = used();
      const bad = [
        payload(5, short(0)),
        payload(5, short(2), string('a'), double(1), string('a'), double(2)),
        payload(5, short(1), string('a'), double(Number.NaN)),
        payload(5, short(2), string('a'), double(1)),
        payload(3, short(1), string('a'), Buffer.from([253])),
        payload(3, short(1), string('a'), string('x')),
        payload(3, short(1), string('a'), Buffer.from([0])),
        payload(17, string(listpack())),
        payload(17, string(listpack('a'))),
        payload(17, string(listpack('a', 'x'))),
        payload(17, string(listpack('a', 'nan'))),
        payload(17, string(listpack('a', '1', 'a', '2'))),
        payload(17, string(listpack('a', '1').subarray(1))),
        payload(12, string(ziplist('a'))),
        payload(12, string(ziplist('a', '1', 'a', '1'))),
        payload(12, string(ziplist('a', '1').subarray(0, 12))),
      ];
      for (const bytes of bad)
        expect([bytes.toString('hex'), k.text('RESTORE', 'bad', 0, bytes)]).toEqual([
          bytes.toString('hex'),
          '-ERR Bad data format\r\n',
        ]);
      expect(bad.length).toBe(16);
      expect(k.text('EXISTS', 'bad')).toBe(':0\r\n');
      expect(used()).toBe(before);
      expect(k.check()).toBe(0);
    });

    it('leaves everything as it was when any request for memory fails', () => {
      const commands: (string | number)[][] = [
        ['ZADD', 'z', 3, 'new'],
        ['ZADD', 'z', 3, 'x'.repeat(3000)],
        ['ZADD', 'z', 77, 'm3'],
        ['ZADD', 'fresh', 1, 'a'],
        ['ZADD', 'fresh', ...Array.from({ length: 40 }, (_, i) => [i, `f${i}`]).flat()],
        ['ZINCRBY', 'z', 50, 'm2'],
        ['ZUNIONSTORE', 'd', 2, 'z', 'y'],
        ['ZINTERSTORE', 'd', 2, 'z', 'y'],
        ['ZDIFFSTORE', 'z', 2, 'z', 'y'],
        ['ZRANGESTORE', 'd', 'z', 0, -1],
        ['ZUNION', 2, 'z', 'y'],
      ];
      let failures = 0;
      for (const command of commands) {
        for (let n = 1; n < 200; n++) {
          const k = open().logOn();
          // Forty members fill the first leaf but for one.
          k.call('ZADD', 'z', ...Array.from({ length: 40 }, (_, i) => [i / 4, `m${i}`]).flat());
          k.call('ZADD', 'y', ...Array.from({ length: 30 }, (_, i) => [i, `m${i + 20}`]).flat());
          takeLog(k);
          const before = digestOf(k);
          k.failIn(n);
          const reply = k.text(...command);
          const failed = k.failLeft() === 0;
          k.failIn(0);
          expect(k.check(), `${command[0]} ${n}`).toBe(0);
          if (!failed) break;
          if (reply !== OOM) continue; // it found another way
          failures++;
          expect(digestOf(k), `${command[0]} ${n}`).toBe(before);
          expect(takeLog(k).commands).toEqual([]);
          k.text(...command);
          expect(k.check()).toBe(0);
        }
      }
      expect(failures).toBeGreaterThan(commands.length);
    });

    it('logs what it did, so that a second kernel holds the same', () => {
      const k = open().logOn();
      const second = open();
      k.call('ZADD', 'z', 1, 'a', 2, 'b', 3, 'c', 4, 'd');
      k.call('ZINCRBY', 'z', 0.1, 'a');
      k.call('ZADD', 'z', 'NX', 9, 'a');
      k.call('ZMPOP', 2, 'none', 'z', 'MAX');
      k.call('ZUNIONSTORE', 'd', 1, 'z');
      k.call('ZINTERSTORE', 'd', 2, 'z', 'none');
      const log = takeLog(k);
      expect(log.commands.map((words) => words.map(String).join(' '))).toEqual([
        'ZADD z 1 a 2 b 3 c 4 d',
        'ZINCRBY z 0.1 a',
        'ZPOPMAX z 1',
        'ZUNIONSTORE d 1 z',
        'DEL d',
      ]);
      replayLog(log, second);
      expect(digestOf(second)).toBe(digestOf(k));
    });
  });

  it('results that other shards took part in are logged by value', () => {
    const k = openKernel(build, { logBytes: 1 << 20 }).logOn();
    const other = openKernel(build);
    const second = openKernel(build);
    for (const kernel of [k, other]) kernel.flags = CALL_SLOW | CALL_INTERNAL;
    other.call('ZADD', 'far', 0.1, 'a', 'inf', '17', -2, 'x');
    other.call('SADD', 'set', ...Array.from({ length: 40 }, (_, i) => i));
    k.call('ZADD', 'near', 1, 'a');
    takeLog(k);
    for (const key of ['far', 'set']) {
      const image = other.call('\0IMAGE', key);
      expect(k.text('\0GUEST', key, image.subarray(image.indexOf('\r\n') + 2, image.length - 2))).toBe('+OK\r\n');
    }
    expect(k.text('ZUNIONSTORE', 'd', 2, 'near', 'far')).toBe(':3\r\n');
    expect(k.text('ZUNIONSTORE', 'e', 2, 'far', 'set', 'WEIGHTS', 1, 2)).toBe(':42\r\n');
    expect(k.text('ZRANGESTORE', 'f', 'far', 0, 1)).toBe(':2\r\n');
    k.shard.calls.guestsClear();
    const log = takeLog(k);
    const lines = log.commands.map((words) => words.map(String).join(' '));
    expect(lines.slice(0, 2)).toEqual(['DEL d', 'ZADD d -2 x 1.1000000000000001 a inf 17']);
    expect(lines.filter((line) => line.startsWith('ZADD e')).length).toBe(3);
    expect(lines.slice(-2)).toEqual(['DEL f', 'ZADD f -2 x 0.10000000000000001 a']);
    replayLog(log, second);
    k.call('DEL', 'near');
    expect(digestOf(second)).toBe(digestOf(k));
  });

  it('a large set is gone at once and its memory comes back in slices', () => {
    const k = openKernel(build);
    k.call('SET', 'warm', 'up');
    const before = k.shard.calls.usedBytes();
    for (let i = 0; i < 20_000; i += 500)
      k.call('ZADD', 'z', ...Array.from({ length: 500 }, (_, j) => [(i + j) % 977, `member:${i + j}`]).flat());
    const bytes = Number(k.text('MEMORY', 'USAGE', 'z').slice(1));
    // It adds the key's share of the keyspace's table.
    expect(Math.abs(k.shard.calls.usedBytes() - before - bytes)).toBeLessThan(5000);
    // Redis takes 90 bytes and more for such a member.
    expect(bytes / 20_000).toBeLessThan(72);
    expect(k.text('DEL', 'z')).toBe(':1\r\n');
    let slices = 0;
    while (k.shard.calls.reclaim(256) !== 0) slices++;
    expect(slices).toBeGreaterThan(50);
    expect(k.shard.calls.usedBytes()).toBeLessThanOrEqual(before + 4096);
    expect(k.check()).toBe(0);
  });

  it('blocks of a thinned set move together, and nothing else about it changes', () => {
    const k = openKernel(build);
    const random = new Random(deriveSeed(seed, 2));
    const members = Array.from({ length: 20_000 }, (_, i) => `member:${i}`);
    for (let i = 0; i < members.length; i += 500)
      k.call('ZADD', 'z', ...members.slice(i, i + 500).flatMap((member) => [random.below(5000), member]));
    const gone = random.shuffled(members).slice(0, 19_000);
    for (let i = 0; i < gone.length; i += 500) k.call('ZREM', 'z', ...gone.slice(i, i + 500));
    const before = digestOf(k);
    const wanted = k.text('ZRANGE', 'z', 0, -1, 'WITHSCORES');
    const { calls } = k.shard;
    const sparse = calls.sparseBytes();
    for (let pass = 0; pass < 3; pass++) {
      while (calls.defrag(100) !== 0) {
        if (random.oneIn(3)) k.call('ZADD', 'z', random.below(5000), random.pick(gone));
        if (random.oneIn(3)) k.call('ZREM', 'z', random.pick(gone));
      }
      k.call('ZREM', 'z', ...gone.slice(0, 9_500));
      k.call('ZREM', 'z', ...gone.slice(9_500));
      expect(k.check()).toBe(0);
    }
    expect(calls.sparseBytes()).toBeLessThan(sparse / 4);
    expect(k.text('ZRANGE', 'z', 0, -1, 'WITHSCORES')).toBe(wanted);
    expect(digestOf(k)).toBe(before);
  });

  it('a rank is found as fast in a large set as in a small one', () => {
    const count = build.mode === 'release' ? (process.env.LATCHKEY_TEST_LONG ? 1_000_000 : 200_000) : 20_000;
    const k = openKernel(build);
    for (let i = 0; i < count; i += 1000)
      k.feedAll([
        ['ZADD', 'large', ...Array.from({ length: 1000 }, (_, j) => [((i + j) * 7919) % count, `m${i + j}`]).flat()],
      ]);
    k.call('ZADD', 'small', ...Array.from({ length: 200 }, (_, i) => [i, `m${i}`]).flat());
    const random = new Random(deriveSeed(seed, 3));
    const time = (key: string, span: number) => {
      const commands = Array.from({ length: 2000 }, () => ['ZRANK', key, `m${random.below(span)}`]);
      k.feedAll(commands.slice(0, 200));
      const start = performance.now();
      k.feedAll(commands);
      return performance.now() - start;
    };
    const [large, small] = [time('large', count), time('small', 200)];
    for (let i = 0; i < 50; i++) {
      const n = random.below(count);
      expect(k.text('ZRANK', 'large', `m${n}`)).toBe(`:${(n * 7919) % count}\r\n`);
    }
    // A walk over the members would be hundreds of times slower.
    expect(large).toBeLessThan(small * 20 + 50);
    expect(k.check()).toBe(0);
  });
});
