// Sorted sets against sorted arrays: random commands in every form a set can have, compared after each, with the
// kernel's own check and the encodings that Redis would report; the log, replayed into a second kernel, makes the same
// sets.
import { describe, expect, it } from 'vitest';
import { printDouble } from '../fixtures-numbers/double-model.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const OPERATIONS = process.env.LATCHKEY_TEST_LONG === '1' ? 40_000 : 700;
const KEYS = ['a', 'b', 'c', 'd'];

interface Limits {
  title: string;
  entries: number;
  value: number;
  packedEntries: number;
  packedBytes: number;
}
const LIMITS: Limits[] = [
  { title: "Redis's limits", entries: 128, value: 64, packedEntries: 128, packedBytes: 4096 },
  { title: 'trees only', entries: 0, value: 0, packedEntries: 0, packedBytes: 0 },
  { title: 'short listpacks, then trees', entries: 10, value: 64, packedEntries: 0, packedBytes: 0 },
  { title: 'listpacks that say skiplist, then trees', entries: 3, value: 10, packedEntries: 40, packedBytes: 700 },
];

const open = (build: Build, limits: Limits, seed: number): TestKernel => {
  const kernel = openKernel(build, { seed, logBytes: 1 << 14 });
  setLimits(kernel, {
    zsetMaxListpackEntries: limits.entries,
    zsetMaxListpackValue: limits.value,
    packedEntriesMax: limits.packedEntries,
    packedBytesMax: limits.packedBytes,
  });
  return kernel;
};

const latin = (text: string) => Buffer.from(text, 'latin1');
const text = (reply: unknown): string => (reply as Buffer).toString('latin1');

interface Item {
  score: number;
  member: string;
}
const inOrder = (a: Item, b: Item): number =>
  a.score !== b.score ? (a.score < b.score ? -1 : 1) : Buffer.compare(latin(a.member), latin(b.member));
const pairs = (items: Item[]): string[] => items.flatMap(({ score, member }) => [member, printDouble(score)]);

/** A sorted set, and whether Redis would have turned it into a skip list. */
class Model {
  readonly scores = new Map<string, number>();
  large = false;

  get items(): Item[] {
    return [...this.scores].map(([member, score]) => ({ member, score })).sort(inOrder);
  }
  /** Listpacks do not keep the sign of zero. */
  set(member: string, score: number, limits: Limits): void {
    if (!this.scores.has(member) && (this.scores.size >= limits.entries || member.length > limits.value))
      this.large = true;
    this.scores.set(member, score === 0 && !this.large ? 0 : score);
  }
}

class Duel {
  readonly counts = new Map<string, number>();
  readonly sets = new Map<string, Model>();

  constructor(
    readonly random: Random,
    readonly kernel: TestKernel,
    readonly limits: Limits,
    readonly span: number,
  ) {}

  key = (): string => this.random.pick(KEYS);
  model = (key: string): Model => this.sets.get(key) ?? new Model();

  member(): string {
    const { random } = this;
    const number = random.below(this.span);
    if (random.oneIn(60)) return random.pick(['', '007', 'x'.repeat(300), '\0\xff\r\n', '9223372036854775807', '-1e3']);
    if (random.oneIn(400)) return 'y'.repeat(random.pick([2000, 5000, 70_000]));
    return random.oneIn(3) ? String(number) : `member:${number}`;
  }

  score(): number {
    const { random } = this;
    return random.weighted<() => number>([
      [6, () => random.below(10)],
      [4, () => random.between(-100_000, 100_000)],
      [3, () => random.word() / 2 ** 32],
      [2, () => random.between(-20, 20) / 4],
      [
        1,
        () => random.pick([0, -0, Infinity, -Infinity, 5e-324, 1.7976931348623157e308, 2 ** 53, -(2 ** 53) + 1, 1e17]),
      ],
      // Bits that spell digits: as f64, and as f32.
      [1, () => Buffer.from(random.pick(['12345678', '-1234567', '00000000'])).readDoubleLE()],
      [1, () => Buffer.from(random.pick(['1234', '-123', '0000'])).readFloatLE()],
    ])();
  }

