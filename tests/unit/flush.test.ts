// Emptying and swapping databases costs the same whatever is in them; the memory comes back in slices.
import { describe, expect, it } from 'vitest';
import { HEADER_DIRTY } from '../../host/kernel/kernel.js';
import { openKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

describe.each(BUILDS)('flushing, $memory $mode', (build) => {
  const filled = (count: number) => {
    const k = openKernel(build);
    const commands = [];
    for (let i = 0; i < count; i++)
      commands.push(['SET', `key:${i}`, 'v'.repeat(i % 400), ...(i % 5 ? [] : ['EX', '100'])]);
    k.feedAll(commands);
    return k;
  };

  it('makes the keys go at once and their memory in slices of the asked size', () => {
    const k = filled(20_000);
    const before = k.counter(HEADER_DIRTY);
    expect(k.text('FLUSHDB')).toBe('+OK\r\n');
    expect(k.counter(HEADER_DIRTY) - before).toBe(20_000);
    expect(k.text('DBSIZE')).toBe(':0\r\n');
    expect(k.text('GET', 'key:1')).toBe('$-1\r\n');
    expect(k.check()).toBe(0);
    let slices = 0;
    while (k.shard.calls.reclaim(500) !== 0 && slices < 10_000) {
      if (slices++ % 10 === 0) expect(k.check()).toBe(0);
      k.call('SET', `new:${slices}`, 'v');
    }
    expect(slices).toBeGreaterThan(30);
    expect(k.shard.calls.reclaim(500)).toBe(0);
    expect(k.text('DBSIZE')).toBe(`:${slices}\r\n`);
    expect(k.check()).toBe(0);
  });

  it('gives everything back: the same content twice takes no more than once', () => {
    const k = openKernel(build);
    const fill = () => {
      const commands = [];
      for (let i = 0; i < 10_000; i++) commands.push(['SET', `key:${i}`, 'v'.repeat(i % 300)]);
      k.feedAll(commands);
    };
    const empty = () => {
      k.call('FLUSHALL');
      while (k.shard.calls.reclaim(5000) !== 0);
    };
    fill();
    empty();
    const used = k.shard.calls.usedBytes();
    const committed = k.shard.memory.buffer.byteLength;
    for (let i = 0; i < 3; i++) {
      fill();
      empty();
      expect(k.shard.calls.usedBytes()).toBe(used);
    }
    expect(k.shard.memory.buffer.byteLength).toBe(committed);
    expect(k.check()).toBe(0);
  });

  it('of one database leaves the others, of all leaves none', () => {
    const k = filled(100);
    for (const db of [1, 2, 15]) {
      k.db = db;
      k.call('SET', 'k', 'v');
    }
    k.db = 1;
    k.call('FLUSHDB', 'async');
    expect([0, 1, 2, 15].map((db) => k.shard.calls.databaseKeys(db))).toEqual([100, 0, 1, 1]);
    k.call('FLUSHALL', 'SYNC');
    expect([0, 1, 2, 15].map((db) => k.shard.calls.databaseKeys(db))).toEqual([0, 0, 0, 0]);
    expect(k.text('FLUSHALL', 'NOW')).toBe('-ERR syntax error\r\n');
    expect(k.text('FLUSHDB', 'SYNC', 'ASYNC')).toBe('-ERR syntax error\r\n');
  });

  it('swaps two databases with all that belongs to them', () => {
    const k = filled(1000);
    k.db = 5;
    k.call('SET', 'five', 'v');
    expect(k.text('SWAPDB', '0', '5')).toBe('+OK\r\n');
    expect(k.text('DBSIZE')).toBe(':1000\r\n');
    expect(k.shard.calls.databaseExpires(5)).toBe(200);
    expect(k.shard.calls.databaseExpires(0)).toBe(0);
    expect(k.text('SWAPDB', '3', '3')).toBe('+OK\r\n');
    expect(k.text('SWAPDB', '0', '16')).toBe('-ERR DB index is out of range\r\n');
    expect(k.text('SWAPDB', 'x', '1')).toBe('-ERR invalid first DB index\r\n');
    expect(k.text('SWAPDB', '1', 'x')).toBe('-ERR invalid second DB index\r\n');
    k.db = 0;
    expect(k.text('GET', 'five')).toBe('$1\r\nv\r\n');
    expect(k.check()).toBe(0);
  });
});
