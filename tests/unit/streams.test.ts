// Streams from inside: the bytes of their nodes, their memory to the byte, how large ones go, and what the log says.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { payloadOf } from '../support/crc64.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, takeLog } from '../support/log-replay.js';
import { STREAM_OF_7_2 } from '../support/payloads.js';
import { decode } from '../support/resp-client.js';
import { BUILDS } from '../support/wasm.js';

const used = (kernel: TestKernel) => kernel.shard.calls.usedBytes();

/** Logged commands since the last look, a line each. */
function logged(kernel: TestKernel): string[] {
  return takeLog(kernel).commands.map((args) => args.map((arg) => Buffer.from(arg).toString('latin1')).join(' '));
}

/** A stream of `count` entries; with groups, all of them pending. */
function fill(kernel: TestKernel, key: string, count: number, groups = 0): void {
  kernel.feedAll(Array.from({ length: count }, (_, i) => ['XADD', key, `${i + 1}-0`, 'field', `value ${i}`]));
  for (let g = 0; g < groups; g++) {
    kernel.call('XGROUP', 'CREATE', key, `group ${g}`, 0);
    for (const consumer of ['alice', 'bob', 'carol'])
      kernel.call('XREADGROUP', 'GROUP', `group ${g}`, consumer, 'COUNT', Math.ceil(count / 3), 'STREAMS', key, '>');
  }
}

