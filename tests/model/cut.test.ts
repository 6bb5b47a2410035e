// A read cut by shard, executed group by group and merged, against the same frames executed one by one: the same replies
// in the same order, and the same keyspaces. From one shard to five, by both routings.
import { describe, expect, it } from 'vitest';
import * as abi from '../../host/kernel/abi.js';
import { frame, openKernel, type TestKernel } from '../support/kernel.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const ROUNDS = process.env.LATCHKEY_TEST_LONG === '1' ? 1000 : 40;

interface Row {
  offset: number;
  bytes: number;
  group: number;
}

/** Several shards in this process, led as a worker leads them. Shard 0 is home. */
class Shards {
  readonly kernels: TestKernel[];
  /** Statuses of `cut`, and frames that went through groups: so that a test knows what it saw. */
  readonly statuses = new Map<number, number>();
  grouped = 0;
  severalGroups = 0;

  constructor(kernels: TestKernel[]) {
    this.kernels = kernels;
  }

  get home(): TestKernel {
    return this.kernels[0];
  }

  #row(at: number, index: number): number {
    return (this.home.shard.window + at + index * 16) >> 2;
  }

  /** Everything in the input, by cutting and merging. Frames that `cut` leaves to the host give '<status>'. */
  cutAndMerge(input: Buffer): string[] {
    const { home } = this;
    const s = home.shard;
    const replies: string[] = [];
    let from = 0;
    s.bytes.set(input, s.input);
    while (from < input.length) {
      for (const kernel of this.kernels) kernel.stamp(abi.FRAMES_MAX);
      const status = s.calls.cut(s.window, from, input.length);
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      const consumed = s.control(abi.CONTROL_CONSUMED);
      if (status === abi.STATUS_DONE || status === abi.STATUS_FULL) {
        const frames = s.control(abi.CONTROL_COMMANDS);
        if (frames === 0) return replies;
        replies.push(this.#groups(frames));
        from = consumed;
        continue;
      }
      if (status === abi.STATUS_NEED_MORE) return replies;
      if (status === abi.STATUS_MALFORMED) {
        replies.push(
          Buffer.from(s.bytes.slice(s.output, s.output + s.control(abi.CONTROL_OUT_BYTES))).toString('latin1'),
        );
        return replies;
      }
      replies.push(`<${status}>`);
      from = consumed + s.control(abi.CONTROL_FRAME_BYTES);
    }
    return replies;
  }

  #groups(frames: number): string {
    const s = this.home.shard;
    const rows: Row[] = Array.from({ length: frames }, (_, i) => {
      const at = this.#row(abi.WINDOW_FRAMES, i);
      return { offset: s.words[at], bytes: s.words[at + 1], group: s.words[at + 2] };
    });
    const present = [...new Set(rows.map(({ group }) => group))];
    expect(s.control(abi.CONTROL_GROUPS)).toBe(present.length);
    if (present.length === 1) expect(s.control(abi.CONTROL_GROUP)).toBe(present[0]);
    else this.severalGroups++;
    const slow = s.control(abi.CONTROL_SLOW_GROUP);
    const order = [
      ...present.filter((group) => group !== slow).sort((a, b) => a - b),
      ...present.filter((group) => group === slow),
    ];
    this.grouped += frames;
    let offset = abi.ENDS_BYTES;
    for (const group of order) {
      const at = this.#row(abi.WINDOW_GROUPS, group);
      const own = rows.filter((row) => row.group === group);
      expect(s.words[at + 2]).toBe(own.length);
      expect(s.words[at + 1]).toBe(own.reduce((sum, { bytes }) => sum + bytes, 0));
      const begin = s.input + own[0].offset;
      const staged = Buffer.from(
        present.length === 1
          ? s.bytes.slice(begin, s.input + own[own.length - 1].offset + own[own.length - 1].bytes)
          : s.bytes.slice(s.staging + s.words[at], s.staging + s.words[at] + s.words[at + 1]),
      );
      // The local group may run anywhere; any shard will do for it.
      const kernel = this.kernels[group] ?? this.home;
      const { out, ends } = kernel.execAll(staged, own.length);
      s.bytes.set(out, s.returns + offset);
      ends.forEach((end, i) => {
        s.words[((s.returns + offset) >> 2) - i - 1] = end;
      });
      s.words[at + 3] = offset;
      offset = (offset + out.length + abi.ENDS_BYTES + 15) & ~15;
    }
    const bytes = s.calls.merge(s.window, frames) >>> 0;
    return Buffer.from(s.bytes.slice(s.output, s.output + bytes)).toString('latin1');
  }

  /** The same, one frame after the other, each on its own shard. */
  oneByOne(frames: readonly Buffer[]): string[] {
    const replies: string[] = [];
    for (const bytes of frames) {
      this.home.stamp(1);
      const { shard } = this.home;
      shard.bytes.set(bytes, shard.input);
      const status = shard.calls.cut(shard.window, 0, bytes.length);
      if (status === abi.STATUS_DONE) {
        if (shard.control(abi.CONTROL_COMMANDS) === 0) continue;
        const group = shard.control(abi.CONTROL_GROUP);
        replies.push((this.kernels[group] ?? this.home).feed(bytes, 1).toString('latin1'));
      } else if (status === abi.STATUS_MALFORMED) {
        replies.push(this.home.feed(bytes, 1).toString('latin1'));
        return replies;
      } else if (status !== abi.STATUS_NEED_MORE) replies.push(`<${status}>`);
    }
    return replies;
  }

  digests(): string[] {
    return this.kernels.map((kernel) => String(kernel.shard.calls.digest(kernel.shard.window, kernel.db)));
  }
}

