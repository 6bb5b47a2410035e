// SORT by hand and against a plain sort: large inputs in every form, memory that ends, what the log says, and numbers
// that redis-server cannot be asked about.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { type Arg, frame, openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const NOT_NUMBERS = "-ERR One or more scores can't be converted into double\r\n";

const list = (reply: Buffer) => decode(reply) as (string | null)[];
const range = <T>(count: number, item: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => item(i));
const bytes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function push(kernel: TestKernel, name: 'RPUSH' | 'SADD' | 'ZADD', key: string, elements: readonly string[]): void {
  for (let from = 0; from < elements.length; from += 500) {
    const part = elements.slice(from, from + 500);
    kernel.call(name, key, ...(name === 'ZADD' ? part.flatMap((element) => ['1', element]) : part));
  }
}

describe.each(BUILDS)('SORT, $memory $mode', (build) => {
  const seed = runSeed('tests/unit/sort.test.ts');

  it.each([0, 1, 2, 3])('orders thousands of elements as a stable sort does, run %i', (run) => {
    const random = new Random(deriveSeed(seed, run));
    const kernel = openKernel(build);
    if (run % 2 === 1) setLimits(kernel, { packedEntriesMax: 0, setMaxIntsetEntries: 0 });
    const count = random.between(1500, 4000);
    const number = random.pick([
      () => String(random.below(500)),
      () => String(random.below(1 << 30)),
      () => (random.below(100_000) / 1000).toString(),
    ]);
    // Orders that are easy for some ways of sorting, and hard for others.
    const shape = random.pick(['random', 'ascending', 'descending', 'saw']);
    const elements = range(count, (i) =>
      shape === 'random' ? number() : String(shape === 'ascending' ? i : shape === 'descending' ? -i : i % 17),
    );
    push(kernel, 'RPUSH', 'l', elements);
    push(kernel, 'SADD', 's', elements);
    push(kernel, 'ZADD', 'z', elements);
    const unique = [...new Set(elements)];
    const byNumber = (a: string, b: string) => Number(a) - Number(b) || bytes(a, b);
    for (const [key, all] of [
      ['l', elements],
      ['s', unique],
      ['z', unique],
    ] as const) {
      const up = all.toSorted(byNumber);
      expect(list(kernel.call('SORT', key))).toEqual(up);
      expect(list(kernel.call('SORT', key, 'DESC'))).toEqual(up.toReversed());
      expect(list(kernel.call('SORT', key, 'ALPHA'))).toEqual(all.toSorted(bytes));
      const [start, most] = [random.below(up.length), random.below(50)];
      expect(list(kernel.call('SORT_RO', key, 'LIMIT', start, most))).toEqual(up.slice(start, start + most));
      expect(kernel.text('SORT', key, 'STORE', 'out')).toBe(`:${up.length}\r\n`);
      expect(list(kernel.call('LRANGE', 'out', 0, -1))).toEqual(up);
    }
    // Few weights, so that most rows are equal: they keep the order they had.
    const weights = new Map(unique.map((element) => [element, random.oneIn(4) ? '' : random.pick(['a', 'b', 'ab'])]));
    for (const [element, weight] of weights) if (weight !== '') kernel.call('SET', `w_${element}`, weight);
    const byWeight = (a: string, b: string) => bytes(weights.get(a)!, weights.get(b)!);
    expect(list(kernel.call('SORT', 'l', 'BY', 'w_*', 'ALPHA'))).toEqual(elements.toSorted(byWeight));
    expect(kernel.check()).toBe(0);
  });

  it('refuses what is no number, or none that a double can be', () => {
    const kernel = openKernel(build);
    const sorted = (...elements: string[]) => {
      kernel.call('DEL', 'l');
      kernel.call('RPUSH', 'l', ...elements);
      return kernel.text('SORT', 'l');
    };
    for (const bad of ['x', '1x', '1 ', '1e400', '-1e400', '1e-400', 'nan', '--1', '1,5', '0x', ' ', '+', '.'])
      expect(sorted('1', bad), bad).toBe(NOT_NUMBERS);
    for (const good of ['', ' 1', '\t-1', '1e308', '0x1p-3', 'inf', '-Infinity', '1\0x', '\0', '+1', '.5', '5.'])
      expect(sorted('1', good), good).toMatch(/^\*2\r\n/);
    expect(kernel.text('SORT', 'l', 'BY', 'w_*')).toMatch(/^\*2\r\n/);
    kernel.call('SET', 'w_1', 'x');
    expect(kernel.text('SORT', 'l', 'BY', 'w_*')).toBe(NOT_NUMBERS);
    expect(kernel.text('SORT', 'l', 'BY', 'w_*', 'LIMIT', 0, 0)).toBe(NOT_NUMBERS);
    expect(kernel.text('SORT', 'l', 'BY', 'w_*', 'ALPHA')).toMatch(/^\*2\r\n/);
    expect(kernel.check()).toBe(0);
  });

  it('finds what patterns name in every form that a value has', () => {
    const kernel = openKernel(build);
    const long = 'L'.repeat(100_000);
    kernel.call('RPUSH', 'l', 'a', 'b', 'c', '4', 'e'.repeat(70_000));
    kernel.call('MSET', 'v_a', 'short', 'v_b', '12345', 'v_c', long, `v_${'e'.repeat(70_000)}`, 'far');
    kernel.call('HSET', 'h_a', 'f', 'text');
    kernel.call('HSET', 'h_b', 'f', '77');
    kernel.call('HSET', 'h_c', 'f', long);
    kernel.call('HSET', 'h_4', ...range(600, (i) => [`f${i}`, String(i)]).flat(), 'f', '-8');
    const wanted = ['short', 'text', '12345', '77', long, long, null, '-8', 'far', null];
    expect(list(kernel.call('SORT', 'l', 'BY', 'nosort', 'GET', 'v_*', 'GET', 'h_*->f'))).toEqual(wanted);
    const stored = wanted.map((item) => item ?? '');
    expect(kernel.text('SORT', 'l', 'BY', 'nosort', 'GET', 'v_*', 'GET', 'h_*->f', 'STORE', 'out')).toBe(':10\r\n');
    expect(list(kernel.call('LRANGE', 'out', 0, -1))).toEqual(stored);
    // As texts: 12345 < far < short, nothing first; '-8' < '77' < 'L…' < 'text'.
    const order = (...command: string[]) => list(kernel.call('SORT', 'l', ...command)).map((item) => item!.slice(0, 1));
    expect(order('BY', 'v_*', 'ALPHA')).toEqual(['4', 'b', 'c', 'e', 'a']);
    expect(order('BY', 'h_*->f', 'ALPHA')).toEqual(['e', '4', 'b', 'c', 'a']);
    kernel.call('PEXPIRE', 'v_a', 10);
    kernel.now += 11;
    expect(list(kernel.call('SORT', 'l', 'BY', 'nosort', 'GET', 'v_*'))[0]).toBeNull();
    expect(kernel.text('EXISTS', 'v_a')).toBe(':0\r\n');
    expect(kernel.check()).toBe(0);
  });

  it('survives memory that ends at any request, and gives back all that it took', () => {
    const prepared = () => {
      const kernel = openKernel(build, { logBytes: 1 << 20 });
      kernel.call('RPUSH', 'l', ...range(300, (i) => String((i * 7919) % 311)), 'k'.repeat(70_000));
      kernel.call('MSET', ...range(311, (i) => [`w_${i}`, `v${i % 7}`]).flat());
      kernel.call('RPUSH', 'out', 'x');
      return kernel;
    };
    const untouched = digestOf(prepared());
    const commands: Arg[][] = [
      ['SORT', 'l', 'ALPHA', 'STORE', 'out'],
      ['SORT', 'l', 'BY', 'w_*', 'ALPHA', 'GET', '#', 'GET', 'w_*', 'STORE', 'out'],
      ['SORT', 'l', 'BY', 'w_*', 'ALPHA', 'LIMIT', 5, 20],
    ];
    let refused = 0;
    for (const command of commands) {
      for (let n = 1; ; n += 1 + (n >> 3)) {
        expect(n).toBeLessThan(1000);
        const kernel = prepared();
        const used = kernel.shard.calls.usedBytes();
        kernel.logOn();
        kernel.failIn(n);
        const reply = kernel.text(...command);
        const failed = kernel.failLeft() === 0;
        kernel.failIn(0);
        expect(kernel.check()).toBe(0);
        const log = takeLog(kernel);
        if (reply.startsWith('-OOM')) {
          refused++;
          expect(digestOf(kernel)).toBe(untouched);
          while (kernel.shard.calls.reclaim(1000) !== 0);
          expect(kernel.shard.calls.usedBytes()).toBe(used);
        }
        const second = prepared();
        replayLog(log, second);
        expect(digestOf(second)).toBe(digestOf(kernel));
        if (!failed) break;
      }
    }
    expect(refused).toBeGreaterThan(8);
  });

  it('logs what it stored by value, and nothing else', () => {
    const kernel = openKernel(build).logOn();
    kernel.call('SADD', 's', 'b', 'a', 'c');
    kernel.call('ZADD', 'z', '1', 'x');
    kernel.dropLog();
    const names = (...command: string[]) => {
      kernel.call(...command);
      return takeLog(kernel).commands.map((args) => `${args[0]} ${args[1]}`);
    };
    expect(names('SORT', 's', 'ALPHA')).toEqual([]);
    expect(names('SORT', 'z', 'ALPHA')).toEqual([]);
    expect(names('SORT_RO', 's', 'BY', 'nosort')).toEqual([]);
    expect(names('SORT', 's', 'ALPHA', 'STORE', 'out')).toEqual(['RESTORE out']);
    expect(names('SORT', 'none', 'STORE', 'out')).toEqual(['DEL out']);
    expect(names('SORT', 'none', 'STORE', 'out')).toEqual([]);
    expect(kernel.text('OBJECT', 'ENCODING', 'z')).toContain('skiplist');
  });

  it('of much is left to the slow lane, before anything is touched', () => {
    const kernel = openKernel(build);
    push(kernel, 'RPUSH', 'l', range(5000, String));
    push(kernel, 'RPUSH', 'm', range(1200, String));
    kernel.flags = 0;
    const status = (...command: Arg[]) => {
      kernel.feed(frame(...command), 1);
      return kernel.status;
    };
    expect(status('SORT', 'l')).toBe(abi.STATUS_SLOW);
    expect(status('SORT_RO', 'l', 'LIMIT', 0, 1)).toBe(abi.STATUS_SLOW);
    expect(status('SORT', 'm', 'BY', 'w_*', 'GET', '#')).toBe(abi.STATUS_SLOW);
    expect(status('SORT', 'm')).toBe(abi.STATUS_DONE);
    expect(status('SORT', 'none', 'BY', 'w_*')).toBe(abi.STATUS_DONE);
  });
});
