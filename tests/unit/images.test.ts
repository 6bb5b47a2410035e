// How values travel between shards: images out, images in for good (PUT) or for one command (GUEST). What arrives is
// what left, down to how OBJECT sees it.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

/** The bytes of a bulk reply, undefined for null. */
function bulk(reply: Buffer): Buffer | undefined {
  if (reply[1] === 0x2d) return undefined;
  const start = reply.indexOf('\n') + 1;
  return reply.subarray(start, reply.length - 2);
}

const internal = (kernel: TestKernel) => {
  kernel.flags |= abi.CALL_INTERNAL | abi.CALL_ALL;
  return kernel;
};
const digest = (kernel: TestKernel) => kernel.shard.calls.digest(kernel.shard.window, kernel.db);

describe.each(BUILDS)('images, $memory $mode', (build) => {
  it('carry every kind of string with its deadline, and make the same keyspace', () => {
    const from = internal(openKernel(build));
    const to = internal(openKernel(build, { seed: 77 }));
    const keys = ['', 'a', '\0key', 'w'.repeat(65535)];
    for (let i = 0; i < 40; i++) keys.push(`key:${i}`);
    const lengths = [0, 1, 8, 44, 45, 254, 255, 256, 1000, 65535, 65536, 300_000];
    keys.forEach((key, i) => {
      from.call('SET', key, i % 4 === 0 ? String(i * 1000 - 7) : 'v'.repeat(lengths[i % lengths.length]));
      if (i % 3 === 0) from.call('PEXPIREAT', key, String(1_800_000_000_000 + i));
      if (i % 5 === 0) from.call('APPEND', key, 'x');
    });
    for (const key of keys) {
      const image = bulk(from.call('\0IMAGE', key))!;
      expect(to.text('\0PUT', key, image)).toBe('+OK\r\n');
      for (const command of [['GET'], ['PEXPIRETIME'], ['OBJECT', 'ENCODING'], ['OBJECT', 'REFCOUNT'], ['STRLEN']])
        expect(to.call(...command, key).equals(from.call(...command, key)), `${command} ${key.slice(0, 20)}`).toBe(
          true,
        );
      // Again, over what is there now.
      expect(to.text('\0PUT', key, image)).toBe('+OK\r\n');
    }
    expect(digest(to)).toBe(digest(from));
    expect(digest(to)).not.toBe(0n);
    expect([from.check(), to.check()]).toEqual([0, 0]);
  });

  it('carry every kind of container, with elements that are numbers and such that are none', () => {
    const from = internal(openKernel(build));
    const to = internal(openKernel(build, { seed: 78 }));
    const element = (i: number) => (i % 3 === 0 ? `element:${i}` : String(i * 7 - 20));
    for (const size of [1, 3, 40, 600]) {
      const elements = Array.from({ length: size }, (_, i) => element(i));
      from.call('RPUSH', `list:${size}`, ...elements);
      from.call('SADD', `set:${size}`, ...elements);
      from.call('SADD', `intset:${size}`, ...elements.map((_, i) => i * 1000 - 7));
      from.call('HSET', `hash:${size}`, ...elements.flatMap((field, i) => [field, element(i + 1)]));
      from.call('ZADD', `zset:${size}`, ...elements.flatMap((member, i) => [(i * 37) % 11, member]));
      for (const [i, field] of elements.entries()) from.call('XADD', `stream:${size}`, `${i + 1}-1`, field, 'v');
      from.call('XGROUP', 'CREATE', `stream:${size}`, 'group', '0');
      from.call('XREADGROUP', 'GROUP', 'group', 'me', 'COUNT', '5', 'STREAMS', `stream:${size}`, '>');
      for (const type of ['list', 'set', 'intset', 'hash', 'zset', 'stream']) {
        const key = `${type}:${size}`;
        const image = bulk(from.call('\0IMAGE', key))!;
        expect(to.text('\0PUT', key, image), key).toBe('+OK\r\n');
        expect(to.text('OBJECT', 'ENCODING', key), key).toBe(from.text('OBJECT', 'ENCODING', key));
      }
      expect(digest(to), `with ${size} elements`).toBe(digest(from));
    }
    expect([from.check(), to.check()]).toEqual([0, 0]);
  });

  it('of a key that is not there, or no longer, are null', () => {
    const k = internal(openKernel(build));
    expect(bulk(k.call('\0IMAGE', 'none'))).toBeUndefined();
    expect(k.text('\0SIZE', 'none')).toBe(':-1\r\n');
    k.call('SET', 'k', 'value', 'PX', '5');
    expect(k.text('\0SIZE', 'k')).toBe(':5\r\n');
    k.now += 6;
    expect(bulk(k.call('\0IMAGE', 'k'))).toBeUndefined();
    expect(k.text('DBSIZE')).toBe(':0\r\n');
  });

  it('that are none are refused', () => {
    const k = internal(openKernel(build));
    const image = (encoding: number, bytes: number) => {
      const buffer = Buffer.alloc(16 + bytes, 0xff);
      buffer.fill(0, 0, 8);
      buffer[1] = encoding;
      return buffer;
    };
    for (const bad of [Buffer.alloc(0), Buffer.alloc(15), image(1, 0), image(1, 7), image(1, 9)]) {
      expect(k.text('\0PUT', 'k', bad)).toBe('-ERR syntax error\r\n');
      expect(k.text('\0GUEST', 'k', bad)).toBe('-ERR syntax error\r\n');
    }
    expect(k.text('\0PUT', 'k', image(1, 8))).toBe('+OK\r\n');
    expect(k.text('EXISTS', 'k')).toBe(':1\r\n');
    for (const command of [['\0NOSUCH'], ['\0PUT', 'k'], ['\0DIGEST', 'x'], ['\0']])
      expect(k.text(...command)).toBe('-ERR unknown internal command\r\n');
    expect(k.check()).toBe(0);
  });

  it('are not for clients', () => {
    const k = openKernel(build);
    for (const line of ['*1\r\n$7\r\n\0DIGEST\r\n', '*2\r\n$6\r\n\0IMAGE\r\n$1\r\nk\r\n']) {
      expect(k.feed(Buffer.from(line)).length).toBe(0);
      expect(k.status).toBe(abi.STATUS_HOST);
    }
  });

  it('as guests are seen by the commands of one step and by nothing after it', () => {
    const k = internal(openKernel(build));
    const other = internal(openKernel(build, { seed: 5 }));
    const used = k.shard.calls.usedBytes();
    other.call('SET', 'far', 'ABCDEF');
    other.call('SET', 'long', 'Z'.repeat(100_000));
    k.call('SET', 'near', 'abcdef');
    for (const key of ['far', 'long'])
      expect(k.text('\0GUEST', key, bulk(other.call('\0IMAGE', key))!)).toBe('+OK\r\n');
    expect(k.text('GET', 'far')).toBe('$6\r\nABCDEF\r\n');
    expect(k.text('STRLEN', 'long')).toBe(':100000\r\n');
    expect(k.text('LCS', 'near', 'far', 'LEN')).toBe(':0\r\n');
    expect(k.text('BITOP', 'OR', 'dest', 'near', 'far')).toBe(':6\r\n');
    expect(k.text('DBSIZE')).toBe(':2\r\n');
    expect(k.check()).toBe(0);
    k.shard.calls.guestsClear();
    expect(k.text('GET', 'far')).toBe('$-1\r\n');
    expect(k.text('GET', 'dest')).toBe('$6\r\nabcdef\r\n');
    k.call('DEL', 'near', 'dest');
    k.call('FLUSHALL');
    while (k.shard.calls.reclaim(1000) !== 0);
    expect(k.check()).toBe(0);
    expect(k.shard.calls.usedBytes()).toBe(used);
  });

  it('digests tell contents apart and nothing else', () => {
    const [a, b] = [openKernel(build, { seed: 1 }), openKernel(build, { seed: 2 })];
    const pairs = Array.from({ length: 3000 }, (_, i) => [`key:${i}`, String(i)]);
    for (const [key, value] of pairs) a.call('SET', key, value);
    for (const [key, value] of pairs.toReversed()) b.call('SET', key, value);
    expect(digest(a)).toBe(digest(b));
    // How a value is kept does not matter, nor when it was read.
    b.call('DEL', 'key:5');
    b.call('APPEND', 'key:5', '5');
    b.lruClock += 50;
    b.call('GET', 'key:9');
    expect(digest(a)).toBe(digest(b));
    for (const change of [
      ['SET', 'key:1', '2'],
      ['PEXPIREAT', 'key:1', '1800000000000'],
      ['RENAME', 'key:1', 'key:one'],
      ['DEL', 'key:1'],
    ]) {
      b.call(...change);
      expect(digest(a), change.join(' ')).not.toBe(digest(b));
      b.call('DEL', 'key:one');
      b.call('SET', 'key:1', '1');
      expect(digest(a)).toBe(digest(b));
    }
  });
});