const KEYS = Array.from({ length: 40 }, (_, i) => (i % 3 === 0 ? `{t${i % 5}}:${i}` : `key:${i}`));

function draw(random: Random): Buffer {
  const key = () => random.pick(KEYS);
  const value = () => random.pick(['', '1', '42', 'abc', 'x'.repeat(random.pick([15, 16, 17, 63, 64, 65, 300]))]);
  return random.weighted<() => Buffer>([
    [8, () => frame('SET', key(), value())],
    [6, () => frame('GET', key())],
    [3, () => frame('INCR', key())],
    [2, () => frame('APPEND', key(), value())],
    [2, () => frame('SETRANGE', key(), random.below(40), value())],
    [2, () => frame('DEL', key())],
    [1, () => frame('DEL', key(), key())],
    [1, () => frame('MGET', key(), key())],
    [1, () => frame('COPY', key(), key(), 'REPLACE')],
    [1, () => frame('RENAME', key(), key())],
    [1, () => frame('SCAN', '0')],
    [1, () => frame('NOSUCH', key())],
    [1, () => frame('SET', key())],
    [2, () => frame('PING', value())],
    [1, () => frame('ECHO', 'x'.repeat(2000))],
    [1, () => frame('OBJECT', 'ENCODING', key())],
    [1, () => Buffer.from('\r\n')],
    [1, () => Buffer.from(`GET ${key()}\r\n`)],
    [1, () => Buffer.from('*0\r\n')],
  ])();
}

