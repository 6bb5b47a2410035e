// Hashes by hand: the same promises in each form, order and choice where there is one, what a full memory leaves behind,
// and how a large one goes away.
import { describe, expect, it } from 'vitest';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { type Limit, setLimits } from '../support/limits.js';
import { decode } from '../support/resp-client.js';
import { BUILDS } from '../support/wasm.js';

interface Form {
  form: string;
  limits: Partial<Record<Limit, number>>;
  /** Gives every hash a field with a deadline that is far away. */
  timed?: boolean;
}
const FORMS: Form[] = [
  { form: 'packed', limits: {} },
  { form: 'packed though large', limits: { hashMaxListpackEntries: 0 } },
  { form: 'a table', limits: { hashMaxListpackEntries: 0, packedEntriesMax: 0 } },
  { form: 'a table with a deadline', limits: {}, timed: true },
];

const ask = (kernel: TestKernel, ...args: string[]) => {
  const reply = decode(kernel.call(...args));
  return reply instanceof Error ? `-${reply.message}` : reply;
};
const pairsOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => [`field:${from + i}`, `value:${from + i}`]).flat();

/** Chi-squared over its degrees of freedom: about 1 when every outcome is equally likely. */
function unevenness(counts: Map<string, number>, outcomes: number): number {
  const draws = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const mean = draws / outcomes;
  const missing = (outcomes - counts.size) * mean;
  return ([...counts.values()].reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0) + missing) / (outcomes - 1);
}