describe.each(BUILDS)('streams inside, $memory $mode', (build) => {
  it("a node is Redis's own, byte for byte", () => {
    const kernel = openKernel(build);
    kernel.call('XADD', 's', '5-1', 'f', 'v', 'n', 300);
    kernel.call('XADD', 's', '5-2', 'f', 'w', 'n', -1);
    kernel.call('XADD', 's', '6-0', 'g', 'x');
    kernel.call('XDEL', 's', '5-2');
    const payload = decode(kernel.call('DUMP', 's'), { binary: true }) as Buffer;
    const head = '13' + '01' + '10' + '00000000000000050000000000000001';
    const elements = [
      // count, deleted, fields, f, n, 0
      ['0201', '0101', '0201', '816602', '816e02', '0001'],
      // flags, ms, seq, v, 300, elements
      ['0201', '0001', '0001', '817602', 'c12c02', '0501'],
      ['0301', '0001', '0101', '817702', 'dfff02', '0501'],
      // flags, ms, seq (-1), fields, g, x, elements
      ['0001', '0101', 'dfff02', '0101', '816702', '817802', '0601'],
    ].flat();
    const body = elements.join('');
    const bytes = 6 + body.length / 2 + 1;
    const listpack = Buffer.alloc(6);
    listpack.writeUInt32LE(bytes, 0);
    listpack.writeUInt16LE(elements.length, 4);
    const text = payload.toString('hex');
    expect(text.slice(0, head.length)).toBe(head);
    expect(text).toContain(`${listpack.toString('hex')}${body}ff`);
  });

  it('a stream that 7.2 wrote is taken, but for what 7.0 has no word for', () => {
    const kernel = openKernel(build);
    expect(kernel.text('RESTORE', 's', 0, payloadOf(STREAM_OF_7_2, 10))).toBe('+OK\r\n');
    expect(kernel.check()).toBe(0);
    expect(kernel.text('XRANGE', 's', '-', '+')).toMatch(/5-1[\s\S]*\nv\r[\s\S]*6-0[\s\S]*\nw\r\n$/);
    kernel.proto = 3;
    const full = decode(kernel.call('XINFO', 'STREAM', 's', 'FULL')) as Map<string, unknown>;
    const told = ['length', 'last-generated-id', 'max-deleted-entry-id', 'entries-added', 'recorded-first-entry-id'];
    expect(told.map((name) => String(full.get(name)))).toEqual(['2', '6-0', '5-2', '3', '5-1']);
    expect(JSON.stringify(decode(kernel.call('XPENDING', 's', 'g', '-', '+', 10)))).toContain('"5-1","alice"');
    const dumped = decode(kernel.call('DUMP', 's'), { binary: true }) as Buffer;
    expect(dumped[0]).toBe(19);
    expect(kernel.text('RESTORE', 't', 0, dumped)).toBe('+OK\r\n');
    expect(kernel.call('XINFO', 'GROUPS', 't')).toEqual(kernel.call('XINFO', 'GROUPS', 's'));
  });

  it('MEMORY USAGE counts every block, and deleting gives every byte back', () => {
    const kernel = openKernel(build);
    kernel.call('SET', 'other', 'x');
    const before = used(kernel);
    fill(kernel, 's', 2_000, 2);
    kernel.call('XGROUP', 'CREATECONSUMER', 's', 'group 0', 'd'.repeat(500));
    const share = Number(decode(kernel.call('MEMORY', 'USAGE', 'other')));
    const usage = Number(decode(kernel.call('MEMORY', 'USAGE', 's')));
    // Both keys have the same share of the table; the entry of `other` has 16 bytes.
    expect(usage - (share - 16)).toBe(used(kernel) - before);
    expect(kernel.check()).toBe(0);
    kernel.call('DEL', 's');
    while (kernel.shard.calls.reclaim(1000) !== 0);
    expect(used(kernel)).toBe(before);
  });

  it('many small entries take less than their text and 20 bytes each', () => {
    const kernel = openKernel(build);
    const before = used(kernel);
    fill(kernel, 's', 20_000);
    expect((used(kernel) - before) / 20_000).toBeLessThan(11 + 20);
  });

  it.each([
    ['DEL', 's'],
    ['XGROUP', 'DESTROY', 's', 'group 0'],
  ])('what is large goes in slices after %s', (...command) => {
    const kernel = openKernel(build);
    kernel.call('SET', 's', 'x');
    kernel.call('DEL', 's');
    const bare = used(kernel);
    fill(kernel, 's', 3_000, 1);
    const before = used(kernel);
    kernel.call(...command);
    expect(before - used(kernel)).toBeLessThan(1000);
    let slices = 0;
    for (let last = used(kernel); kernel.shard.calls.reclaim(50) !== 0; slices++) {
      expect(last - used(kernel)).toBeLessThan(60 * 4096);
      last = used(kernel);
    }
    expect(slices).toBeGreaterThan(30);
    expect(kernel.check()).toBe(0);
    if (command[0] === 'DEL') expect(used(kernel)).toBe(bare);
    else expect(kernel.text('XINFO', 'GROUPS', 's')).toBe('*0\r\n');
  });

  it('blocks that lie badly move, and the stream is what it was', () => {
    const kernel = openKernel(build);
    setLimits(kernel, { streamNodeMaxEntries: 10 });
    const pairs = Array.from({ length: 3_000 }, (_, i) => i + 1);
    kernel.feedAll(
      pairs.flatMap((i) => [
        ['XADD', 'stays', `${i}-0`, 'field', `value ${i}`],
        ['XADD', 'goes', `${i}-0`, 'field', `value ${i}`],
      ]),
    );
    for (const key of ['stays', 'goes']) kernel.call('XGROUP', 'CREATE', key, 'g', 0);
    for (let i = 0; i < 300; i++)
      for (const key of ['stays', 'goes'])
        kernel.call('XREADGROUP', 'GROUP', 'g', `c${i % 40}`, 'COUNT', 10, 'STREAMS', key, '>');
    kernel.call('DEL', 'goes');
    while (kernel.shard.calls.reclaim(1000) !== 0);
    const digest = digestOf(kernel);
    const bytes = used(kernel);
    const pieces = kernel.shard.calls.largestFreeRun();
    const { shard } = kernel;
    let slices = 0;
    for (let pass = 0; pass < 3; pass++) while (shard.calls.defrag(200) !== 0) slices++;
    expect(slices).toBeGreaterThan(20);
    shard.calls.purge();
    expect(kernel.check()).toBe(0);
    expect(digestOf(kernel)).toBe(digest);
    expect(used(kernel)).toBe(bytes);
    expect(shard.calls.largestFreeRun()).toBeGreaterThan(pieces);
  });

  it('an array whose length turns out late is right over any number of pieces', () => {
    const kernel = openKernel(build);
    fill(kernel, 's', 12_000, 1);
    for (const [from, wanted] of [
      [2_001, 10_000],
      [2_002, 9_999],
      [11_902, 99],
      [11_992, 9],
      [1, 12_000],
    ]) {
      const entries = decode(kernel.call('XRANGE', 's', from, '+')) as [string, string[]][];
      expect(entries.length).toBe(wanted);
      expect(String(entries[0][0])).toBe(`${from}-0`);
      expect(String(entries[wanted - 1][1][1])).toBe('value 11999');
    }
    kernel.proto = 3;
    const read = kernel.text('XREAD', 'COUNT', 9_500, 'STREAMS', 'none', 's', 0, 100);
    expect(read.startsWith('%1\r\n$1\r\ns\r\n*9500\r\n')).toBe(true);
    expect(read.endsWith('value 9599\r\n')).toBe(true);
    expect((decode(kernel.call('XPENDING', 's', 'group 0', '-', '+', 100_000, 'bob')) as unknown[]).length).toBe(4_000);
  });

  it('only what will take long is left to the slow lane', () => {
    const kernel = openKernel(build);
    fill(kernel, 's', 30_000, 0);
    kernel.call('XGROUP', 'CREATE', 's', 'behind', 0);
    kernel.call('XGROUP', 'CREATE', 's', 'ahead', '29990-0');
    kernel.flags = 0;
    const slow = (...command: (string | number)[]) => {
      kernel.feed(frame(...command), 1);
      return kernel.status === abi.STATUS_SLOW;
    };
    for (const command of [
      ['XRANGE', 's', '-', '+'],
      ['XREVRANGE', 's', '+', 1_000],
      ['XREAD', 'STREAMS', 's', 0],
      ['XREADGROUP', 'GROUP', 'behind', 'c', 'STREAMS', 's', '>'],
      ['XADD', 's', 'MINID', 29_000, '*', 'f', 'v'],
      ['XTRIM', 's', 'MAXLEN', 0],
      ['XINFO', 'STREAM', 's', 'FULL', 'COUNT', 0],
      ['XDEL', 's', ...Array.from({ length: 1_000 }, (_, i) => i)],
    ])
      expect(slow(...command), command.join(' ').slice(0, 80)).toBe(true);
    for (const command of [
      ['XRANGE', 's', '-', '+', 'COUNT', 10],
      ['XRANGE', 's', 29_000, '+'],
      ['XREVRANGE', 's', 500, '-'],
      ['XREAD', 'STREAMS', 's', 29_000],
      ['XREAD', 'STREAMS', 's', '$'],
      ['XREAD', 'COUNT', 100, 'STREAMS', 's', 0],
      ['XREADGROUP', 'GROUP', 'ahead', 'c', 'STREAMS', 's', '>'],
      ['XREADGROUP', 'GROUP', 'behind', 'c', 'COUNT', 50, 'STREAMS', 's', '>'],
      ['XADD', 's', 'MINID', 5_000, '*', 'f', 'v'],
      ['XADD', 's', 'MAXLEN', '~', 20_000, '*', 'f', 'v'],
      ['XINFO', 'STREAM', 's'],
    ])
      expect(slow(...command), command.join(' ')).toBe(false);
    expect(kernel.check()).toBe(0);
  });

  it('the log has the effects: IDs that were chosen, exact trimming, deliveries and new consumers by name', () => {
    const kernel = openKernel(build).logOn();
    kernel.now = 5_000;
    setLimits(kernel, { streamNodeMaxEntries: 2 });
    const take = (...command: (string | number)[]) => {
      kernel.call(...command);
      return logged(kernel);
    };
    expect(take('XADD', 's', '*', 'f', 'v')).toEqual(['XADD s 5000-0 f v']);
    expect(take('XADD', 's', 'NOMKSTREAM', '5000-*', 'f', 'v')).toEqual(['XADD s 5000-1 f v']);
    expect(take('XADD', 's', '5001-7', 'f', 'v')).toEqual(['XADD s 5001-7 f v']);
    expect(take('XADD', 's', 'MAXLEN', '~', 2, 'LIMIT', 100, '*', 'f', 'v')).toEqual(['XADD s MAXLEN 2 5001-8 f v']);
    expect(take('XADD', 's', 'MINID', '~', '5001-0', '6000-1', 'f', 'v')).toEqual(['XADD s MINID 5001-7 6000-1 f v']);
    expect(take('XADD', 's', 'maxlen', '=', 9, '*', 'f', 'v')).toEqual(['XADD s MAXLEN 9 6000-2 f v']);
    expect(take('XADD', 's', '1-1', 'f', 'v')).toEqual([]);
    expect(take('XTRIM', 's', 'MAXLEN', '~', 3)).toEqual([]);
    expect(take('XTRIM', 's', 'MAXLEN', '~', 1)).toEqual(['XTRIM s MAXLEN 2']);
    expect(take('XTRIM', 's', 'MINID', 6000)).toEqual([]);
    expect(take('XGROUP', 'CREATE', 's', 'g', 0)).toEqual(['XGROUP CREATE s g 0']);
    expect(take('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '>')).toEqual([
      'XGROUP CREATECONSUMER s g alice',
      'XCLAIM s g alice 0 6000-1 6000-2 TIME 5000 RETRYCOUNT 1 FORCE JUSTID LASTID 6000-2',
      'XGROUP SETID s g 6000-2 ENTRIESREAD 6',
    ]);
    expect(take('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '>')).toEqual([]);
    kernel.now = 5_010;
    expect(take('XREADGROUP', 'GROUP', 'g', 'alice', 'STREAMS', 's', '6000-1')).toEqual([
      'XCLAIM s g alice 0 6000-2 TIME 5010 RETRYCOUNT 2 FORCE JUSTID LASTID 6000-2',
    ]);
    expect(take('XAUTOCLAIM', 's', 'g', 'bob', 0, 0)).toEqual([
      'XGROUP CREATECONSUMER s g bob',
      'XCLAIM s g bob 0 6000-1 TIME 5010 RETRYCOUNT 2 FORCE JUSTID LASTID 6000-2',
      'XCLAIM s g bob 0 6000-2 TIME 5010 RETRYCOUNT 3 FORCE JUSTID LASTID 6000-2',
    ]);
    expect(take('XCLAIM', 's', 'g', 'bob', 0, '6000-1', 'IDLE', 10, 'JUSTID', 'LASTID', '7000-0')).toEqual([
      'XCLAIM s g bob 0 6000-1 TIME 5000 RETRYCOUNT 2 FORCE JUSTID LASTID 7000-0',
      'XGROUP SETID s g 7000-0 ENTRIESREAD 6',
    ]);
    kernel.call('XDEL', 's', '6000-1');
    logged(kernel);
    expect(take('XAUTOCLAIM', 's', 'g', 'bob', 999, 0)).toEqual(['XACK s g 6000-1']);
    expect(take('XACK', 's', 'g', '6000-1')).toEqual([]);
    expect(take('XACK', 's', 'g', '6000-2')).toEqual(['XACK s g 6000-2']);
  });
});
