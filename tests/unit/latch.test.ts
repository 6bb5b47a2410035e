// The latch as one thread sees it: who may take it, what a reservation does, and whom an unlock wakes. What several
// threads see is the parallel tests' business.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import {
  HEADER_LATCH_OWNER,
  HEADER_LATCH_RESERVED,
  HEADER_LATCH_WAITERS,
  HEADER_LATCH_WAKE_SEQ,
} from '../../host/kernel/kernel.js';
import { frame, openKernel } from '../support/kernel.js';
import { BUILDS } from '../support/wasm.js';

describe.each(BUILDS)('the latch, $memory $mode', (build) => {
  it('is one owner at a time', () => {
    const { shard } = openKernel(build);
    expect(shard.calls.begin(7, 0)).toBe(1);
    expect(shard.header(HEADER_LATCH_OWNER)).toBe(7);
    expect(shard.calls.begin(8, 0)).toBe(0);
    expect(shard.calls.begin(8, 1000)).toBe(0);
    expect(shard.calls.begin(7, 0)).toBe(0);
    shard.calls.end(7);
    expect(shard.header(HEADER_LATCH_OWNER)).toBe(0);
    expect(shard.calls.begin(8, 0)).toBe(1);
    shard.calls.end(8);
  });

  it('that is held makes `run` answer BUSY and touch nothing', () => {
    const k = openKernel(build);
    const s = k.shard;
    s.calls.begin(7, 0);
    s.bytes.set(frame('SET', 'k', 'v'), s.input);
    k.stamp(1);
    expect(s.calls.run(s.window, 0, frame('SET', 'k', 'v').length, 8, 10)).toBe(abi.STATUS_BUSY);
    expect(s.header(HEADER_LATCH_OWNER)).toBe(7);
    s.calls.end(7);
    expect(k.text('EXISTS', 'k')).toBe(':0\r\n');
  });

  it('that is reserved is for whom it is reserved', () => {
    const { shard } = openKernel(build);
    shard.setHeader(HEADER_LATCH_RESERVED, 5);
    expect(shard.calls.begin(6, 100)).toBe(0);
    expect(shard.header(HEADER_LATCH_OWNER)).toBe(0);
    expect(shard.calls.begin(5, 0)).toBe(1);
    shard.setHeader(HEADER_LATCH_RESERVED, 0);
    shard.calls.end(5);
    expect(shard.calls.begin(6, 0)).toBe(1);
    shard.calls.end(6);
  });

  it('raises the wake-up word when it is given back with somebody waiting, and only then', () => {
    const { shard } = openKernel(build);
    const seq = () => shard.header(HEADER_LATCH_WAKE_SEQ);
    const cycle = () => {
      shard.calls.begin(1, 0);
      shard.calls.end(1);
    };
    cycle();
    expect(seq()).toBe(0);
    shard.setHeader(HEADER_LATCH_WAITERS, 2);
    cycle();
    cycle();
    // One thread and unshared memory: there is nobody to wake.
    expect(seq()).toBe(build.memory === 'shared' ? 2 : 0);
    shard.setHeader(HEADER_LATCH_WAITERS, 0);
    cycle();
    expect(seq()).toBe(build.memory === 'shared' ? 2 : 0);
  });

  it('is free again after every status that `run` can answer', () => {
    const k = openKernel(build);
    for (const input of ['PING\r\n', 'NOSUCH\r\n', '*1\r\n', '*x\r\n', 'SET k\r\n']) {
      k.feed(Buffer.from(input));
      expect(k.shard.header(HEADER_LATCH_OWNER)).toBe(0);
    }
  });

  it('is checked when it is given back by somebody who does not hold it', () => {
    const { shard } = openKernel(build);
    expect(() => shard.calls.end(3)).toThrow();
  });
});
