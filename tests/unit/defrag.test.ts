// Active defragmentation. Goal: a shard that grew and was emptied, or thinned, serves the same load again without growing.
import { describe, expect, it } from 'vitest';
import { DEFRAG_HITS, DEFRAG_KEY_HITS, DEFRAG_MISSES } from '../../host/kernel/defrag.js';
import { type Arg, openKernel, type TestKernel } from '../support/kernel.js';
import { digestOf } from '../support/log-replay.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const seed = runSeed('defrag');
const long = process.env.LATCHKEY_TEST_LONG !== undefined;
/** Half a million in the nightly tier; debug builds take long enough over less. */
const keysFor = (mode: string): number => (long ? 500_000 : mode === 'release' ? 100_000 : 20_000);

/** A pass over everything in slices; answers how many there were. */
function defragment(k: TestKernel, budget = 256): number {
  const { calls } = k.shard;
  let slices = 1;
  while (calls.defrag(budget) !== 0) slices++;
  calls.purge();
  return slices;
}

const committed = (k: TestKernel) => k.shard.calls.committedBytes();
const sparse = (k: TestKernel) => k.shard.calls.sparseBytes();

/** A command that makes key `i` of a load: strings of all lengths, numbers, deadlines, containers in their compact forms. */
function mixed(i: number, random: Random): Arg[] {
  const name = `key:${i}`;
  const value = () =>
    'v'.repeat(
      random.weighted([
        [6, random.between(1, 40)],
        [3, random.between(40, 400)],
        [1, random.between(400, 3000)],
      ]),
    );
  switch (random.below(8)) {
    case 0:
      return ['SET', name, i];
    case 1:
      return ['SET', name, value(), 'PX', 1_000_000_000];
    case 2:
      return ['HSET', name, ...Array.from({ length: random.between(1, 8) }, (_, k) => [`f${k}`, `${i}${k}`]).flat()];
    case 3:
      return ['SADD', name, ...Array.from({ length: random.between(1, 10) }, () => random.below(100_000))];
    case 4:
      return ['SADD', name, ...Array.from({ length: random.between(1, 6) }, () => `m${random.below(1000)}`)];
    default:
      return ['SET', name, value()];
  }
}

function load(k: TestKernel, count: number, part: number): void {
  const random = new Random(deriveSeed(seed, part));
  for (let i = 0; i < count; i += 2000) {
    k.feedAll(Array.from({ length: Math.min(2000, count - i) }, (_, n) => mixed(i + n, random)));
  }
}

/** Deletes every key but those that `keep` lets stay, in random order. */
function thin(k: TestKernel, count: number, keep: (i: number) => boolean): void {
  const random = new Random(deriveSeed(seed, 77));
  const gone = random.shuffled(Array.from({ length: count }, (_, i) => i).filter((i) => !keep(i)));
  for (let i = 0; i < gone.length; i += 500) k.call('DEL', ...gone.slice(i, i + 500).map((n) => `key:${n}`));
}

