// Sets by hand: what the random tests cannot see. Chance, memory that ends, payloads that lie, what the log says, sizes
// that are too much for one hold of the latch.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { payloadOf } from '../support/crc64.js';
import { type Arg, frame, openKernel, type TestKernel } from '../support/kernel.js';
import { type Limit, setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { rdbLength, rdbString } from '../support/old-encodings.js';
import { decode } from '../support/resp-client.js';
import { BUILDS, type Build } from '../support/wasm.js';

const FORMS: [title: string, limits: Partial<Record<Limit, number>>, member: (i: number) => string][] = [
  ['an intset', {}, (i) => String(i * 3)],
  ['packed', { setMaxIntsetEntries: 0 }, (i) => (i % 2 === 0 ? String(i * 3) : `m${i}`)],
  ['a table', { setMaxIntsetEntries: 0, packedEntriesMax: 0 }, (i) => (i % 2 === 0 ? String(i * 3) : `m${i}`)],
];

const list = (reply: Buffer): string[] => [...(decode(reply) as Iterable<string>)];
const members = (kernel: TestKernel, key: string) => list(kernel.call('SMEMBERS', key)).sort();
const range = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));
const logged = (kernel: TestKernel) => takeLog(kernel).commands.map((args) => args.map(String).join(' '));

function open(build: Build, limits: Partial<Record<Limit, number>> = {}): TestKernel {
  const kernel = openKernel(build, { logBytes: 1 << 20 });
  setLimits(kernel, limits);
  return kernel;
}
function reclaimAll(kernel: TestKernel): number {
  let slices = 0;
  while (kernel.shard.calls.reclaim(100) !== 0) slices++;
  return slices;
}