  some<T>(low: number, high: number, draw: () => T): T[] {
    return Array.from({ length: this.random.between(low, high) }, draw);
  }
  there(key: string): string {
    const members = [...this.model(key).scores.keys()];
    return members.length > 0 && !this.random.oneIn(4) ? this.random.pick(members) : this.member();
  }
  int(...command: (string | number)[]): number {
    return Number(this.kernel.text(...command).slice(1));
  }
  /** A reply's elements, nested ones flattened, doubles as they were printed. */
  flat(...command: (string | number)[]): string[] {
    this.kernel.proto = 2;
    const reply = decode(this.kernel.call(...command), { binary: true });
    return ((reply ?? []) as unknown[]).flat(3).map(text);
  }

  settle(key: string, model: Model): void {
    if (model.scores.size === 0) this.sets.delete(key);
    else this.sets.set(key, model);
  }

  step(): void {
    const names = [
      ...['add', 'add', 'add', 'addMany', 'increment', 'increment', 'remove', 'look', 'range', 'range', 'byScore'],
      ...['byLex', 'removeRange', 'pop', 'combine', 'rangeStore', 'pick', 'scan', 'drop', 'ordered'],
    ] as const;
    const name = this.random.pick(names);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this[name]();
  }

  add(): void {
    const { random } = this;
    const key = this.key();
    const model = this.model(key);
    const rule = random.pick(['', '', '', 'NX', 'XX', 'GT', 'LT']);
    const list = this.some(1, 5, (): Item => ({ score: this.score(), member: this.there(key) }));
    let changed = 0;
    let added = 0;
    for (const { score, member } of list) {
      const old = model.scores.get(member);
      if (old === undefined ? rule === 'XX' : rule === 'NX') continue;
      if (old !== undefined && ((rule === 'GT' && score <= old) || (rule === 'LT' && score >= old))) continue;
      if (old === score) continue;
      if (old === undefined) added++;
      else changed++;
      model.set(member, score, this.limits);
    }
    const ch = random.oneIn(2);
    const words = [...(rule ? [rule] : []), ...(ch ? ['CH'] : [])];
    const args = list.flatMap(({ score, member }) => [printDouble(score), member]);
    expect(this.int('ZADD', key, ...words, ...args)).toBe(added + (ch ? changed : 0));
    this.settle(key, model);
  }

  addMany(): void {
    const key = this.key();
    const model = this.model(key);
    const from = this.random.below(1000);
    const step = this.random.pick([1, -1, 17]);
    const list = Array.from({ length: this.random.between(30, 200) }, (_, i) => ({
      score: ((i * step) % 101) + 0, // no -0
      member: String(from + i),
    }));
    const before = model.scores.size;
    for (const { score, member } of list) if (model.scores.get(member) !== score) model.set(member, score, this.limits);
    const args = list.flatMap(({ score, member }) => [score, member]);
    expect(this.int('ZADD', key, ...args)).toBe(model.scores.size - before);
    this.settle(key, model);
  }

  /** Members that come in order, from either end. */
  ordered(): void {
    if (!this.random.oneIn(3)) return;
    const key = this.key();
    const model = this.model(key);
    const up = this.random.oneIn(2);
    const start = 1e6 + this.random.below(1e6);
    for (let i = 0; i < 120; i++) {
      const score = up ? start + i : -start - i;
      const member = `t${i}`;
      const old = model.scores.get(member);
      expect(this.int('ZADD', key, score, member)).toBe(old === undefined ? 1 : 0);
      if (old !== score) model.set(member, score, this.limits);
    }
    this.settle(key, model);
  }

  increment(): void {
    const key = this.key();
    const model = this.model(key);
    const member = this.there(key);
    const by = this.score();
    const old = model.scores.get(member);
    const score = old === undefined ? by : old + by;
    const reply = this.kernel.text('ZINCRBY', key, printDouble(by), member);
    if (Number.isNaN(score)) {
      expect(reply).toBe('-ERR resulting score is not a number (NaN)\r\n');
      return;
    }
    expect(reply.replace(/^\$\d+\r\n|^,/, '').trimEnd()).toBe(printDouble(score));
    if (score !== old) model.set(member, score, this.limits);
    this.settle(key, model);
  }

  remove(): void {
    const key = this.key();
    const model = this.model(key);
    const members = this.some(1, 8, () => this.there(key));
    const gone = [...new Set(members)].filter((member) => model.scores.delete(member)).length;
    expect(this.int('ZREM', key, ...members)).toBe(gone);
    this.settle(key, model);
  }

