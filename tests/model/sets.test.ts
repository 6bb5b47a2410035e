// Sets against Map and Set: random commands in every form a set can have, compared after each, with the kernel's own
// check and the encodings that Redis would report; the log, replayed into a second kernel, makes the same sets.
import { describe, expect, it } from 'vitest';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { type ModelSet, SetModel } from '../support/set-model.js';
import { BUILDS } from '../support/wasm.js';

const OPERATIONS = process.env.LATCHKEY_TEST_LONG === '1' ? 60_000 : 1_500;
const KEYS = ['a', 'b', 'c', 'd', 'e'];

const LIMITS = [
  { title: "Redis's limits", setMaxIntsetEntries: 512, packedEntriesMax: 128, packedBytesMax: 4096 },
  { title: 'tables only', setMaxIntsetEntries: 0, packedEntriesMax: 0, packedBytesMax: 0 },
  { title: 'short intsets, then tables', setMaxIntsetEntries: 20, packedEntriesMax: 0, packedBytesMax: 0 },
  { title: 'short intsets, short packed sets', setMaxIntsetEntries: 8, packedEntriesMax: 30, packedBytesMax: 200 },
];

const text = (reply: unknown): string => (reply as Buffer).toString('latin1');
const list = (reply: Buffer): string[] => [...(decode(reply, { binary: true }) as Iterable<Buffer>)].map(text);
const sorted = (items: Iterable<string>): string[] => [...items].sort();

/** One random command after the other, on a kernel and a model that must agree. */
class Duel {
  readonly counts = new Map<string, number>();

  constructor(
    readonly random: Random,
    readonly kernel: TestKernel,
    readonly model: SetModel,
    readonly memberSpan: number,
  ) {}

  key = (): string => this.random.pick(KEYS);

  member(): string {
    const { random } = this;
    const number = random.below(this.memberSpan);
    return random.weighted<() => string>([
      [12, () => String(number)],
      [2, () => String(-number)],
      [1, () => random.pick(['9223372036854775807', '-9223372036854775808', '9223372036854775808', '70000', '-1e3'])],
      [3, () => (random.oneIn(5) ? `m${number}` : String(number * 3))],
      [1, () => (random.oneIn(20) ? random.pick(['', '007', 'x'.repeat(300), '\0\xff\r\n', '+1']) : '1')],
    ])();
  }

  some<T>(low: number, high: number, draw: () => T): T[] {
    return Array.from({ length: this.random.between(low, high) }, draw);
  }

  int(...command: (string | number)[]): number {
    return Number(this.kernel.text(...command).slice(1));
  }

  step(): void {
    const names = [
      ...['add', 'add', 'add', 'addMany', 'remove', 'look', 'pop', 'popSome', 'pick', 'move', 'algebra', 'algebra'],
      ...['store', 'store', 'cardinality', 'scan', 'drop'],
    ] as const;
    const name = this.random.pick(names);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this[name]();
  }

  add(): void {
    const key = this.key();
    const members = this.some(1, 6, () => this.member());
    expect(this.int('SADD', key, ...members)).toBe(this.model.add(key, ...members));
  }

  addMany(): void {
    const key = this.key();
    const from = this.random.below(1000);
    const members = Array.from({ length: this.random.between(60, 200) }, (_, i) => String(from + i));
    if (this.random.oneIn(4)) members.push('end');
    expect(this.int('SADD', key, ...members)).toBe(this.model.add(key, ...members));
  }

  remove(): void {
    const key = this.key();
    const there = [...this.model.members(key)];
    const members = this.some(1, 8, () =>
      there.length > 0 && this.random.oneIn(2) ? this.random.pick(there) : this.member(),
    );
    const unique = [...new Set(members)];
    expect(this.int('SREM', key, ...members)).toBe(this.model.remove(key, ...unique));
  }

  look(): void {
    const key = this.key();
    const set = this.model.members(key);
    const members = this.some(1, 6, () => this.member());
    expect(this.int('SISMEMBER', key, members[0])).toBe(set.has(members[0]) ? 1 : 0);
    const flags = decode(this.kernel.call('SMISMEMBER', key, ...members));
    expect(flags).toEqual(members.map((member) => (set.has(member) ? 1 : 0)));
    expect(this.int('SCARD', key)).toBe(set.size);
  }

  pop(): void {
    const key = this.key();
    const set = this.model.members(key);
    const reply = decode(this.kernel.call('SPOP', key), { binary: true });
    if (set.size === 0) expect(reply).toBeNull();
    else expect(this.model.remove(key, text(reply))).toBe(1);
  }

  popSome(): void {
    const key = this.key();
    const { size } = this.model.members(key);
    const { random } = this;
    const count = random.oneIn(3) ? random.below(5) : random.below(size + 3);
    const popped = list(this.kernel.call('SPOP', key, count));
    expect(new Set(popped).size).toBe(Math.min(count, size));
    expect(popped.length).toBe(Math.min(count, size));
    for (const member of popped) expect(this.model.members(key).has(member)).toBe(true);
    this.model.popped(key, popped);
  }

