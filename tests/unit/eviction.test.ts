// What the kernel draws and evicts: the candidates of each policy, and what becomes of those that are named.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { ALLOWANCE_EVICTED, ALLOWANCE_GRANULES } from '../../host/kernel/allowance.js';
import { HEADER_FLAG_LFU, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { takeLog } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

interface Candidate {
  score: number;
  low: number;
  high: number;
  db: number;
}

function sample(k: TestKernel, policy: number, samples: number): Candidate[] {
  k.stamp(1);
  const s = k.shard;
  const count = s.calls.evictSample(s.window, policy, samples) >>> 0;
  return Array.from({ length: count }, (_, i) => {
    const at = s.window + abi.CONTROL_CANDIDATES + i * 24;
    return {
      score: s.float(at),
      low: s.words[(at >> 2) + 2],
      high: s.words[(at >> 2) + 3],
      db: s.words[(at >> 2) + 4],
    };
  });
}
function evict(k: TestKernel, policy: number, { db, low, high }: Candidate): number {
  k.stamp(1);
  return k.shard.calls.evictKey(k.shard.window, policy, db, low, high);
}
/** Evicts the best of a sample that holds every key; the name of what went. */
function evictBest(k: TestKernel, policy: number, names: readonly string[]): string {
  const before = new Set(names.filter((name) => k.text('EXISTS', name) === ':1\r\n'));
  const [best] = sample(k, policy, 64);
  expect(evict(k, policy, best)).toBeGreaterThan(0);
  const gone = [...before].filter((name) => k.text('EXISTS', name) === ':0\r\n');
  expect(gone).toHaveLength(1);
  return gone[0];
}
const names = Array.from({ length: 12 }, (_, i) => `key:${i}`);

describe.each(BUILDS)('eviction in one shard, $memory $mode', (build) => {
  it('by LRU takes what was used longest ago, round the end of the clock', () => {
    const k = openKernel(build);
    names.forEach((name, i) => {
      k.lruClock = (0xfffffa + i) & 0xffffff;
      k.call('SET', name, 'v');
    });
    k.lruClock = 100;
    k.call('GET', 'key:0');
    expect(evictBest(k, abi.EVICT_LRU, names)).toBe('key:1');
    expect(evictBest(k, abi.EVICT_LRU, names)).toBe('key:2');
    const scores = sample(k, abi.EVICT_LRU, 64).map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(scores).toHaveLength(10);
    expect(k.check()).toBe(0);
  });

  it('by LFU takes what was used least, forgetting by the minute', () => {
    const k = openKernel(build);
    k.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_LFU);
    k.lruClock = 100 << 8;
    for (const name of names) k.call('SET', name, 'v');
    for (const name of names) if (name !== 'key:7') for (let i = 0; i < 300; i++) k.call('GET', name);
    expect(evictBest(k, abi.EVICT_LFU, names)).toBe('key:7');
    k.lruClock = 150 << 8;
    for (const name of names) if (name !== 'key:3' && k.text('EXISTS', name) === ':1\r\n') k.call('GET', name);
    const best = evictBest(k, abi.EVICT_LFU, names);
    // All have decayed to nothing in fifty minutes; the others have been used once since.
    expect(best).toBe('key:3');
  });

  it('by TTL takes what expires first, and never what does not', () => {
    const k = openKernel(build);
    names.forEach((name, i) => {
      if (i % 3 === 0) k.call('SET', name, 'v');
      else k.call('SET', name, 'v', 'PX', 1_000_000 - i);
    });
    const policy = abi.EVICT_TTL | abi.EVICT_VOLATILE;
    expect(k.shard.calls.evictableKeys(policy)).toBe(8);
    expect(evictBest(k, policy, names)).toBe('key:11');
    expect(evictBest(k, policy, names)).toBe('key:10');
    expect(evictBest(k, policy, names)).toBe('key:8');
    for (let i = 0; i < 5; i++) evictBest(k, policy, names);
    expect(k.shard.calls.evictableKeys(policy)).toBe(0);
    expect(sample(k, policy, 64)).toEqual([]);
    expect(k.text('DBSIZE')).toBe(':4\r\n');
    expect(k.check()).toBe(0);
  });

  it('of volatile policies, finds the few keys that have an expiry among many', () => {
    const k = openKernel(build);
    const commands = Array.from({ length: 30_000 }, (_, i) => ['SET', `stays:${i}`, 'v']);
    k.feedAll(commands);
    for (const name of names.slice(0, 3)) k.call('SET', name, 'v', 'EX', 1000);
    for (const criterion of [abi.EVICT_LRU, abi.EVICT_LFU, abi.EVICT_RANDOM]) {
      const policy = criterion | abi.EVICT_VOLATILE;
      let found: Candidate[] = [];
      for (let i = 0; i < 50 && found.length === 0; i++) found = sample(k, policy, 5);
      expect(found.length).toBeGreaterThan(0);
      expect(evict(k, policy, found[0])).toBeGreaterThan(0);
    }
    expect(k.text('DBSIZE')).toBe(':30000\r\n');
    expect(k.shard.calls.databaseExpires(0)).toBe(0);
    expect(k.check()).toBe(0);
  });

  it('draws at random from everywhere, about evenly', () => {
    const k = openKernel(build);
    const count = 4000;
    k.feedAll(Array.from({ length: count }, (_, i) => ['SET', `k${i}`, 'v']));
    const seen = new Map<string, number>();
    for (let i = 0; i < 4000; i++) {
      const [{ low, high }] = sample(k, abi.EVICT_RANDOM, 1);
      const name = `${low} ${high}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    // 63 % of the keys would be expected of an even draw, 4000 times out of 4000.
    expect(seen.size).toBeGreaterThan(count * 0.45);
    expect(Math.max(...seen.values())).toBeLessThan(20);
  });

  it('draws from every database, and evicts where the key is', () => {
    const k = openKernel(build);
    for (const db of [0, 5, 15]) {
      k.db = db;
      k.lruClock = 1000 - db;
      k.call('SET', 'same', 'v');
    }
    k.lruClock = 2000;
    const all = sample(k, abi.EVICT_LRU, 5);
    expect(all.map(({ db }) => db)).toEqual([15, 5, 0]);
    expect(evict(k, abi.EVICT_LRU, all[1])).toBeGreaterThan(0);
    expect([0, 5, 15].map((db) => k.shard.calls.databaseKeys(db))).toEqual([1, 0, 1]);
  });

  it('logs a DEL in the right database, counts the key, and answers when it is gone already', () => {
    const k = openKernel(build).logOn();
    k.db = 3;
    k.call('SET', 'k', 'v'.repeat(5000));
    k.dropLog();
    const [best] = sample(k, abi.EVICT_LRU, 5);
    expect(evict(k, abi.EVICT_LRU, best)).toBeGreaterThan(5000);
    expect(evict(k, abi.EVICT_LRU, best)).toBe(-1);
    expect(k.counter(ALLOWANCE_EVICTED)).toBe(1);
    const { commands } = takeLog(k);
    expect(commands.map((args) => args.map((arg) => arg.toString('latin1')))).toEqual([['\0DB3', 'DEL', 'k']]);
  });

  it('does not evict under a volatile policy what has lost its expiry since it was drawn', () => {
    const k = openKernel(build);
    k.call('SET', 'k', 'v', 'EX', 100);
    const policy = abi.EVICT_LRU | abi.EVICT_VOLATILE;
    const [best] = sample(k, policy, 5);
    k.call('PERSIST', 'k');
    expect(evict(k, policy, best)).toBe(-1);
    expect(k.text('EXISTS', 'k')).toBe(':1\r\n');
  });

  it('EVICT: a command that may make the data grow stops at the limit; the others go on', () => {
    const k = openKernel(build);
    k.call('SET', 'k', 'v');
    k.shard.setHeader(ALLOWANCE_GRANULES, 0);
    k.flags = 0;
    const statusOf = (...command: string[]) => {
      k.feed(frame(...command), 1);
      return k.status;
    };
    for (const command of [
      ['SET', 'k', 'w'],
      ['APPEND', 'k', 'w'],
      ['INCR', 'n'],
      ['MSET', 'a', 'b'],
      ['SETBIT', 'k', '1', '1'],
    ])
      expect(statusOf(...command), command[0]).toBe(abi.STATUS_EVICT);
    for (const command of [
      ['GET', 'k'],
      ['DEL', 'none'],
      ['EXPIRE', 'k', '100'],
      ['SET', 'k'],
      ['GETDEL', 'none'],
      ['DBSIZE'],
    ])
      expect(statusOf(...command), command[0]).toBe(abi.STATUS_DONE);
    expect(k.text('GET', 'k')).toBe('$1\r\nv\r\n');
    k.flags = abi.CALL_EVICTED;
    expect(k.text('SET', 'k', 'w')).toBe('+OK\r\n');
    k.flags = abi.CALL_OOM;
    const oom = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    expect(k.feed(Buffer.concat([frame('SET', 'k', 'x'), frame('GET', 'k'), frame('DEL', 'k')])).toString()).toBe(
      `${oom}$1\r\nw\r\n:1\r\n`,
    );
    expect(k.shard.control(abi.CONTROL_ERROR_KINDS + 8)).toBe(1);
  });
});