  look(): void {
    const key = this.key();
    const model = this.model(key);
    const { items } = model;
    const member = this.there(key);
    const rank = items.findIndex((item) => item.member === member);
    const score = model.scores.get(member);
    this.kernel.proto = 2;
    const none = '$-1\r\n';
    expect(this.kernel.text('ZRANK', key, member)).toBe(rank < 0 ? none : `:${rank}\r\n`);
    expect(this.kernel.text('ZREVRANK', key, member)).toBe(rank < 0 ? none : `:${items.length - 1 - rank}\r\n`);
    const both = decode(this.kernel.call('ZRANK', key, member, 'WITHSCORE'), { binary: true }) as unknown[] | null;
    expect(both && [both[0], text(both[1])]).toEqual(rank < 0 ? null : [rank, printDouble(score!)]);
    const scores = decode(this.kernel.call('ZMSCORE', key, member, 'nobody'), { binary: true }) as unknown[];
    expect(scores.map((one) => one && text(one))).toEqual([score === undefined ? null : printDouble(score), null]);
    expect(this.int('ZCARD', key)).toBe(items.length);
  }

  range(): void {
    const key = this.key();
    const { items } = this.model(key);
    const [start, stop] = [this.random.between(-20, items.length + 5), this.random.between(-20, items.length + 5)];
    const reverse = this.random.oneIn(2);
    const list = reverse ? items.reverse() : items;
    const at = (index: number) => (index < 0 ? index + list.length : index);
    const wanted = list.slice(Math.max(at(start), 0), Math.max(at(stop) + 1, 0));
    const words = [...(reverse ? ['REV'] : []), 'WITHSCORES'];
    expect(this.flat('ZRANGE', key, start, stop, ...words)).toEqual(pairs(wanted));
  }