describe.each(BUILDS)('sets, $memory $mode', (build) => {
  describe.each(FORMS)('%s', (_, limits, member) => {
    const filled = (size: number, key = 's') => {
      const kernel = open(build, limits);
      kernel.call('SADD', key, ...range(size, member));
      return kernel;
    };

    it('gives each member the same chance, one at a time and several at once', () => {
      const kernel = filled(20);
      const counts = new Map<string, number>();
      const count = (drawn: string[]) => {
        for (const name of drawn) counts.set(name, (counts.get(name) ?? 0) + 1);
      };
      const even = (draws: number) => {
        expect(counts.size).toBe(20);
        // Five standard deviations of a binomial distribution with p = 1/20.
        for (const [name, times] of counts)
          expect(Math.abs(times - draws / 20), name).toBeLessThan(5 * Math.sqrt(draws * 0.0475));
        counts.clear();
      };
      for (let i = 0; i < 2000; i++) count([String(decode(kernel.call('SRANDMEMBER', 's')))]);
      even(2000);
      count(list(kernel.call('SRANDMEMBER', 's', -4000)));
      even(4000);
      for (const size of [1, 5, 10, 11, 19]) {
        for (let i = 0; i < 800; i++) {
          const drawn = list(kernel.call('SRANDMEMBER', 's', size));
          expect(new Set(drawn).size).toBe(size);
          count(drawn);
        }
        even(800 * size);
      }
    });

    it('SPOP takes each set of members equally often, and tells the log what it took', () => {
      const pairs = new Map<string, number>();
      const kernel = open(build, limits).logOn();
      for (let i = 0; i < 3000; i++) {
        kernel.call('SADD', 's', ...range(6, member));
        const popped = list(kernel.call('SPOP', 's', 2)).sort();
        const pair = popped.join(' ');
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
        if (i === 0) expect(logged(kernel)[1].split(' ').slice(2).sort()).toEqual(popped);
        kernel.call('DEL', 's');
        if (i % 100 === 0) takeLog(kernel);
      }
      expect(pairs.size).toBe(15);
      for (const [pair, times] of pairs) expect(Math.abs(times - 200), pair).toBeLessThan(5 * Math.sqrt(187));
    });

    it('SPOP of many is logged in records that hold all of them, of all as DEL, and both replay', () => {
      const kernel = filled(100).logOn();
      const second = filled(100);
      const popped = list(kernel.call('SPOP', 's', 70));
      const records = logged(kernel);
      expect(records.length).toBe(3);
      for (const record of records) expect(record).toMatch(/^SREM s /);
      expect(records.flatMap((record) => record.split(' ').slice(2)).sort()).toEqual(popped.sort());
      for (const record of records) second.call(...record.split(' '));
      expect(digestOf(second)).toBe(digestOf(kernel));
      expect(members(second, 's').length).toBe(30);
      kernel.call('SPOP', 's');
      expect(logged(kernel)[0]).toMatch(/^SREM s \S+$/);
      expect(list(kernel.call('SPOP', 's', 1000)).length).toBe(29);
      expect(logged(kernel)).toEqual(['DEL s']);
      expect(kernel.check()).toBe(0);
    });

    it('survives memory that ends at any request: refused commands have changed nothing, or logged what they did', () => {
      const commands: Arg[][] = [
        ['SADD', 'new', member(1), member(2)],
        ['SADD', 's', 'x', '-5', '99999999999'],
        ['SADD', 'i', ...range(200, (i) => 1000 + i)],
        ['SADD', 'i', 'text'],
        ['SREM', 's', member(3)],
        ['SPOP', 's'],
        ['SPOP', 's', 20],
        ['SPOP', 's', 37],
        ['SMOVE', 's', 'fresh', member(2)],
        ['SMOVE', 's', 't', member(2)],
        ['SINTER', 's', 't'],
        ['SDIFF', 't', 's'],
        ['SUNION', 's', 't'],
        ['SRANDMEMBER', 's', 30],
        ['SINTERSTORE', 'dest', 's', 't'],
        ['SUNIONSTORE', 's', 's', 't'],
        ['SDIFFSTORE', 'dest', 't', 's'],
        ['SINTERSTORE', 'dest', 's', 'none'],
      ];
      const prepared = () => {
        const kernel = filled(40);
        kernel.call('SADD', 't', ...range(30, (i) => member(i * 2)));
        kernel.call('SADD', 'i', '1', '2', '3');
        kernel.call('SET', 'dest', 'x');
        return kernel;
      };
      const untouched = digestOf(prepared());
      let refused = 0;
      for (const command of commands) {
        // Every one of the first requests, then some of them.
        for (let n = 1; ; n += 1 + (n >> 2)) {
          expect(n).toBeLessThan(2000);
          const kernel = prepared();
          kernel.logOn();
          kernel.failIn(n);
          const reply = kernel.text(...command);
          const failed = kernel.failLeft() === 0;
          kernel.failIn(0);
          expect(kernel.check(), `${command[0]} ${n}`).toBe(0);
          const log = takeLog(kernel);
          if (reply.startsWith('-OOM')) refused++;
          if (log.commands.length === 0) expect(digestOf(kernel), `${command[0]} ${n}`).toBe(untouched);
          else {
            // Only an addition of several members may end in the middle.
            if (reply.startsWith('-OOM')) expect(command[0]).toBe('SADD');
            const second = prepared();
            replayLog(log, second);
            expect(digestOf(second), `${command[0]} ${n}`).toBe(digestOf(kernel));
          }
          if (!failed) break;
        }
      }
      expect(refused).toBeGreaterThan(15);
    });

    it('SSCAN shows whoever is there from start to end, while the set grows and shrinks', () => {
      const kernel = filled(100);
      const seen = new Set<string>();
      let cursor = '0';
      let calls = 0;
      do {
        const [next, found] = decode(kernel.call('SSCAN', 's', cursor, 'COUNT', 7)) as [string, string[]];
        for (const name of found) seen.add(name);
        cursor = next;
        kernel.call('SADD', 's', ...range(60, (i) => `later:${calls}:${i}`));
        kernel.call('SREM', 's', ...range(30, (i) => `later:${calls - 1}:${i}`));
        calls++;
      } while (cursor !== '0' && calls < 10_000);
      for (const name of range(100, member)) expect(seen.has(name), name).toBe(true);
      expect(kernel.check()).toBe(0);
    });

    it('travels by DUMP and RESTORE, and comes back as Redis would report it', () => {
      for (const size of [1, 40, 600]) {
        const kernel = filled(size);
        const payload = decode(kernel.call('DUMP', 's'), { binary: true }) as Buffer;
        expect(kernel.text('RESTORE', 't', '0', payload)).toBe('+OK\r\n');
        expect(members(kernel, 't')).toEqual(range(size, member).sort());
        const bare = open(build);
        expect(bare.text('RESTORE', 't', '0', payload)).toBe('+OK\r\n');
        expect(members(bare, 't')).toEqual(range(size, member).sort());
        const isIntset = size <= 512 && range(size, member).every((name) => /^\d+$/.test(name));
        expect(bare.text('OBJECT', 'ENCODING', 't')).toContain(isIntset ? 'intset' : 'hashtable');
        expect([kernel.check(), bare.check()]).toEqual([0, 0]);
      }
    });
  });

  it('of a hundred thousand members is deleted at once, and its memory comes back in slices', () => {
    const kernel = open(build);
    kernel.call('SET', 'a', 'key of the table');
    const used = kernel.shard.calls.usedBytes();
    for (let from = 0; from < 100_000; from += 1000) kernel.call('SADD', 's', ...range(1000, (i) => `m${from + i}`));
    const full = kernel.shard.calls.usedBytes();
    expect(Number(kernel.text('MEMORY', 'USAGE', 's').slice(1))).toBeLessThan(full - used + 4096);
    expect(Number(kernel.text('MEMORY', 'USAGE', 's').slice(1))).toBeGreaterThan((full - used) * 0.99);
    // 16 bytes of header and text on average, in blocks of 16, and its share of a segment.
    expect((full - used) / 100_000).toBeLessThan(28);
    kernel.call('DEL', 's');
    expect(full - kernel.shard.calls.usedBytes()).toBeLessThan(1000);
    expect(kernel.check()).toBe(0);
    expect(reclaimAll(kernel)).toBeGreaterThan(500);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
  });

  it('results that are dropped or replaced give all of their memory back', () => {
    const kernel = open(build);
    kernel.call('SADD', 'a', ...range(700, (i) => `m${i}`));
    kernel.call('SADD', 'b', ...range(700, (i) => `m${i + 350}`));
    kernel.call('SUNIONSTORE', 'd', 'a', 'b');
    reclaimAll(kernel);
    const used = kernel.shard.calls.usedBytes();
    for (let i = 0; i < 3; i++) {
      expect(list(kernel.call('SUNION', 'a', 'b')).length).toBe(1050);
      expect(list(kernel.call('SDIFF', 'a', 'b')).length).toBe(350);
      expect(list(kernel.call('SINTER', 'a', 'b')).length).toBe(350);
      expect(list(kernel.call('SRANDMEMBER', 'a', 600)).length).toBe(600);
      kernel.call('SINTERSTORE', 'd', 'a', 'b');
      kernel.call('SUNIONSTORE', 'd', 'a', 'b');
      reclaimAll(kernel);
      expect(kernel.shard.calls.usedBytes()).toBe(used);
    }
  });

  it('stored with the help of a guest are logged by value', () => {
    const [kernel, other, second] = [open(build).logOn(), open(build), open(build)];
    other.call('SADD', 'far', '1', '2', 'x');
    kernel.call('SADD', 'near', '2', 'x', 'y');
    kernel.call('SINTERSTORE', 'd', 'near', 'near');
    expect(logged(kernel)).toEqual(['SADD near 2 x y', 'SINTERSTORE d near near']);
    for (const k of [kernel, other]) k.flags |= abi.CALL_INTERNAL | abi.CALL_ALL;
    const image = decode(other.call('\0IMAGE', 'far'), { binary: true }) as Buffer;
    expect(kernel.text('\0GUEST', 'far', image)).toBe('+OK\r\n');
    expect(members(kernel, 'far')).toEqual(['1', '2', 'x']);
    expect(kernel.text('SINTERSTORE', 'd', 'near', 'far')).toBe(':2\r\n');
    expect(kernel.text('SDIFFSTORE', 'e', 'far', 'near')).toBe(':1\r\n');
    expect(kernel.text('SINTERSTORE', 'd', 'far', 'none')).toBe(':0\r\n');
    kernel.shard.calls.guestsClear();
    const log = takeLog(kernel);
    expect(log.commands.map(([name]) => String(name))).toEqual(['RESTORE', 'RESTORE', 'DEL']);
    second.call('SADD', 'near', '2', 'x', 'y');
    replayLog(log, second);
    expect(digestOf(second)).toBe(digestOf(kernel));
    expect(kernel.check()).toBe(0);
  });

  it('are refused as payloads that are damaged, and leave nothing behind', () => {
    const kernel = open(build);
    kernel.call('SET', 'a', 'key of the table');
    const intset = (width: number, count: number, values: number[]) => {
      const bytes = Buffer.alloc(8 + width * values.length);
      bytes.writeUInt32LE(width, 0);
      bytes.writeUInt32LE(count, 4);
      for (const [i, value] of values.entries()) bytes.writeIntLE(value, 8 + i * width, Math.min(width, 6));
      return rdbString(bytes);
    };
    const listpack = (...texts: string[]) => {
      const data = Buffer.concat(
        texts.map((text) =>
          Buffer.concat([Buffer.from([0x80 | text.length]), Buffer.from(text), Buffer.from([text.length + 1])]),
        ),
      );
      const whole = Buffer.concat([Buffer.alloc(6), data, Buffer.from([0xff])]);
      whole.writeUInt32LE(whole.length);
      whole.writeUInt16LE(texts.length, 4);
      return rdbString(whole);
    };
    const body = (type: number, ...parts: Buffer[]) => payloadOf(Buffer.concat([Buffer.from([type]), ...parts]));
    const strings = (...texts: string[]) => texts.map((text) => rdbString(Buffer.from(text)));
    const used = kernel.shard.calls.usedBytes();
    const bad: [string, Buffer][] = [
      ['no members', body(2, rdbLength(0))],
      ['a member twice', body(2, rdbLength(3), ...strings('a', 'b', 'a'))],
      ['a number twice', body(2, rdbLength(3), ...strings('1', '2', '1'))],
      ['fewer members than announced', body(2, rdbLength(3), ...strings('a', 'b'))],
      ['far fewer', body(2, rdbLength(0xffffffff), ...strings('a', 'b'))],
      ['an intset of nothing', body(11, intset(2, 0, []))],
      ['an intset out of order', body(11, intset(2, 2, [2, 1]))],
      ['an integer twice', body(11, intset(4, 2, [2, 2]))],
      ['an intset cut short', body(11, intset(2, 3, [1, 2]))],
      ['an intset of odd width', body(11, intset(3, 2, [1, 2]))],
      ['an intset whose size wraps round', body(11, intset(8, 0x20000001, [1]))],
      ['a listpack of nothing', body(20, listpack())],
      ['a member twice in a listpack', body(20, listpack('a', 'b', 'a'))],
      ['bytes that are no listpack', body(20, rdbString(Buffer.from('abcdefghij')))],
    ];
    for (const [title, payload] of bad) {
      expect(kernel.text('RESTORE', 's', '0', payload), title).toBe('-ERR Bad data format\r\n');
      expect(kernel.text('EXISTS', 's')).toBe(':0\r\n');
      reclaimAll(kernel);
      expect(kernel.shard.calls.usedBytes(), title).toBe(used);
    }
    expect(kernel.text('RESTORE', 's', '0', body(20, listpack('a', 'b', '12')))).toBe('+OK\r\n');
    expect(members(kernel, 's')).toEqual(['12', 'a', 'b']);
    expect(kernel.text('RESTORE', 't', '0', body(11, intset(8, 2, [1, 2])))).toBe('+OK\r\n');
    expect(members(kernel, 't')).toEqual(['1', '2']);
    setLimits(kernel, { setMaxIntsetEntries: 1 });
    for (const payload of [body(11, intset(2, 2, [1, 2])), body(2, rdbLength(2), ...strings('1', '2'))]) {
      expect(kernel.text('RESTORE', 't', '0', payload, 'REPLACE')).toBe('+OK\r\n');
      expect(kernel.text('OBJECT', 'ENCODING', 't')).toContain('hashtable');
    }
    expect(kernel.check()).toBe(0);
  });

  it('too large for one hold of the latch are left to the slow lane, before they are touched', () => {
    const kernel = open(build);
    for (let from = 0; from < 30_000; from += 1000) {
      kernel.call('SADD', 'big', ...range(1000, (i) => `m${from + i}`));
      kernel.call('SADD', 'other', ...range(1000, (i) => `m${from + 2 * i}`));
    }
    setLimits(kernel, { setMaxIntsetEntries: 1_000_000 });
    kernel.call('SADD', 'ints', ...range(20_000, String));
    kernel.call('SADD', 'small', 'm1', 'm2', 'x');
    kernel.flags = 0;
    const status = (...command: Arg[]) => {
      kernel.feed(frame(...command), 1);
      return kernel.status;
    };
    const slow: Arg[][] = [
      ['SMEMBERS', 'big'],
      ['SINTER', 'big', 'other'],
      ['SINTERCARD', 2, 'big', 'other'],
      ['SINTERSTORE', 'd', 'big', 'other'],
      ['SUNION', 'big', 'small'],
      ['SUNIONSTORE', 'd', 'small', 'big'],
      ['SDIFF', 'big', 'other'],
      ['SDIFFSTORE', 'd', 'big', 'small'],
      ['SPOP', 'big', 20_000],
      ['SRANDMEMBER', 'big', 20_000],
      ['SRANDMEMBER', 'small', -20_000],
      ['SSCAN', 'big', 0, 'COUNT', 50_000],
      ['SADD', 'ints', 'x'],
    ];
    for (const command of slow) expect(status(...command), command.join(' ')).toBe(abi.STATUS_SLOW);
    const quick: Arg[][] = [
      ['SCARD', 'big'],
      ['SISMEMBER', 'big', 'm1'],
      ['SADD', 'big', 'x'],
      ['SADD', 'ints', '123456'],
      ['SINTER', 'big', 'small'],
      ['SINTER', 'big', 'none'],
      ['SDIFF', 'small', 'big'],
      ['SPOP', 'big'],
      ['SPOP', 'big', 5],
      ['SRANDMEMBER', 'big', -5],
      ['SSCAN', 'big', 0],
      ['SREM', 'big', 'm5'],
    ];
    for (const command of quick) expect(status(...command), command.join(' ')).toBe(abi.STATUS_DONE);
  });
});
