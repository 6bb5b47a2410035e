// maxmemory over one shard and three: the limit holds whatever the mix of commands, what a policy spares is spared, and
// what cannot be kept below the limit is refused.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { ALLOWANCE_EVICTED } from '../../host/kernel/allowance.js';
import { EVICTION_POLICIES } from '../../host/server/config-parameters.js';
import { BATCH_MAX, timeLimitMs } from '../../host/worker/evictor.js';
import { policyNumber } from '../../host/worker/memory-limit.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS } from '../support/wasm.js';

const seed = runSeed('evictor');
const OOM = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const MIB = 1 << 20;

const evicted = (store: StoreInProcess) =>
  store.shards.reduce((sum, shard) => sum + shard.counter(ALLOWANCE_EVICTED), 0);

/** Fills the store over one connection, `at` commands to a read, until `until` says so; the most that was ever used. */
function fill(store: StoreInProcess, count: number, at: number, make: (i: number) => (string | number)[]): number {
  let most = 0;
  for (let i = 0; i < count; i += at) {
    const commands = Array.from({ length: Math.min(at, count - i) }, (_, k) => make(i + k));
    store.pipeline(commands);
    most = Math.max(most, store.used);
  }
  return most;
}

describe.each(BUILDS)('maxmemory, $memory $mode', (build) => {
  describe.each([1, 3])('with %i shard(s)', (shardCount) => {
    it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random'])(
      '%s keeps the limit under a stream of writes',
      (policy) => {
        const store = new StoreInProcess(build, shardCount);
        const limit = MIB;
        store.limit(limit, policy);
        for (const at of [1, 50]) {
          const most = fill(store, 6000, at, (i) => ['SET', `key:${at}:${i}`, 'v'.repeat(100 + (i % 200))]);
          // One command more than the limit (it may split a segment of the table), or what was executed together with it.
          expect(most).toBeLessThanOrEqual(limit + (at === 1 ? 8192 : 50 * 600));
          expect(most).toBeGreaterThan(limit * 0.98);
        }
        expect(evicted(store)).toBeGreaterThan(5000);
        expect(store.keys()).toBe(12_000 - evicted(store));
        for (const shard of store.shards) {
          expect(shard.calls.check()).toBe(0);
          // No shard was emptied for the others.
          expect(shard.calls.databaseKeys(0)).toBeGreaterThan(store.keys() / shardCount / 2);
        }
      },
    );

    it.each(['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'])(
      '%s evicts keys with an expiry only, and refuses once there are none',
      (policy) => {
        const store = new StoreInProcess(build, shardCount);
        store.limit(MIB, policy);
        fill(store, 1500, 20, (i) => ['SET', `stays:${i}`, 'v'.repeat(200)]);
        fill(store, 6000, 20, (i) => ['SET', `goes:${i}`, 'v'.repeat(200), 'EX', 1000 + i]);
        expect(store.used).toBeLessThanOrEqual(MIB + 20 * 500);
        expect(evicted(store)).toBeGreaterThan(2500);
        expect(store.call('EXISTS', ...Array.from({ length: 60 }, (_, i) => `stays:${i * 25}`))).toBe(':60\r\n');
        // Keys without an expiry drive out all others; then nothing is left to evict.
        let refused = 0;
        for (let i = 0; i < 10_000 && refused === 0; i++) {
          if (store.call('SET', `more:${i}`, 'v'.repeat(200)) === OOM) refused++;
        }
        expect(refused).toBe(1);
        expect(store.shards.every((shard) => shard.calls.databaseExpires(0) === 0)).toBe(true);
        expect(store.call('DEL', 'stays:1', 'stays:2', 'stays:3', 'stays:4')).toBe(':4\r\n');
        expect(store.call('SET', 'again', 'v')).toBe('+OK\r\n');
      },
    );

    it('volatile-ttl evicts what expires first', () => {
      const store = new StoreInProcess(build, shardCount);
      store.limit(MIB, 'volatile-ttl', { maxmemorySamples: 10 });
      const random = new Random(deriveSeed(seed, shardCount));
      const order = random.shuffled(Array.from({ length: 8000 }, (_, i) => i));
      for (const i of order) store.call('SET', `k${i}`, 'v'.repeat(200), 'EX', 1000 + i);
      const left = (from: number) =>
        Array.from({ length: 1000 }, (_, i) => store.call('EXISTS', `k${from + i}`)).filter(
          (reply) => reply === ':1\r\n',
        ).length;
      expect(left(0)).toBeLessThan(150);
      expect(left(7000)).toBeGreaterThan(600);
    });

    it('allkeys-lru keeps what is used, allkeys-lfu what is used often', () => {
      for (const policy of ['allkeys-lru', 'allkeys-lfu']) {
        const store = new StoreInProcess(build, shardCount);
        store.limit(2 * MIB, policy, { maxmemorySamples: 10 });
        const hot = Array.from({ length: 200 }, (_, i) => `hot:${i}`);
        for (const name of hot) store.call('SET', name, 'v'.repeat(200));
        for (let i = 0; i < 30; i++) store.pipeline(hot.map((name) => ['GET', name]));
        for (let round = 0; round < 25; round++) {
          store.clock.now += 1000;
          fill(store, 500, 50, (i) => ['SET', `cold:${round}:${i}`, 'v'.repeat(200)]);
          store.pipeline(hot.map((name) => ['GET', name]));
        }
        const kept = hot.filter((name) => store.call('EXISTS', name) === ':1\r\n').length;
        expect(kept, policy).toBeGreaterThanOrEqual(195);
        expect(evicted(store), policy).toBeGreaterThan(3000);
      }
    });

    it('noeviction refuses what adds and allows what reads or shrinks, also in one read', () => {
      const store = new StoreInProcess(build, shardCount);
      store.limit(MIB);
      let count = 0;
      while (store.call('SET', `k${count}`, 'v'.repeat(1000)) === '+OK\r\n') count++;
      expect(count).toBeGreaterThan(500);
      expect(store.used).toBeGreaterThan(MIB);
      expect(store.used).toBeLessThan(MIB + 5000);
      expect(store.call('APPEND', 'k0', 'x')).toBe(OOM);
      expect(store.call('MSET', 'k1', 'x', 'k2', 'x')).toBe(OOM);
      expect(store.call('MGET', 'none', 'nothing')).toBe('*2\r\n$-1\r\n$-1\r\n');
      expect(store.call('EXPIRE', 'k0', '1000')).toBe(':1\r\n');
      expect(store.call('STRLEN', 'k0')).toBe(':1000\r\n');
      const gone = Array.from({ length: 10 }, (_, i) => `k${i + 10}`);
      expect(
        store.pipeline([
          ['SET', 'a', 'b'],
          ['DEL', ...gone],
          ['SET', 'a', 'b'],
          ['GET', 'a'],
        ]),
      ).toBe(`${OOM}:10\r\n+OK\r\n$1\r\nb\r\n`);
      expect(evicted(store)).toBe(0);
    });

    it('is lifted, lowered and raised while the store is in use', () => {
      const store = new StoreInProcess(build, shardCount);
      fill(store, 8000, 100, (i) => ['SET', `k${i}`, 'v'.repeat(200)]);
      const full = store.used;
      store.limit(full / 2, 'allkeys-random');
      expect(store.evictor.makeRoom()).toBe('room');
      expect(store.used).toBeLessThanOrEqual(full / 2);
      store.limit(0, 'allkeys-random');
      fill(store, 16_000, 100, (i) => ['SET', `more${i}`, 'v'.repeat(200)]);
      expect(store.used).toBeGreaterThan(full);
      store.limit(full / 2);
      expect(store.call('SET', 'a', 'b')).toBe(OOM);
      store.limit(store.used * 2);
      expect(store.call('SET', 'a', 'b')).toBe('+OK\r\n');
    });

    it('makes room for what was deleted and not yet freed by freeing it, and evicts nobody', async () => {
      const store = new StoreInProcess(build, shardCount);
      store.limit(2 * MIB, 'allkeys-lru');
      fill(store, 5000, 100, (i) => ['SET', `k${i}`, 'v'.repeat(200)]);
      await store.slow('FLUSHALL');
      expect(store.used).toBeGreaterThan(MIB);
      fill(store, 5000, 100, (i) => ['SET', `n${i}`, 'v'.repeat(200)]);
      expect(evicted(store)).toBe(0);
      expect(store.keys()).toBe(5000);
    });

    it('says for how long it was exceeded', () => {
      const store = new StoreInProcess(build, shardCount);
      store.limit(1);
      expect(store.call('SET', 'a', 'b')).toBe(OOM);
      store.clock.now += 500;
      expect(store.stats.exceededForMs(store.clock.now)).toBe(500);
      store.limit(MIB);
      expect(store.call('SET', 'a', 'b')).toBe('+OK\r\n');
      expect(store.stats.exceededForMs(store.clock.now)).toBe(0);
      expect(store.stats.exceededMs(store.clock.now + 5)).toBe(500);
    });

    it('lets commands pass when time is up, and goes on afterwards', () => {
      const store = new StoreInProcess(build, shardCount);
      fill(store, 8000, 100, (i) => ['SET', `k${i}`, 'v'.repeat(200)]);
      const before = store.used;
      store.limit(MIB, 'allkeys-lru', { maxmemoryEvictionTenacity: 0 });
      expect(store.evictor.makeRoom()).toBe('later');
      const replies = store.pipeline(Array.from({ length: 100 }, (_, i) => ['SET', `n${i}`, 'v']));
      expect(replies).toBe('+OK\r\n'.repeat(100));
      expect(store.used).toBeLessThan(before);
      while (store.evictor.makeRoom() === 'later');
      expect(store.used).toBeLessThanOrEqual(MIB);
      expect(BATCH_MAX).toBeLessThan(abi.FRAMES_MAX);
    });
  });
});

describe('policies', () => {
  it('have a number each, and none for noeviction', () => {
    const numbers = EVICTION_POLICIES.map(policyNumber);
    expect(new Set(numbers).size).toBe(8);
    expect(policyNumber('noeviction')).toBe(0);
    expect(policyNumber('volatile-ttl')).toBe(abi.EVICT_TTL | abi.EVICT_VOLATILE);
  });

  it('take half a millisecond by default, and as long as it takes at 100', () => {
    expect([0, 5, 10, 11, 100].map(timeLimitMs)).toEqual([0, 0.25, 0.5, 0.575, Number.POSITIVE_INFINITY]);
  });
});
