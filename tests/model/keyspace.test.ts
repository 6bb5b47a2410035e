// The keyspace against a plain Map: random commands under a clock that the test moves, growth to many keys and back to
// none, and what SCAN, RANDOMKEY and DBSIZE promise meanwhile.
import { describe, expect, it } from 'vitest';
import type { TestKernel } from '../support/kernel.js';
import { openKernel } from '../support/kernel.js';
import { CommandDraw, KeyspaceModel } from '../support/keyspace-model.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const OPERATIONS = LONG ? 300_000 : 12_000;
const CHECK_EVERY = 400;
const GROWTH_KEYS = 200_000;

/** Expires, on both sides, whatever is due. */
function expireAll(kernel: TestKernel, model: KeyspaceModel): void {
  model.expireAll();
  kernel.expire(1 << 20);
}

/** Every key, value and deadline of every database, and the kernel's own check. */
function compareWhole(kernel: TestKernel, model: KeyspaceModel): void {
  expect(kernel.check()).toBe(0);
  expireAll(kernel, model);
  model.databases.forEach((space, db) => {
    kernel.db = db;
    expect(kernel.text('DBSIZE'), `db ${db}`).toBe(`:${space.size}\r\n`);
    const deadlines = [...space.values()].filter(({ expires }) => expires !== -1).length;
    expect(kernel.shard.calls.databaseExpires(db)).toBe(deadlines);
    const keys = decode(kernel.call('KEYS', '*'), { binary: true }) as Buffer[];
    expect(keys.map((key) => key.toString('latin1')).sort()).toEqual([...space.keys()].sort());
    for (const [key, { value, expires }] of space) {
      expect(kernel.text('GET', key) === `$${value.length}\r\n${value}\r\n`, `value of ${key.slice(0, 40)}`).toBe(true);
      expect(kernel.text('PEXPIRETIME', key)).toBe(`:${expires}\r\n`);
    }
  });
  expect(kernel.check()).toBe(0);
}

/** One SCAN call: the next cursor and the keys. */
function scan(kernel: TestKernel, cursor: string, ...options: string[]): [cursor: string, keys: string[]] {
  const [next, keys] = decode(kernel.call('SCAN', cursor, ...options), { binary: true }) as [Buffer, Buffer[]];
  return [next.toString(), keys.map((key) => key.toString('latin1'))];
}