describe.each(BUILDS)('hashes by hand, $memory $mode', (build) => {
  describe.each(FORMS)('$form', ({ limits, timed }) => {
    const open = () => {
      const kernel = openKernel(build, { logBytes: 1 << 20 });
      setLimits(kernel, limits);
      return kernel;
    };
    /** A hash of these pairs, in the form that this is about. */
    const make = (kernel: TestKernel, key: string, ...pairs: string[]) => {
      kernel.call('HSET', key, ...pairs);
      if (timed) {
        kernel.call('HEXPIRE', key, '100000', 'FIELDS', '1', pairs[0]);
        kernel.call('HPERSIST', key, 'FIELDS', '1', pairs[0]);
      }
    };

    it('keeps fields and values of every kind and length', () => {
      const k = open();
      const texts = [
        '',
        '0',
        '-1',
        '007',
        '12345678',
        '123456789',
        '-9223372036854775808',
        '9223372036854775808',
        '\0',
      ];
      for (const length of [1, 11, 12, 63, 64, 65, 127, 128, 255, 256, 4095, 4096, 65_535, 65_536, 70_000])
        texts.push('x'.repeat(length));
      make(k, 'h', 'first', 'v');
      for (const field of texts)
        for (const value of texts.filter((_, i) => i % 3 === texts.indexOf(field) % 3))
          k.call('HSET', 'h', field, value);
      expect(ask(k, 'HLEN', 'h')).toBe(texts.length + 1);
      for (const field of texts) {
        const value = texts.filter((_, i) => i % 3 === texts.indexOf(field) % 3).at(-1)!;
        expect(ask(k, 'HGET', 'h', field) === value, `${field.slice(0, 20)} (${field.length})`).toBe(true);
        expect(ask(k, 'HSTRLEN', 'h', field)).toBe(value.length);
      }
      expect(k.check()).toBe(0);
      for (const field of texts) expect(ask(k, 'HDEL', 'h', field)).toBe(1);
      expect(ask(k, 'HGETALL', 'h')).toEqual(['first', 'v']);
      expect(ask(k, 'HDEL', 'h', 'first')).toBe(1);
      expect(k.text('EXISTS', 'h')).toBe(':0\r\n');
      expect(k.check()).toBe(0);
    });

    it('answers maps and pairs under RESP3', () => {
      const k = open();
      make(k, 'h', 'a', '1');
      k.proto = 3;
      expect(k.text('HGETALL', 'h')).toBe('%1\r\n$1\r\na\r\n$1\r\n1\r\n');
      expect(k.text('HGETALL', 'none')).toBe('%0\r\n');
      expect(k.text('HRANDFIELD', 'h', '-2', 'WITHVALUES')).toBe(`*2\r\n${'*2\r\n$1\r\na\r\n$1\r\n1\r\n'.repeat(2)}`);
      expect(k.text('HRANDFIELD', 'h', '5', 'WITHVALUES')).toBe('*1\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n');
      expect(k.text('HKEYS', 'h')).toBe('*1\r\n$1\r\na\r\n');
      expect(k.text('HGET', 'h', 'b')).toBe('_\r\n');
      expect(k.text('HSCAN', 'h', '0')).toBe('*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\n1\r\n');
    });

    it('draws fields about equally often, alone, with repeats and without', () => {
      const k = open();
      const size = 30;
      make(k, 'h', ...pairsOf(size));
      const alone = new Map<string, number>();
      const add = (counts: Map<string, number>, field: string) => counts.set(field, (counts.get(field) ?? 0) + 1);
      for (let i = 0; i < 60 * size; i++) add(alone, ask(k, 'HRANDFIELD', 'h') as string);
      expect(unevenness(alone, size)).toBeLessThan(2.5);
      const repeated = new Map<string, number>();
      for (const field of ask(k, 'HRANDFIELD', 'h', String(-60 * size)) as string[]) add(repeated, field);
      expect(unevenness(repeated, size)).toBeLessThan(2.5);
      // Few of many, and many of few: drawn one by one, or chosen on a walk.
      for (const count of [3, 20]) {
        const without = new Map<string, number>();
        for (let i = 0; i < (60 * size) / count; i++) {
          const fields = ask(k, 'HRANDFIELD', 'h', String(count)) as string[];
          expect(new Set(fields).size).toBe(count);
          for (const field of fields) add(without, field);
        }
        expect(unevenness(without, size), `${count} of ${size}`).toBeLessThan(2.5);
      }
      const pairs = ask(k, 'HRANDFIELD', 'h', '7', 'WITHVALUES') as string[];
      for (let i = 0; i < pairs.length; i += 2) expect(pairs[i + 1]).toBe(pairs[i].replace('field', 'value'));
      expect(pairs.length).toBe(14);
    });

    it('is as it was, and so is its memory, when any request for memory fails', () => {
      const long = 'v'.repeat(300);
      const commands = [
        ['HSET', 'h', 'new', 'v'],
        ['HSET', 'h', 'a', 'longer than it was'],
        ['HSET', 'h', 'a', long],
        ['HSET', 'h', 'long', 'short'],
        ['HMSET', 'h', 'n1', long, 'n2', long],
        ['HSET', 'fresh', 'a', '1'],
        ['HSET', 'fresh', 'a', long],
        ['HSETNX', 'h', 'new', 'v'],
        ['HINCRBY', 'h', 'n', '1000000000000000'],
        ['HINCRBYFLOAT', 'h', 'n', '0.123456789'],
        ['HINCRBY', 'fresh', 'n', '1'],
        ['HDEL', 'h', 'a', 'long'],
        ['HDEL', 'h', 'a', 'long', 'n', 'field:0', 'field:1'],
        ['HEXPIRE', 'h', '100', 'FIELDS', '1', 'a'],
        ['HEXPIRE', 'h', '0', 'FIELDS', '1', 'a'],
        ['HSETEX', 'h', 'EX', '100', 'FIELDS', '1', 'a', long],
        ['HSETEX', 'fresh', 'EX', '100', 'FIELDS', '1', 'a', '1'],
        ['HGETEX', 'h', 'EX', '100', 'FIELDS', '1', 'long'],
        ['HGETDEL', 'h', 'FIELDS', '2', 'a', 'long'],
        ['HGETALL', 'h'],
      ];
      let failures = 0;
      const k = open().logOn();
      for (const command of commands) {
        for (let n = 1; n < 100; n++) {
          k.call('FLUSHALL');
          while (k.shard.calls.reclaim(1000) !== 0);
          make(k, 'h', 'a', '1', 'long', long, 'n', '5', ...pairsOf(2));
          k.dropLog();
          const before = k.shard.calls.digest(k.shard.window, 0);
          k.failIn(n);
          const reply = k.text(...command);
          const reached = k.failLeft() === 0;
          k.failIn(0);
          expect(k.check(), command.join(' ').slice(0, 60)).toBe(0);
          if (!reached) break;
          if (!reply.startsWith('-OOM')) continue;
          failures++;
          // Of several fields some may be done: then they are logged. Else everything is as it was.
          if (k.shard.calls.logBacklog() === 0) expect(k.shard.calls.digest(k.shard.window, 0)).toBe(before);
        }
      }
      expect(failures).toBeGreaterThan(20);
    });
  });

  it('keeps the order of fields while it is packed', () => {
    const k = openKernel(build);
    k.call('HSET', 'h', 'c', '1', 'a', '2', 'b', '3');
    k.call('HSET', 'h', 'a', '4');
    k.call('HDEL', 'h', 'c');
    k.call('HSET', 'h', 'c', '5');
    expect(ask(k, 'HGETALL', 'h')).toEqual(['a', '4', 'b', '3', 'c', '5']);
    expect(ask(k, 'HRANDFIELD', 'h', '9')).toEqual(['a', 'b', 'c']);
    expect(ask(k, 'HSCAN', 'h', '17', 'COUNT', '1')).toEqual(['0', ['a', '4', 'b', '3', 'c', '5']]);
  });

  it('becomes a table when it is large in any way, and not before', () => {
    const k = openKernel(build);
    const usage = (key: string) => ask(k, 'MEMORY', 'USAGE', key) as number;
    k.call('HSET', 'long', 'f', 'x'.repeat(100));
    // Reported as Redis would keep it; kept as is best here.
    expect(ask(k, 'OBJECT', 'ENCODING', 'long')).toBe('hashtable');
    expect(usage('long')).toBeLessThan(4096 + 1000);
    k.call('HSET', 'many', ...pairsOf(512));
    expect(ask(k, 'OBJECT', 'ENCODING', 'many')).toBe('listpack');
    k.call('HSET', 'many', 'one', 'more');
    expect(ask(k, 'OBJECT', 'ENCODING', 'many')).toBe('hashtable');
    expect(ask(k, 'HLEN', 'many')).toBe(513);
    for (let i = 0; i < 512; i++) expect(ask(k, 'HGET', 'many', `field:${i}`)).toBe(`value:${i}`);
    expect(k.check()).toBe(0);
  });

  it('gives HSCAN every field that is there throughout, while the table grows under the cursor', () => {
    const k = openKernel(build);
    for (let i = 0; i < 3000; i += 100) k.call('HSET', 'h', ...pairsOf(100, i));
    for (const count of [1, 10, 100, 1000]) {
      const seen = new Map<string, string>();
      let cursor = '0';
      let calls = 0;
      do {
        const [next, items] = ask(k, 'HSCAN', 'h', cursor, 'COUNT', String(count)) as [string, string[]];
        for (let i = 0; i < items.length; i += 2) seen.set(items[i], items[i + 1]);
        expect(items.length).toBeLessThanOrEqual(2 * (count + 60));
        cursor = next;
        if (calls < 100) k.call('HSET', 'h', ...pairsOf(Math.min(count * 2, 100), 10_000 + calls * 100));
        calls++;
      } while (cursor !== '0' && calls < 20_000);
      for (let i = 0; i < 3000; i++)
        expect(seen.get(`field:${i}`), `field:${i} with COUNT ${count}`).toBe(`value:${i}`);
      expect(calls).toBeGreaterThan(1);
    }
    expect(ask(k, 'HSCAN', 'h', '18446744073709551615')).toEqual(['0', []]);
    const [, matching] = ask(k, 'HSCAN', 'h', '0', 'COUNT', '1000000', 'MATCH', 'field:299?') as [string, string[]];
    expect(matching.filter((_, i) => i % 2 === 0).sort()).toEqual(
      Array.from({ length: 10 }, (_, i) => `field:299${i}`),
    );
    expect(k.check()).toBe(0);
  });

  it('draws a few of very many without looking at them all', () => {
    const k = openKernel(build);
    for (let i = 0; i < 50_000; i += 1000) k.call('HSET', 'h', ...pairsOf(1000, i));
    for (const count of [1, 10, 1000]) {
      const fields = ask(k, 'HRANDFIELD', 'h', String(count)) as string[];
      expect(new Set(fields).size).toBe(count);
    }
    // A table that lost nearly all of its fields still gives those that are left.
    for (let i = 40; i < 50_000; i += 1000)
      k.call('HDEL', 'h', ...Array.from({ length: Math.min(1000, 50_000 - i) }, (_, j) => `field:${i + j}`));
    const counts = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const field = ask(k, 'HRANDFIELD', 'h') as string;
      counts.set(field, (counts.get(field) ?? 0) + 1);
    }
    expect(counts.size).toBe(40);
    expect(unevenness(counts, 40)).toBeLessThan(2.5);
    expect(new Set(ask(k, 'HRANDFIELD', 'h', '39') as string[]).size).toBe(39);
    expect((ask(k, 'HRANDFIELD', 'h', '-100') as string[]).length).toBe(100);
    expect(k.check()).toBe(0);
  });

  it('goes at once and gives its memory back in slices', () => {
    const k = openKernel(build);
    k.call('SET', 'other', 'v');
    const before = k.shard.calls.usedBytes();
    for (let i = 0; i < 20_000; i += 1000) k.call('HSET', 'h', ...pairsOf(1000, i), `long:${i}`, 'x'.repeat(1000));
    const full = k.shard.calls.usedBytes();
    const usage = ask(k, 'MEMORY', 'USAGE', 'h') as number;
    // The key's share of the keyspace's own table is the difference.
    expect(Math.abs(usage - (full - before))).toBeLessThan(5000);
    expect(k.text('DEL', 'h')).toBe(':1\r\n');
    expect(full - k.shard.calls.usedBytes()).toBeLessThan(1000);
    let slices = 0;
    while (k.shard.calls.reclaim(500) !== 0) {
      slices++;
      expect(k.check()).toBe(0);
    }
    expect(slices).toBeGreaterThan(20);
    expect(k.shard.calls.usedBytes()).toBe(before);
    // A deadline leaves its bound where the freeing keeps its place.
    k.call('HSETEX', 'timed', 'EX', '100', 'FIELDS', '200', ...pairsOf(200));
    k.call('DEL', 'timed');
    while (k.shard.calls.reclaim(50) !== 0);
    expect(k.shard.calls.usedBytes()).toBe(before);
    expect(k.check()).toBe(0);
  });

  it('refuses what no memory could hold', () => {
    const k = openKernel(build);
    k.call('HSET', 'h', 'a', '1');
    expect(k.text('HRANDFIELD', 'h', '-9223372036854775807')).toMatch(/^-OOM/);
    expect(k.text('HRANDFIELD', 'h', '-4611686018427387903', 'WITHVALUES')).toMatch(/^-OOM/);
    expect(k.text('HGET', 'h', 'a')).toBe('$1\r\n1\r\n');
    expect(k.check()).toBe(0);
  });

  it('lets commands that would take long be handed over before they begin', () => {
    const k = openKernel(build);
    for (let i = 0; i < 10_000; i += 1000) k.call('HSET', 'h', ...pairsOf(1000, i));
    k.flags = 0;
    const status = (...args: string[]) => {
      k.feed(Buffer.from(`${args.join(' ')}\r\n`), 1);
      return k.status;
    };
    for (const line of ['HGETALL h', 'HKEYS h', 'HVALS h', 'HRANDFIELD h -100000', 'HSCAN h 0 COUNT 100000'])
      expect([line, status(...line.split(' '))]).toEqual([line, 4]);
    for (const line of ['HGET h field:1', 'HLEN h', 'HSET h a 1', 'HRANDFIELD h 10', 'HSCAN h 0', 'HGETALL none'])
      expect([line, status(...line.split(' '))]).toEqual([line, 0]);
  });
});
