// Payloads that claim to be hashes: those that are whole become what they say, in whatever form fits; those that are not
// are refused, and leave nothing behind.
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../support/crc64.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { rdbLength, rdbString } from '../support/old-encodings.js';
import { decode } from '../support/resp-client.js';
import { Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const NOW = 1_700_000_000_000;
const BAD = '-ERR Bad data format\r\n';
const NONE = 2n ** 64n - 1n;

const u64 = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};
/** Type 4, or 201 when there are deadlines (`flags` its first byte). */
function pairsBody(pairs: [string, string, bigint?][], timed = false, flags = 0): Buffer {
  return Buffer.concat([
    Buffer.from(timed ? [201, flags] : [4]),
    rdbLength(pairs.length),
    ...pairs.flatMap(([field, value, deadline = NONE]) => [
      ...(timed ? [u64(deadline)] : []),
      rdbString(Buffer.from(field)),
      rdbString(Buffer.from(value)),
    ]),
  ]);
}
/** Type 16: a listpack of short strings, unless `damage` does something to it. */
function listpackBody(elements: string[], damage: (listpack: Buffer) => Buffer = (whole) => whole): Buffer {
  const parts = elements.map((text) =>
    Buffer.concat([Buffer.from([0x80 | text.length]), Buffer.from(text), Buffer.from([text.length + 1])]),
  );
  const data = Buffer.concat(parts);
  const listpack = Buffer.concat([Buffer.alloc(6), data, Buffer.from([0xff])]);
  listpack.writeUInt32LE(listpack.length);
  listpack.writeUInt16LE(elements.length, 4);
  return Buffer.concat([Buffer.from([16]), rdbString(damage(listpack))]);
}
const restore = (kernel: TestKernel, body: Buffer, key = 'h') => kernel.text('RESTORE', key, '0', payloadOf(body));
const content = (kernel: TestKernel, key = 'h') => {
  const flat = decode(kernel.call('HGETALL', key)) as string[];
  return Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
};
const encoding = (kernel: TestKernel, key = 'h') => decode(kernel.call('OBJECT', 'ENCODING', key));