  /** A bound and what it lets through. */
  #bound(key: string): { word: string; score: number; open: boolean } {
    const { items } = this.model(key);
    const score = items.length > 0 && this.random.oneIn(2) ? this.random.pick(items).score : this.score();
    const open = this.random.oneIn(2);
    return { word: `${open ? '(' : ''}${printDouble(score)}`, score, open };
  }

  #within(key: string): { low: string; high: string; items: Item[] } {
    const [low, high] = [this.#bound(key), this.#bound(key)];
    const items = this.model(key).items.filter(
      ({ score }) =>
        (low.open ? score > low.score : score >= low.score) && (high.open ? score < high.score : score <= high.score),
    );
    return { low: low.word, high: high.word, items };
  }

  byScore(): void {
    const key = this.key();
    const { low, high, items } = this.#within(key);
    expect(this.int('ZCOUNT', key, low, high)).toBe(items.length);
    expect(this.flat('ZRANGEBYSCORE', key, low, high, 'WITHSCORES')).toEqual(pairs(items));
    const [offset, count] = [this.random.below(6), this.random.between(-1, 9)];
    const down = items.reverse().slice(offset, count < 0 ? undefined : offset + count);
    const reply = this.flat('ZRANGE', key, high, low, 'BYSCORE', 'REV', 'LIMIT', offset, count);
    expect(reply).toEqual(down.map(({ member }) => member));
  }

  /** Over a set of its own, whose scores are all the same. */
  byLex(): void {
    const { random } = this;
    const model = this.model('lex');
    const list = this.some(1, 20, () => this.member());
    this.int('ZADD', 'lex', ...list.flatMap((member) => [7, member]));
    for (const member of list) model.set(member, 7, this.limits);
    this.sets.set('lex', model);
    const [low, high] = [this.there('lex'), this.there('lex')];
    const [lowOpen, highOpen] = [random.oneIn(2), random.oneIn(2)];
    const order = (a: string, b: string) => Buffer.compare(latin(a), latin(b));
    const wanted = model.items
      .map(({ member }) => member)
      .filter((member) => (lowOpen ? order(member, low) > 0 : order(member, low) >= 0))
      .filter((member) => (highOpen ? order(member, high) < 0 : order(member, high) <= 0));
    const words = [`${lowOpen ? '(' : '['}${low}`, `${highOpen ? '(' : '['}${high}`];
    expect(this.int('ZLEXCOUNT', 'lex', ...words)).toBe(wanted.length);
    expect(this.flat('ZRANGE', 'lex', ...words, 'BYLEX')).toEqual(wanted);
    expect(this.flat('ZREVRANGEBYLEX', 'lex', words[1], words[0], 'LIMIT', 1, 4)).toEqual(wanted.reverse().slice(1, 5));
    if (!random.oneIn(4)) return;
    expect(this.int('ZREMRANGEBYLEX', 'lex', ...words)).toBe(wanted.length);
    for (const member of wanted) model.scores.delete(member);
    this.settle('lex', model);
  }

  removeRange(): void {
    const key = this.key();
    const model = this.model(key);
    let gone: Item[];
    if (this.random.oneIn(2)) {
      const start = this.random.below(model.scores.size + 2);
      const stop = start + this.random.below(12);
      gone = model.items.slice(start, stop + 1);
      expect(this.int('ZREMRANGEBYRANK', key, start, stop)).toBe(gone.length);
    } else {
      if (!this.random.oneIn(3)) return;
      const { low, high, items } = this.#within(key);
      gone = items;
      expect(this.int('ZREMRANGEBYSCORE', key, low, high)).toBe(gone.length);
    }
    for (const { member } of gone) model.scores.delete(member);
    this.settle(key, model);
  }

  pop(): void {
    const key = this.key();
    const model = this.model(key);
    const highest = this.random.oneIn(2);
    const count = this.random.between(1, 7);
    const list = highest ? model.items.reverse() : model.items;
    const gone = list.slice(0, count);
    if (this.random.oneIn(2)) expect(this.flat(highest ? 'ZPOPMAX' : 'ZPOPMIN', key, count)).toEqual(pairs(gone));
    else {
      const reply = this.flat('ZMPOP', 2, 'none', key, highest ? 'MAX' : 'MIN', 'COUNT', count);
      expect(reply).toEqual(gone.length === 0 ? [] : [key, ...pairs(gone)]);
    }
    for (const { member } of gone) model.scores.delete(member);
    this.settle(key, model);
  }

  combine(): void {
    const { random } = this;
    const keys = this.some(1, 3, () => (random.oneIn(10) ? 'none' : this.key()));
    const name = random.pick(['UNION', 'INTER', 'DIFF'] as const);
    const weights = keys.map(() => random.pick([1, 1, 2, -1, 0.5]));
    const aggregate = random.pick(['SUM', 'MIN', 'MAX'] as const);
    const join = (a: number, b: number) => {
      if (aggregate === 'SUM') return Number.isNaN(a + b) ? 0 : a + b;
      // Of 0 and -0 the first one stays, unlike with Math.min.
      return (aggregate === 'MIN' ? b < a : b > a) ? b : a;
    };
    const sources = keys.map((key, i) => ({ scores: this.model(key).scores, weight: weights[i], i }));
    const found = new Map<string, number>();
    if (name === 'DIFF') {
      for (const [member, score] of sources[0].scores)
        if (!sources.slice(1).some(({ scores }) => scores.has(member))) found.set(member, score);
    } else {
      sources.sort((a, b) => a.scores.size - b.scores.size || a.i - b.i);
      for (const { scores, weight } of sources)
        for (const [member, score] of scores) {
          if (name === 'INTER' && !sources.every((source) => source.scores.has(member))) continue;
          const old = found.get(member);
          found.set(member, old === undefined ? score * weight : join(old, score * weight));
        }
    }
    const words = name === 'DIFF' ? [] : ['WEIGHTS', ...weights, 'AGGREGATE', aggregate];
    const items = [...found].map(([member, score]) => ({ member, score })).sort(inOrder);
    expect(this.flat(`Z${name}`, keys.length, ...keys, ...words, 'WITHSCORES')).toEqual(pairs(items));
    if (name === 'INTER') {
      const limit = random.below(6);
      const wanted = limit === 0 ? found.size : Math.min(limit, found.size);
      expect(this.int('ZINTERCARD', keys.length, ...keys, 'LIMIT', limit)).toBe(wanted);
    }
    const to = this.key();
    expect(this.int(`Z${name}STORE`, to, keys.length, ...keys, ...words)).toBe(found.size);
    const model = new Model();
    const { entries, value } = this.limits;
    model.large = found.size > entries || [...found.keys()].some((member) => member.length > value);
    for (const [member, score] of found) model.scores.set(member, score === 0 && !model.large ? 0 : score);
    this.settle(to, model);
  }

  rangeStore(): void {
    const [from, to] = [this.key(), this.key()];
    const stop = this.random.between(-1, 30);
    const list = stop < 0 ? this.model(from).items : this.model(from).items.slice(0, stop + 1);
    expect(this.int('ZRANGESTORE', to, from, 0, stop)).toBe(list.length);
    const model = new Model();
    for (const { member, score } of list) model.set(member, score, this.limits);
    this.settle(to, model);
  }

  pick(): void {
    const key = this.key();
    const { scores } = this.model(key);
    const count = this.random.between(-20, 60);
    const picked = this.flat('ZRANDMEMBER', key, count, 'WITHSCORES');
    if (scores.size === 0) expect(picked).toEqual([]);
    else expect(picked.length / 2).toBe(count < 0 ? -count : Math.min(count, scores.size));
    const members = picked.filter((_, i) => i % 2 === 0);
    members.forEach((member, i) => {
      expect(picked[2 * i + 1]).toBe(printDouble(scores.get(member)!));
    });
    if (count > 0) expect(new Set(members).size).toBe(members.length);
    this.kernel.proto = 2;
    const one = decode(this.kernel.call('ZRANDMEMBER', key), { binary: true });
    expect(one === null ? scores.size === 0 : scores.has(text(one))).toBe(true);
  }

  scan(): void {
    const key = this.key();
    const { scores } = this.model(key);
    const found = new Map<string, number>();
    let cursor = '0';
    for (let calls = 0; calls < 10_000; calls++) {
      const reply = decode(this.kernel.call('ZSCAN', key, cursor, 'COUNT', 20), { binary: true }) as [Buffer, Buffer[]];
      for (let i = 0; i < reply[1].length; i += 2) {
        const score = text(reply[1][i + 1]).replace('inf', 'Infinity');
        found.set(text(reply[1][i]), Number(score));
      }
      cursor = text(reply[0]);
      if (cursor === '0') break;
    }
    expect(cursor).toBe('0');
    expect([...found].sort()).toEqual([...scores].map(([member, score]): [string, number] => [member, score]).sort());
  }

  drop(): void {
    if (!this.random.oneIn(3)) return;
    const key = this.key();
    expect(this.int('DEL', key)).toBe(this.sets.delete(key) ? 1 : 0);
  }

  compareAll(): void {
    for (const key of [...KEYS, 'lex']) {
      const model = this.sets.get(key);
      expect(this.flat('ZRANGE', key, 0, -1, 'WITHSCORES')).toEqual(pairs(model?.items ?? []));
      const encoding = decode(this.kernel.call('OBJECT', 'ENCODING', key));
      expect(encoding, key).toBe(model ? (model.large ? 'skiplist' : 'listpack') : null);
    }
    expect(this.kernel.check()).toBe(0);
  }
}