  pick(): void {
    const key = this.key();
    const set = this.model.members(key);
    const one = decode(this.kernel.call('SRANDMEMBER', key), { binary: true });
    expect(one === null ? set.size === 0 : set.has(text(one))).toBe(true);
    const count = this.random.between(-20, 30);
    const picked = list(this.kernel.call('SRANDMEMBER', key, count));
    if (set.size === 0) expect(picked).toEqual([]);
    else expect(picked.length).toBe(count < 0 ? -count : Math.min(count, set.size));
    for (const member of picked) expect(set.has(member)).toBe(true);
    if (count > 0) expect(new Set(picked).size).toBe(picked.length);
  }

  move(): void {
    const [from, to] = [this.key(), this.key()];
    const there = [...this.model.members(from)];
    const member = there.length > 0 && !this.random.oneIn(3) ? this.random.pick(there) : this.member();
    expect(this.int('SMOVE', from, to, member)).toBe(this.model.move(from, to, member));
  }

  #operation(): { name: string; keys: string[]; result: ModelSet } {
    const keys = this.some(1, 4, () => (this.random.oneIn(15) ? 'none' : this.key()));
    const name = this.random.pick(['INTER', 'UNION', 'DIFF'] as const);
    const result =
      name === 'INTER' ? this.model.inter(keys) : name === 'UNION' ? this.model.union(keys) : this.model.diff(keys);
    return { name, keys, result };
  }

  algebra(): void {
    const { name, keys, result } = this.#operation();
    expect(sorted(list(this.kernel.call(`S${name}`, ...keys)))).toEqual(sorted(result.members));
  }

  store(): void {
    const { name, keys, result } = this.#operation();
    const to = this.key();
    expect(this.int(`S${name}STORE`, to, ...keys)).toBe(this.model.store(to, result));
  }

  cardinality(): void {
    const keys = this.some(1, 4, this.key);
    const limit = this.random.below(10);
    const { size } = this.model.inter(keys).members;
    const wanted = limit === 0 ? size : Math.min(limit, size);
    expect(this.int('SINTERCARD', keys.length, ...keys, 'LIMIT', limit)).toBe(wanted);
  }

  scan(): void {
    const key = this.key();
    const options = this.random.oneIn(2) ? ['COUNT', this.random.between(1, 50)] : [];
    if (this.random.oneIn(2)) options.push('MATCH', '*1*');
    const found = new Set<string>();
    let cursor = '0';
    let calls = 0;
    do {
      const [next, members] = decode(this.kernel.call('SSCAN', key, cursor, ...options), { binary: true }) as [
        Buffer,
        Buffer[],
      ];
      for (const member of members) found.add(text(member));
      cursor = text(next);
      calls++;
    } while (cursor !== '0' && calls < 10_000);
    const wanted = [...this.model.members(key)].filter((member) => !options.includes('*1*') || member.includes('1'));
    expect(sorted(found)).toEqual(sorted(wanted));
  }

  drop(): void {
    if (!this.random.oneIn(4)) return;
    const key = this.key();
    expect(this.int('DEL', key)).toBe(this.model.sets.delete(key) ? 1 : 0);
  }

  compareAll(): void {
    for (const key of KEYS) {
      const set = this.model.sets.get(key);
      expect(sorted(list(this.kernel.call('SMEMBERS', key)))).toEqual(sorted(set?.members ?? []));
      const encoding = decode(this.kernel.call('OBJECT', 'ENCODING', key));
      expect(encoding, key).toBe(set ? (set.isIntset ? 'intset' : 'hashtable') : null);
    }
    expect(this.kernel.check()).toBe(0);
  }
}

describe.each(BUILDS)('sets, $memory $mode', (build) => {
  const seed = runSeed('tests/model/sets.test.ts');

  it.each(LIMITS)('are what a Set holds, through random commands: $title', ({ title, ...limits }) => {
    const random = new Random(
      deriveSeed(
        seed,
        LIMITS.findIndex((one) => one.title === title),
      ),
    );
    const kernel = openKernel(build, { seed: random.word(), logBytes: 1 << 14 }).logOn();
    const second = openKernel(build, { seed: 77 });
    for (const one of [kernel, second]) setLimits(one, limits);
    const used = kernel.shard.calls.usedBytes();
    const duel = new Duel(random, kernel, new SetModel(limits.setMaxIntsetEntries), random.pick([30, 200, 1500]));
    for (let i = 0; i < OPERATIONS; i++) {
      kernel.proto = random.pick([2, 3]);
      duel.step();
      if (random.oneIn(50)) duel.compareAll();
      if (random.oneIn(20)) replayLog(takeLog(kernel), second);
    }
    duel.compareAll();
    replayLog(takeLog(kernel), second);
    expect(digestOf(second)).toBe(digestOf(kernel));
    expect(second.check()).toBe(0);
    expect(duel.counts.size).toBeGreaterThan(12);
    for (const key of KEYS) kernel.call('DEL', key);
    takeLog(kernel);
    while (kernel.shard.calls.reclaim(1000) !== 0);
    // The table keeps its directory and first segment, and room for what was reserved.
    expect(kernel.check()).toBe(0);
    expect(kernel.shard.calls.usedBytes() - used).toBeLessThan(10_000);
  });
});