describe.each(BUILDS)('frames cut by shard and merged, $memory $mode', (build) => {
  const seed = runSeed('tests/model/cut.test.ts');
  const open = (count: number, routing: number) =>
    new Shards(
      Array.from({ length: count }, (_, shardIndex) => openKernel(build, { shardCount: count, shardIndex, routing })),
    );

  it.each([
    { shards: 1, routing: 0 },
    { shards: 2, routing: 0 },
    { shards: 3, routing: 1 },
    { shards: 4, routing: 0 },
    { shards: 5, routing: 1 },
  ])('are answered as one by one, with $shards shard(s), routing $routing', ({ shards, routing }) => {
    const random = new Random(deriveSeed(seed, shards));
    const cut = open(shards, routing);
    const single = open(shards, routing);
    for (let round = 0; round < ROUNDS; round++) {
      const frames = Array.from({ length: random.pick([1, 2, 10, 100, 300]) }, () => draw(random));
      if (random.oneIn(6)) frames.push(Buffer.from('*1\r\n$-5\r\n'));
      else if (random.oneIn(4)) frames.push(frame('GET', 'half').subarray(0, random.between(1, 15)));
      const replies = cut.cutAndMerge(Buffer.concat(frames)).join('');
      expect(replies, `LATCHKEY_SEED=${seed}, round ${round}`).toBe(single.oneByOne(frames).join(''));
    }
    expect(cut.digests()).toEqual(single.digests());
    for (const kernel of cut.kernels) expect(kernel.check()).toBe(0);
    expect(cut.grouped).toBeGreaterThan(500);
    if (shards > 1) {
      expect(cut.severalGroups).toBeGreaterThan(10);
      for (const kernel of cut.kernels) expect(kernel.shard.calls.databaseKeys(0)).toBeGreaterThan(0);
    }
    const met = [abi.STATUS_DONE, abi.STATUS_FULL, abi.STATUS_HOST, abi.STATUS_MALFORMED, abi.STATUS_NEED_MORE];
    for (const status of [...met, ...(shards > 1 ? [abi.STATUS_MANY] : [])])
      expect(cut.statuses.get(status), `status ${status}`).toBeGreaterThan(0);
  });

  it('admit nothing but its own shard after a frame that may be slow', () => {
    const shards = open(4, 0);
    const { home } = shards;
    const s = home.shard;
    const keyOf = (shard: number) => KEYS.find((key) => route(key) === shard)!;
    const route = (key: string) => {
      s.bytes.set(Buffer.from(key), s.staging);
      return s.calls.route(s.staging, key.length) >>> 0;
    };
    const [a, b, c] = [keyOf(1), keyOf(2), keyOf(3)];
    const input = Buffer.concat([
      frame('GET', a),
      frame('GET', b),
      frame('BITCOUNT', c),
      frame('GET', c),
      frame('GET', a),
      frame('GET', b),
    ]);
    s.bytes.set(input, s.input);
    home.stamp(abi.FRAMES_MAX);
    expect(s.calls.cut(s.window, 0, input.length)).toBe(abi.STATUS_FULL);
    expect(s.control(abi.CONTROL_COMMANDS)).toBe(4);
    expect(s.control(abi.CONTROL_SLOW_GROUP)).toBe(3);
    expect(s.calls.cut(s.window, s.control(abi.CONTROL_CONSUMED), input.length)).toBe(abi.STATUS_DONE);
    expect(s.control(abi.CONTROL_COMMANDS)).toBe(2);
    expect(s.control(abi.CONTROL_SLOW_GROUP)).toBe(abi.NO_GROUP);
  });

  it('of no shard stop before their replies could need more than the window', () => {
    const { home } = new Shards([openKernel(build, { outBytes: 1 << 16 })]);
    const s = home.shard;
    const input = Buffer.concat(Array.from({ length: 120 }, () => frame('PING', 'x'.repeat(1000))));
    s.bytes.set(input, s.input);
    home.stamp(abi.FRAMES_MAX);
    expect(s.calls.cut(s.window, 0, input.length)).toBe(abi.STATUS_FULL);
    const frames = s.control(abi.CONTROL_COMMANDS);
    expect(frames).toBeGreaterThan(20);
    const { out } = home.execAll(input.subarray(0, s.control(abi.CONTROL_CONSUMED)), frames);
    expect(out.length).toBe(frames * '$1000\r\n\r\n'.length + frames * 1000);
    expect(s.control(abi.CONTROL_PIECES)).toBe(0);
  });

  it('stop at a write when writes are to wait', () => {
    const { home } = open(3, 0);
    const s = home.shard;
    home.flags |= abi.CALL_NO_WRITES;
    const input = Buffer.concat([frame('GET', 'a'), frame('SET', 'a', 'b'), frame('GET', 'a')]);
    s.bytes.set(input, s.input);
    home.stamp(abi.FRAMES_MAX);
    expect(s.calls.cut(s.window, 0, input.length)).toBe(abi.STATUS_FULL);
    expect(s.control(abi.CONTROL_COMMANDS)).toBe(1);
    expect(s.calls.cut(s.window, s.control(abi.CONTROL_CONSUMED), input.length)).toBe(abi.STATUS_WRITE);
    expect(s.control(abi.CONTROL_FRAME_BYTES)).toBe(frame('SET', 'a', 'b').length);
  });
});
