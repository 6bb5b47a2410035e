// The clocks that a thread stamps its kernel calls with.
import { HEADER_FLAG_LFU, HEADER_FLAGS, type ShardKernel } from '../kernel/kernel.js';
import type { Clock } from './frame-runner.js';

/** Time of day, and the access clock of whichever kind the shard's header asks for. */
export class SystemClock implements Clock {
  constructor(readonly shard: ShardKernel) {}

  /** Unix milliseconds. */
  nowMs(): number {
    return Date.now();
  }

  /** 24 bits: seconds under LRU; under LFU minutes modulo 2^16, shifted over the counter's 8 bits. */
  lruClock(nowMs: number): number {
    const seconds = Math.floor(nowMs / 1000);
    if ((this.shard.header(HEADER_FLAGS) & HEADER_FLAG_LFU) === 0) return seconds & 0xffffff;
    return (Math.floor(seconds / 60) & 0xffff) << 8;
  }
}