describe.each(BUILDS)('hash payloads, $memory $mode', (build) => {
  const open = () => {
    const kernel = openKernel(build, { logBytes: 1 << 20 });
    kernel.now = NOW;
    return kernel;
  };

  it('that are whole become hashes in the form that their size asks for', () => {
    const k = open();
    expect(
      restore(
        k,
        pairsBody([
          ['a', '1'],
          ['b', 'x'],
        ]),
      ),
    ).toBe('+OK\r\n');
    expect([content(k), encoding(k)]).toEqual([{ a: '1', b: 'x' }, 'listpack']);
    expect(restore(k, pairsBody([['a', 'x'.repeat(65)]]), 'long')).toBe('+OK\r\n');
    expect(encoding(k, 'long')).toBe('hashtable');
    const many = Array.from({ length: 600 }, (_, i): [string, string] => [`f${i}`, String(i)]);
    expect(restore(k, pairsBody(many), 'many')).toBe('+OK\r\n');
    expect([content(k, 'many'), encoding(k, 'many')]).toEqual([Object.fromEntries(many), 'hashtable']);
    expect(restore(k, listpackBody(['a', '1', 'b', '2']), 'lp')).toBe('+OK\r\n');
    expect([content(k, 'lp'), encoding(k, 'lp')]).toEqual([{ a: '1', b: '2' }, 'listpack']);
    expect(restore(k, listpackBody(many.flat()), 'big lp')).toBe('+OK\r\n');
    expect([content(k, 'big lp'), encoding(k, 'big lp')]).toEqual([Object.fromEntries(many), 'hashtable']);
    expect(
      restore(
        k,
        pairsBody(
          [
            ['a', '1', BigInt(NOW + 5000)],
            ['b', '2'],
          ],
          true,
        ),
        'timed',
      ),
    ).toBe('+OK\r\n');
    expect(k.text('HPTTL', 'timed', 'FIELDS', '2', 'a', 'b')).toBe('*2\r\n:5000\r\n:-1\r\n');
    expect(encoding(k, 'timed')).toBe('listpackex');
    expect(restore(k, pairsBody([['a', '1', BigInt(NOW + 5000)]], true, 1), 'large')).toBe('+OK\r\n');
    expect(encoding(k, 'large')).toBe('hashtable');
    expect(k.check()).toBe(0);
    k.now += 5001;
    k.expire(1000);
    expect(content(k, 'timed')).toEqual({ b: '2' });
    expect(k.text('EXISTS', 'large')).toBe(':0\r\n');
    expect(k.check()).toBe(0);
  });

  it('of fields whose time has come are taken, and their fields are invisible', () => {
    const k = open();
    expect(
      restore(
        k,
        pairsBody(
          [
            ['a', '1', 1n],
            ['b', '2', 2n],
          ],
          true,
        ),
      ),
    ).toBe('+OK\r\n');
    expect(k.text('HLEN', 'h')).toBe(':0\r\n');
    expect(k.text('EXISTS', 'h')).toBe(':0\r\n');
    expect(k.check()).toBe(0);
  });

  it('go out and come in again as they were, deadlines and all', () => {
    const k = open();
    k.call('HSET', 'h', 'a', '1', 'b', 'x'.repeat(300), 'c', '-9223372036854775808');
    k.call('HEXPIRE', 'h', '100', 'FIELDS', '2', 'a', 'c');
    const payload = decode(k.call('DUMP', 'h'), { binary: true }) as Buffer;
    const digest = () => BigInt.asUintN(64, k.shard.calls.digest(k.shard.window, 0));
    const before = digest();
    k.call('DEL', 'h');
    expect(k.text('RESTORE', 'h', '0', payload)).toBe('+OK\r\n');
    expect(digest()).toBe(before);
    expect(encoding(k)).toBe('hashtable');
    k.call('COPY', 'h', 'copy');
    expect(k.text('HTTL', 'copy', 'FIELDS', '3', 'a', 'b', 'c')).toBe('*3\r\n:100\r\n:-1\r\n:100\r\n');
    k.call('HPERSIST', 'h', 'FIELDS', '2', 'a', 'c');
    k.call('HDEL', 'h', 'b');
    k.call('COPY', 'h', 'again');
    expect(content(k, 'again')).toEqual({ a: '1', c: '-9223372036854775808' });
    k.now += 200_000;
    k.expire(1000);
    expect(k.text('HLEN', 'copy')).toBe(':1\r\n');
    expect(k.check()).toBe(0);
  });

  it('that hold a field twice, no field, or not what they say are refused', () => {
    const k = open();
    const before = k.shard.calls.usedBytes();
    const many = Array.from({ length: 600 }, (_, i): [string, string] => [`f${i}`, String(i)]);
    const bodies: Record<string, Buffer> = {
      'no pairs': pairsBody([]),
      'no pairs, timed': pairsBody([], true),
      'a field twice': pairsBody([
        ['a', '1'],
        ['b', '2'],
        ['a', '1'],
      ]),
      'a field twice among many': pairsBody([...many, ['f300', 'x']]),
      'a field twice, timed': pairsBody(
        [
          ['a', '1', BigInt(NOW + 1)],
          ['a', '1', BigInt(NOW + 1)],
        ],
        true,
      ),
      'a field twice whose time has come': pairsBody(
        [
          ['a', '1', 1n],
          ['a', '1', 1n],
        ],
        true,
      ),
      'a deadline beyond all time': pairsBody([['a', '1', 2n ** 63n]], true),
      'an unknown flag': pairsBody([['a', '1', 5n]], true, 2),
      'more pairs said than there are': Buffer.concat([
        Buffer.from([4]),
        rdbLength(3),
        rdbString(Buffer.from('a')),
        rdbString(Buffer.from('b')),
      ]),
      'a count beyond the bytes': Buffer.concat([Buffer.from([4]), Buffer.from([0x81, 0, 0, 0, 1, 0, 0, 0, 0])]),
      'an empty listpack': listpackBody([]),
      'a listpack with half a pair': listpackBody(['a', '1', 'b']),
      'a listpack with a field twice': listpackBody(['a', '1', 'b', '2', 'a', '3']),
      'a large listpack with a field twice': listpackBody([...many.flat(), 'f7', 'x']),
      'a listpack cut short': listpackBody(['a', '1'], (whole) => whole.subarray(0, whole.length - 1)),
      'a listpack with a wrong count': listpackBody(['a', '1'], (whole) => {
        whole[4] = 4;
        return whole;
      }),
    };
    for (const [name, body] of Object.entries(bodies)) {
      expect([name, restore(k, body)]).toEqual([name, BAD]);
      expect([name, k.check()]).toEqual([name, 0]);
      expect(k.text('EXISTS', 'h')).toBe(':0\r\n');
    }
    // A large table that was refused in the end goes in slices, as any does.
    while (k.shard.calls.reclaim(1000) !== 0);
    expect(k.shard.calls.usedBytes()).toBe(before);
  });

  it('that were damaged behind a right checksum never trap, and what is taken is sound', () => {
    const seed = runSeed('tests/unit/hash-payloads.test.ts');
    const random = new Random(seed);
    const k = open();
    const bodies = [
      pairsBody([
        ['a', '1'],
        ['field', 'value'.repeat(10)],
        ['n', '12345'],
      ]),
      listpackBody(['a', '1', 'field', 'value', 'b', '']),
      pairsBody(
        [
          ['a', '1', BigInt(NOW + 5000)],
          ['b', '2', 1n],
          ['c', 'x'.repeat(70)],
        ],
        true,
      ),
    ];
    let taken = 0;
    for (let i = 0; i < 3000; i++) {
      const body = Buffer.from(random.pick(bodies));
      for (let n = random.between(1, 3); n > 0; n--) body[random.between(1, body.length - 1)] = random.below(256);
      const cut = random.oneIn(4) ? body.subarray(0, random.between(1, body.length)) : body;
      setLimits(
        k,
        random.oneIn(2)
          ? { hashMaxListpackEntries: 0, packedEntriesMax: 0 }
          : { hashMaxListpackEntries: 512, packedEntriesMax: 128 },
      );
      const reply = restore(k, cut);
      if (reply === '+OK\r\n') taken++;
      else expect(reply).toBe(BAD);
      expect([i, seed, k.check()]).toEqual([i, seed, 0]);
      k.call('HGETALL', 'h');
      k.call('DEL', 'h');
    }
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(2900);
  });
});
