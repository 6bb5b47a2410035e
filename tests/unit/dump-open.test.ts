// A large value that is written in slices, while others write theirs. The goal: no bytes get between those of the open
// value, none are lost, and it does not matter whose instance goes on. Method: two instances over one memory take turns,
// one slice each, with other keys of other databases written and bytes taken out in between.
import { describe, expect, it } from 'vitest';
import { ShardKernel } from '../../host/kernel/kernel.js';
import { VERSION_OWN } from '../../host/persistence/dump-format.js';
import { readDump } from '../../host/persistence/dump-read.js';
import { encodeHooks, takeWritable } from '../support/dump-encode.js';
import { fileOf, loaded } from '../support/dumps.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { allDigests } from '../support/log-replay.js';
import { BUILDS } from '../support/wasm.js';

const LARGE = ['list', 'hash', 'deadlines', 'set', 'zset', 'stream', 'string'];

function fill(k: TestKernel): void {
  for (let i = 0; i < 3000; i++) {
    k.call('RPUSH', 'list', i % 100 ? `element ${i}` : 'e'.repeat(9000));
    k.call('HSET', 'hash', `field ${i}`, `value ${i}`);
    k.call('HSET', 'deadlines', `field ${i}`, i % 500 ? `value ${i}` : 'v'.repeat(5000));
    k.call('SADD', 'set', `member ${i}`);
    k.call('ZADD', 'zset', i % 100, `member ${i}`);
    k.call('XADD', 'stream', `${i + 1}-0`, 'a', i % 500 ? 'x' : 'x'.repeat(3000), `f${i % 5}`, i);
  }
  k.call('HPEXPIREAT', 'deadlines', '1900000000000', 'FIELDS', '1', 'field 7');
  k.call('XGROUP', 'CREATE', 'stream', 'g', '0');
  for (const name of ['a', 'b', 'c'])
    k.call('XREADGROUP', 'GROUP', 'g', name, 'COUNT', '300', 'STREAMS', 'stream', '>');
  k.call('SET', 'string', Buffer.alloc(500_000, 'string'));
  for (let i = 0; i < 200; i++) {
    k.db = i % 3;
    k.call('SET', `small ${i}`, 'x'.repeat(i * 20));
  }
  k.db = 0;
}

describe.each(BUILDS)('a value that is open, $memory $mode', (build) => {
  it.each([50, 3000, 70_000])('stays whole among others, in slices of about %i bytes, on two instances', (budget) => {
    const kernel = openKernel(build, { windowCount: 2 });
    fill(kernel);
    const { shard } = kernel;
    const other = new ShardKernel(shard.module, shard.memory, 0, 1, shard.layout);
    const instances = [shard, other].map((instance) => ({
      hooks: encodeHooks({ shard: instance } as unknown as TestKernel),
      window: instance.window,
      input: instance.input,
    }));
    const key = (which: number, db: number, name: string, opens: boolean) => {
      const { hooks, window, input } = instances[which];
      shard.bytes.set(Buffer.from(name), input);
      expect(hooks.encodeKey(window, db, input, name.length, opens ? 1 : 0)).toBe(1);
    };
    kernel.stamp(1);
    // So that each instance has a window in hand.
    for (const { hooks, window } of instances) hooks.encodeDatabase(window, 15, 0);
    instances[0].hooks.encodeReset(2 ** 32);
    const parts: Buffer[] = [];
    const small = Array.from({ length: 200 }, (_, i) => i);
    let slices = 0;
    let betweenSlices = 0;
    for (const name of LARGE) {
      key(slices & 1, 0, name, true);
      expect(instances[0].hooks.encodeOpen()).not.toBe(0);
      while (instances[slices & 1].hooks.encodeSlice(budget) !== 0) {
        slices++;
        if (slices % 3 === 0 && small.length > 20) {
          const i = small.shift() as number;
          key(slices & 1, i % 3, `small ${i}`, false);
          betweenSlices++;
        }
        if (slices % 5 === 0) parts.push(takeWritable(kernel));
      }
      expect(instances[1].hooks.encodeOpen()).toBe(0);
    }
    for (const i of small) key(i & 1, i % 3, `small ${i}`, false);
    parts.push(takeWritable(kernel));
    expect(instances[0].hooks.sinkBytes()).toBe(0n);
    expect(instances[0].hooks.sinkFailed()).toBe(0);
    expect(betweenSlices).toBeGreaterThan(budget > 50_000 ? 3 : 50);
    instances[0].hooks.sinkClear();

    const file = fileOf(Buffer.concat(parts), { own: true });
    expect([...readDump(file, VERSION_OWN)].length).toBe(LARGE.length + 200);
    const again = loaded(build, file, VERSION_OWN);
    expect(again.check()).toBe(0);
    expect(allDigests(again)).toEqual(allDigests(kernel));
    expect(kernel.check()).toBe(0);
  });

  it('takes no slice far beyond its budget, whatever the value', () => {
    const kernel = openKernel(build);
    fill(kernel);
    const hooks = encodeHooks(kernel);
    const { shard } = kernel;
    kernel.stamp(1);
    hooks.encodeReset(2 ** 32);
    let most = 0;
    for (const name of LARGE) {
      shard.bytes.set(Buffer.from(name), shard.input);
      hooks.encodeKey(shard.window, 0, shard.input, name.length, 1);
      let before = hooks.sinkBytes();
      while (hooks.encodeSlice(10_000) !== 0) {
        most = Math.max(most, Number(hooks.sinkBytes() - before));
        before = hooks.sinkBytes();
      }
    }
    expect(most).toBeGreaterThan(9000);
    expect(most).toBeLessThan(10_000 + 4096 + 1100);
    hooks.sinkClear();
  });

  it('that is given up leaves nothing behind', () => {
    const kernel = openKernel(build);
    fill(kernel);
    const used = kernel.shard.calls.usedBytes();
    const hooks = encodeHooks(kernel);
    kernel.stamp(1);
    hooks.encodeReset(2 ** 32);
    kernel.shard.bytes.set(Buffer.from('list'), kernel.shard.input);
    hooks.encodeKey(kernel.shard.window, 0, kernel.shard.input, 4, 1);
    hooks.encodeSlice(20_000);
    kernel.shard.bytes.set(Buffer.from('set'), kernel.shard.input);
    hooks.encodeKey(kernel.shard.window, 0, kernel.shard.input, 3, 0);
    hooks.encodeClose();
    hooks.sinkClear();
    expect(hooks.encodeOpen()).toBe(0);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
    expect(kernel.check()).toBe(0);
  });
});