describe.each(BUILDS)('the keyspace, $memory $mode', (build) => {
  const seed = runSeed('tests/model/keyspace.test.ts');

  it.each([0, 1, 2])('answers random commands as a Map does, run %i', (run) => {
    const random = new Random(deriveSeed(seed, run));
    const model = new KeyspaceModel();
    const draw = new CommandDraw(random, model, 60, run === 2 ? 2000 : 60);
    const kernel = openKernel(build, { seed: random.word() });
    if (run === 1) kernel.logOn();
    for (let i = 0; i < OPERATIONS / 3; i++) {
      if (random.oneIn(20)) model.now += random.pick([1, 10, 1000, 30_000, 600_000]);
      if (random.oneIn(10)) model.db = random.oneIn(3) ? random.below(16) : 0;
      kernel.now = model.now;
      kernel.db = model.db;
      if (random.oneIn(50)) kernel.expire(random.pick([1, 10, 1000]));
      if (random.oneIn(50)) kernel.shard.calls.reclaim(random.pick([1, 10, 1000]));
      const command = draw.command();
      const expected = model.apply(command);
      const reply = kernel.text(...command);
      if (reply !== expected) {
        const shown = command.map((arg) => JSON.stringify(arg.slice(0, 60))).join(' ');
        expect.fail(
          `${shown}: ${reply.slice(0, 100)}, not ${expected.slice(0, 100)} (LATCHKEY_SEED=${seed}, run ${run}, step ${i})`,
        );
      }
      if (i % CHECK_EVERY === 0) compareWhole(kernel, model);
      if (kernel.shard.calls.logBacklog() > 1 << 20) kernel.dropLog();
    }
    compareWhole(kernel, model);
    for (const db of model.databases.keys()) {
      kernel.db = db;
      kernel.call('FLUSHDB');
    }
    while (kernel.shard.calls.reclaim(100) !== 0);
    expect(kernel.check()).toBe(0);
  });

  it('grows to many keys and back to none', () => {
    const kernel = openKernel(build);
    const batch = (from: number, make: (i: number) => string[]) =>
      kernel.feedAll(Array.from({ length: 1000 }, (_, i) => make(from + i)));
    for (let i = 0; i < GROWTH_KEYS; i += 1000)
      batch(i, (n) => ['SET', `key:${n}`, `value:${n}`, ...(n % 3 === 0 ? ['PX', '5000'] : [])]);
    expect(kernel.text('DBSIZE')).toBe(`:${GROWTH_KEYS}\r\n`);
    expect(kernel.shard.calls.databaseExpires(0)).toBe(Math.ceil(GROWTH_KEYS / 3));
    expect(kernel.check()).toBe(0);
    for (let i = 0; i < GROWTH_KEYS; i += 97) expect(kernel.text('GET', `key:${i}`)).toContain(`value:${i}\r\n`);
    kernel.now += 5001;
    let expired = 0;
    for (let calls = 0; calls < 100_000; calls++) {
      const now = kernel.expire(500);
      expired += now;
      if (kernel.expiryStale() === 0) break;
    }
    expect(expired).toBe(Math.ceil(GROWTH_KEYS / 3));
    expect(kernel.check()).toBe(0);
    for (let i = 0; i < GROWTH_KEYS; i += 1000) batch(i, (n) => ['DEL', `key:${n}`]);
    expect(kernel.text('DBSIZE')).toBe(':0\r\n');
    expect(kernel.text('RANDOMKEY')).toBe('$-1\r\n');
    expect(scan(kernel, '0', 'COUNT', '1000000')).toEqual(['0', []]);
    expect(kernel.check()).toBe(0);
  });

  it('gives SCAN every key that is there throughout, whatever comes and goes meanwhile', () => {
    const random = new Random(deriveSeed(seed, 100));
    for (const count of [1, 7, 10, 100, 1000]) {
      const kernel = openKernel(build, { seed: random.word() });
      const lasting = new Set<string>();
      for (let i = 0; i < 3000; i++) lasting.add(`lasting:${i}`);
      kernel.feedAll([...lasting].map((key) => ['SET', key, 'v']));
      const seen = new Set<string>();
      let cursor = '0';
      let passing = 0;
      let calls = 0;
      do {
        const [next, keys] = scan(kernel, cursor, 'COUNT', String(count));
        for (const key of keys) seen.add(key);
        expect(BigInt(next)).toBeLessThan(2n ** 53n);
        cursor = next;
        // Others come and go: enough of them that segments split under the cursor.
        const commands: string[][] = [];
        for (let i = 0; i < Math.min(count * 3, 4000); i++) commands.push(['SET', `passing:${passing++}`, 'v']);
        for (let i = 0; i < count; i++) commands.push(['DEL', `passing:${random.below(passing)}`]);
        kernel.feedAll(passing < 60_000 ? commands : []);
        calls++;
      } while (cursor !== '0' && calls < 100_000);
      expect(cursor).toBe('0');
      expect([...lasting].filter((key) => !seen.has(key))).toEqual([]);
      expect(calls).toBeGreaterThan(1);
      expect(kernel.check()).toBe(0);
    }
  });

  it('gives SCAN with MATCH and TYPE what matches, and nothing for a cursor that is not ours', () => {
    const kernel = openKernel(build);
    for (let i = 0; i < 300; i++) kernel.call('SET', `${i % 2 ? 'odd' : 'even'}:${i}`, 'v');
    const all = (...options: string[]) => {
      const keys: string[] = [];
      let cursor = '0';
      do {
        const [next, found] = scan(kernel, cursor, ...options);
        keys.push(...found);
        cursor = next;
      } while (cursor !== '0');
      return keys;
    };
    expect(all('MATCH', 'odd:*').length).toBe(150);
    expect(all('MATCH', 'even:?', 'COUNT', '3').sort()).toEqual(['even:0', 'even:2', 'even:4', 'even:6', 'even:8']);
    expect(all('TYPE', 'string', 'COUNT', '1').length).toBe(300);
    expect(all('TYPE', 'hash')).toEqual([]);
    expect(scan(kernel, String(2 ** 38))).toEqual(['0', []]);
    expect(scan(kernel, '18446744073709551615')).toEqual(['0', []]);
  });

  it('draws random keys about equally often', () => {
    const random = new Random(deriveSeed(seed, 200));
    // Sizes at which segments of two depths stand side by side, and a table that lost most of its keys.
    for (const [size, kept] of [
      [40, 40],
      [600, 600],
      [1100, 1100],
      [3000, 40],
    ]) {
      const kernel = openKernel(build, { seed: random.word() });
      for (let i = 0; i < size; i++) kernel.call('SET', `key:${i}`, 'v');
      for (let i = kept; i < size; i++) kernel.call('DEL', `key:${i}`);
      const counts = new Map<string, number>();
      const draws = kept * 60;
      for (let i = 0; i < draws; i++) {
        const key = kernel.text('RANDOMKEY');
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      expect(counts.size, `${kept} keys of ${size}`).toBe(kept);
      // Chi-squared over its degrees of freedom: about 1 when fair, 2 and more when half the keys come twice as often.
      const statistic = [...counts.values()].reduce((sum, n) => sum + (n - 60) ** 2 / 60, 0) / (kept - 1);
      expect(statistic, `${kept} keys of ${size}, seed ${seed}`).toBeLessThan(kept < 100 ? 2.5 : 1.5);
    }
  });

  it('never gives an expired key away, by any command that walks', () => {
    const kernel = openKernel(build);
    for (let i = 0; i < 500; i++) kernel.call('SET', `dead:${i}`, 'v', 'PX', '10');
    kernel.call('SET', 'live', 'v');
    kernel.now += 11;
    for (let i = 0; i < 50; i++) expect(kernel.text('RANDOMKEY')).toBe('$4\r\nlive\r\n');
    expect(kernel.text('KEYS', '*')).toBe('*1\r\n$4\r\nlive\r\n');
    expect(scan(kernel, '0', 'COUNT', '10000')).toEqual(['0', ['live']]);
    expect(kernel.text('DBSIZE')).toBe(':1\r\n');
    expect(kernel.check()).toBe(0);
  });
});