describe.each(BUILDS)('defragmentation, $memory $mode', (build) => {
  const count = keysFor(build.mode);

  it.each([0, 1, 2])(
    'a load that was deleted to the last key fits again without growth, defragmented %i times',
    (passes) => {
      const k = openKernel(build);
      load(k, count, 1);
      const grown = committed(k);
      thin(k, count, () => false);
      for (let i = 0; i < passes; i++) defragment(k);
      load(k, count, 1);
      expect(committed(k)).toBe(grown);
      expect(k.check()).toBe(0);
    },
  );

  it('a load thinned to one key in a hundred fits again without growth', () => {
    const k = openKernel(build);
    load(k, count, 1);
    const grown = committed(k);
    thin(k, count, (i) => i % 100 === 0);
    const wasSparse = sparse(k);
    const before = digestOf(k);
    defragment(k);
    expect(digestOf(k)).toBe(before);
    expect(k.check()).toBe(0);
    // What is left are the ends of slabs, and one begun slab of each size.
    expect(sparse(k)).toBeLessThan(wasSparse / 10 + 500_000);
    expect(k.counter(DEFRAG_HITS)).toBeGreaterThan(count / 200);
    expect(k.counter(DEFRAG_KEY_HITS)).toBeGreaterThan(count / 200);
    // The same load: another one, as random as this, may well be a per cent larger.
    load(k, count, 1);
    expect(committed(k)).toBeLessThanOrEqual(grown);
    expect(k.check()).toBe(0);
  });

  it('a second pass finds next to nothing to move', () => {
    const k = openKernel(build);
    load(k, 10_000, 3);
    thin(k, 10_000, (i) => i % 10 === 0);
    defragment(k);
    const moved = k.counter(DEFRAG_HITS);
    const left = sparse(k);
    defragment(k);
    expect(k.counter(DEFRAG_HITS) - moved).toBeLessThan(moved / 10);
    expect(sparse(k)).toBeLessThanOrEqual(left);
    expect(k.counter(DEFRAG_MISSES)).toBeGreaterThan(1000);
  });

  it('walks in slices through a large container, and what changes in between does no harm', () => {
    const k = openKernel(build);
    const random = new Random(deriveSeed(seed, 4));
    const members = (from: number) =>
      Array.from({ length: 500 }, (_, i) => `member:${from + i}:${'x'.repeat((from + i) % 50)}`);
    for (let i = 0; i < 20_000; i += 500) {
      k.call('SADD', 'set', ...members(i));
      k.call('HSET', 'hash', ...members(i).flatMap((field) => [field, `${field}${'y'.repeat(random.below(300))}`]));
    }
    const all = Array.from({ length: 40 }, (_, i) => members(i * 500)).flat();
    const gone = random.shuffled(all).slice(0, 19_000);
    for (let i = 0; i < gone.length; i += 500) {
      k.call('SREM', 'set', ...gone.slice(i, i + 500));
      k.call('HDEL', 'hash', ...gone.slice(i, i + 500));
    }
    const wasSparse = sparse(k);
    const before = digestOf(k);
    expect(defragment(k, 50)).toBeGreaterThan(20);
    expect(digestOf(k)).toBe(before);
    expect(k.check()).toBe(0);
    expect(sparse(k)).toBeLessThan(wasSparse / 4);
    // Now with changes between the slices.
    let slices = 0;
    while (k.shard.calls.defrag(20) !== 0 && slices < 5000) {
      slices++;
      const member = `new:${random.below(5000)}`;
      k.call(
        ...random.pick([
          ['SADD', 'set', member],
          ['SREM', 'set', member],
          ['HSET', 'hash', member, 'v'],
          ['HDEL', 'hash', member],
        ]),
      );
      if (random.oneIn(200)) k.call('DEL', random.pick(['set', 'hash']));
      if (random.oneIn(50)) k.call('SADD', 'set', ...members(random.below(10_000)));
      if (random.oneIn(50)) k.call('SET', random.pick(['set', 'hash']), 'a string now');
      if (random.oneIn(20)) k.call('DEL', random.pick(['set', 'hash']));
      if (slices % 50 === 0) expect(k.check()).toBe(0);
    }
    expect(k.check()).toBe(0);
  });

  it('walks in slices through long lists, streams and sorted sets, whatever is done to them meanwhile', () => {
    const k = openKernel(build);
    const random = new Random(deriveSeed(seed, 5));
    const element = () => 'e'.repeat(random.between(1, 400));
    for (let i = 0; i < 150; i++) k.call('RPUSH', 'list', ...Array.from({ length: 100 }, element));
    for (let i = 0; i < 150; i++) k.call('RPUSH', 'other', ...Array.from({ length: 100 }, element));
    for (let i = 1; i <= 6000; i++) k.call('XADD', 'stream', `${i}-1`, 'field', element());
    for (const group of ['g1', 'g2']) {
      k.call('XGROUP', 'CREATE', 'stream', group, '0');
      for (const [who, count] of [
        ['first', 2500],
        ['second', 60],
        ['third', 700],
      ] as const)
        k.call('XREADGROUP', 'GROUP', group, who, 'COUNT', count, 'STREAMS', 'stream', '>');
      for (let i = 1; i <= 3260; i++) if (i % 9 !== 0) k.call('XACK', 'stream', group, `${i}-1`);
    }
    for (let i = 0; i < 8000; i++) k.call('ZADD', 'ranks', random.below(500), `member ${i}`);
    for (let i = 0; i < 8000; i++) if (i % 9 !== 0) k.call('ZREM', 'ranks', `member ${i}`);
    const big = sparse(k);
    // Most of what lay between is gone: the lists shrink in place, the stream loses entries everywhere.
    for (let i = 0; i < 100; i++) k.call('LTRIM', 'list', '3', '-4');
    for (let i = 0; i < 120; i++) k.call('LINSERT', 'other', 'BEFORE', 'none', 'x');
    for (let i = 1; i <= 6000; i++) if (i % 50 !== 0) k.call('XDEL', 'stream', `${i}-1`);
    k.call('DEL', 'other');
    while (k.shard.calls.reclaim(1000) !== 0);
    const before = digestOf(k);
    expect(defragment(k, 40)).toBeGreaterThan(10);
    expect(digestOf(k)).toBe(before);
    expect(k.check()).toBe(0);
    expect(sparse(k)).toBeLessThan(Math.max(big, 400_000));
    for (let slices = 0; slices < 3000; slices++) {
      k.shard.calls.defrag(15);
      const id = `${7000 + slices}-1`;
      k.call(
        ...random.pick<Arg[]>([
          ['LPOP', 'list', random.between(1, 40)],
          ['RPUSH', 'list', element(), element()],
          ['LPUSH', 'second', element()],
          ['LMOVE', 'list', 'second', 'RIGHT', 'LEFT'],
          ['LREM', 'list', 0, 'e'],
          ['LTRIM', 'second', 0, -2],
          ['XADD', 'stream', id, 'f', element()],
          ['XTRIM', 'stream', 'MAXLEN', random.between(100, 3000)],
          ['RENAME', 'second', 'list'],
          ['ZADD', 'ranks', random.below(500), `member ${random.below(9000)}`],
          ['ZREM', 'ranks', `member ${random.below(9000)}`],
          ['XREADGROUP', 'GROUP', 'g1', random.pick(['first', 'fourth']), 'COUNT', 20, 'STREAMS', 'stream', '>'],
          ['XAUTOCLAIM', 'stream', 'g2', 'second', 0, '0', 'COUNT', 30],
          ['XACK', 'stream', 'g1', `${random.between(1, 7000)}-1`],
          ['XGROUP', 'DELCONSUMER', 'stream', 'g2', random.pick(['first', 'third'])],
          ['XGROUP', 'CREATECONSUMER', 'stream', 'g2', `new${random.below(5)}`],
        ]),
      );
      if (random.oneIn(100)) k.call('DEL', random.pick(['list', 'second', 'stream', 'ranks']));
      if (random.oneIn(30)) k.call('RPUSH', random.pick(['list', 'second']), ...Array.from({ length: 200 }, element));
      if (random.oneIn(30)) k.shard.calls.reclaim(50);
      if (slices % 100 === 0) expect(k.check()).toBe(0);
    }
    expect(k.check()).toBe(0);
  });

  it('goes through every database, and comes to an end in an empty shard', () => {
    const k = openKernel(build);
    expect(defragment(k)).toBe(1);
    for (const db of [0, 3, 15]) {
      k.db = db;
      for (let i = 0; i < 3000; i++) k.call('SET', `k${i}`, `value of ${i}`);
      for (let i = 0; i < 3000; i++) if (i % 20 !== 0) k.call('DEL', `k${i}`);
    }
    const wasSparse = sparse(k);
    expect(defragment(k)).toBeGreaterThan(1);
    expect(sparse(k)).toBeLessThan(wasSparse / 3);
    for (const db of [0, 3, 15]) {
      k.db = db;
      expect(k.text('GET', 'k2980')).toBe('$13\r\nvalue of 2980\r\n');
    }
    expect(k.check()).toBe(0);
  });
});