describe.each(BUILDS)('sorted sets, $memory $mode', (build) => {
  const seed = runSeed('tests/model/zsets.test.ts');

  it.each(LIMITS)('are what a sorted array holds, through random commands: $title', (limits) => {
    const random = new Random(deriveSeed(seed, LIMITS.indexOf(limits)));
    const kernel = open(build, limits, random.word()).logOn();
    const second = open(build, limits, 77);
    const used = kernel.shard.calls.usedBytes();
    const duel = new Duel(random, kernel, limits, random.pick([30, 200, 1500]));
    for (let i = 0; i < OPERATIONS; i++) {
      duel.step();
      if (random.oneIn(50)) duel.compareAll();
      if (random.oneIn(20)) replayLog(takeLog(kernel), second);
    }
    duel.compareAll();
    replayLog(takeLog(kernel), second);
    expect(digestOf(second)).toBe(digestOf(kernel));
    expect(second.check()).toBe(0);
    expect(duel.counts.size).toBe(16);
    for (const key of [...KEYS, 'lex']) kernel.call('DEL', key);
    takeLog(kernel);
    while (kernel.shard.calls.reclaim(1000) !== 0);
    expect(kernel.check()).toBe(0);
    // The table keeps its directory and first segment, and room for what was reserved.
    expect(kernel.shard.calls.usedBytes() - used).toBeLessThan(10_000);
  });
});
