// What a key remembers of its use: an LRU time or an LFU counter, and what OBJECT and MEMORY USAGE say of it.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import {
  HEADER_FLAG_LFU,
  HEADER_FLAGS,
  HEADER_HITS,
  HEADER_LFU_DECAY,
  HEADER_LFU_LOG_FACTOR,
  HEADER_MISSES,
} from '../../host/kernel/kernel.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

const number = (kernel: TestKernel, ...command: string[]) => Number(kernel.text(...command).slice(1));

describe.each(BUILDS)('the access clock, $memory $mode', (build) => {
  it('under LRU is the second of the last use, round the end of its 24 bits', () => {
    const k = openKernel(build);
    k.lruClock = 0xfffff0;
    k.call('SET', 'k', 'v');
    k.lruClock = 0xfffff9;
    expect(number(k, 'OBJECT', 'IDLETIME', 'k')).toBe(9);
    k.call('GET', 'k');
    k.lruClock = 5;
    expect(number(k, 'OBJECT', 'IDLETIME', 'k')).toBe(12);
    for (const quiet of [
      ['EXISTS', 'k'],
      ['TTL', 'k'],
      ['TYPE', 'k'],
      ['SCAN', '0'],
      ['OBJECT', 'ENCODING', 'k'],
      ['RANDOMKEY'],
    ])
      k.call(...quiet);
    expect(number(k, 'OBJECT', 'IDLETIME', 'k')).toBe(12);
    k.flags |= abi.CALL_NO_TOUCH;
    k.call('GET', 'k');
    expect(number(k, 'OBJECT', 'IDLETIME', 'k')).toBe(12);
    k.flags &= ~abi.CALL_NO_TOUCH;
    k.call('TOUCH', 'k');
    expect(number(k, 'OBJECT', 'IDLETIME', 'k')).toBe(0);
    expect(k.text('OBJECT', 'FREQ', 'k')).toMatch(/^-ERR An LFU maxmemory policy is not selected/);
  });

  it('under LFU counts uses, ever more rarely, and forgets by the minute', () => {
    const k = openKernel(build);
    k.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_LFU);
    k.lruClock = 100 << 8;
    k.call('SET', 'k', 'v');
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBe(5);
    for (let i = 0; i < 100; i++) k.call('GET', 'k');
    const used = number(k, 'OBJECT', 'FREQ', 'k');
    // A factor of ten: a hundred uses raise the counter to about ten, a hundred thousand to about 143.
    expect(used).toBeGreaterThan(6);
    expect(used).toBeLessThan(25);
    k.call('SET', 'k', 'other');
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBeGreaterThanOrEqual(used);
    const kept = number(k, 'OBJECT', 'FREQ', 'k');
    k.lruClock = 103 << 8;
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBe(kept - 3);
    k.lruClock = 200 << 8;
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBe(0);
    k.shard.setHeader(HEADER_LFU_DECAY, 0);
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBe(kept);
    k.shard.setHeader(HEADER_LFU_LOG_FACTOR, 0);
    for (let i = 0; i < 300; i++) k.call('GET', 'k');
    expect(number(k, 'OBJECT', 'FREQ', 'k')).toBe(255);
    expect(k.text('OBJECT', 'IDLETIME', 'k')).toMatch(/^-ERR An LFU maxmemory policy is selected/);
    k.call('COPY', 'k', 'copy');
    expect(number(k, 'OBJECT', 'FREQ', 'copy')).toBe(5);
    k.call('RENAME', 'k', 'renamed');
    expect(number(k, 'OBJECT', 'FREQ', 'renamed')).toBe(255);
  });

  it('hits and misses are counted for reads', () => {
    const k = openKernel(build);
    k.call('SET', 'k', 'v');
    for (const command of [
      ['GET', 'k'],
      ['GET', 'none'],
      ['MGET', 'k', 'none'],
      ['EXISTS', 'k', 'k', 'none'],
      ['TTL', 'none'],
    ])
      k.call(...command);
    expect(k.counter(HEADER_HITS)).toBe(4);
    expect(k.counter(HEADER_MISSES)).toBe(4);
  });

  it('MEMORY USAGE says what a key takes, and a longer value takes more', () => {
    const k = openKernel(build);
    for (let i = 0; i < 1000; i++) k.call('SET', `other:${i}`, 'v');
    k.call('SET', 'k', 'v'.repeat(16));
    const small = number(k, 'MEMORY', 'USAGE', 'k');
    expect(small).toBeGreaterThan(16);
    expect(small).toBeLessThan(100);
    k.call('SET', 'k', 'v'.repeat(10_000));
    const large = number(k, 'MEMORY', 'USAGE', 'k');
    expect(large).toBeGreaterThan(10_000);
    expect(large).toBeLessThan(16_000);
    expect(k.text('MEMORY', 'USAGE', 'none')).toBe('$-1\r\n');
    expect(k.text('MEMORY', 'USAGE', 'k', 'SAMPLES', '-1')).toBe('-ERR syntax error\r\n');
  });

  it('a million bytes of keys and values are accounted for, to the block', () => {
    const k = openKernel(build);
    k.call('SET', 'first', 'v');
    const empty = k.shard.calls.usedBytes();
    for (let i = 0; i < 1000; i++) k.call('SET', `key:${i}`, 'v'.repeat(1000));
    const used = k.shard.calls.usedBytes() - empty;
    expect(used).toBeGreaterThan(1_000_000);
    expect(used).toBeLessThan(1_300_000);
    expect(k.shard.calls.committedBytes()).toBeGreaterThanOrEqual(k.shard.calls.usedBytes());
  });
});
