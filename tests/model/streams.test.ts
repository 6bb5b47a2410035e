// Streams against arrays: random commands on a few streams and their groups, under every kind of limit for a node. After
// each command the reply is the model's; now and then everything is compared, and the log is replayed into a kernel whose
// nodes are of another size.
import { describe, expect, it } from 'vitest';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { digestOf, newReplica, replayLog, takeLog } from '../support/log-replay.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { StreamDraw, StreamModel } from '../support/stream-model.js';
import { BUILDS } from '../support/wasm.js';

const OPERATIONS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 1_500;
const OOM = '-OOM';

const NODES = [
  { entries: 100, bytes: 4096, countMax: 400, valueBytesMax: 300 },
  { entries: 1, bytes: 4096, countMax: 60, valueBytesMax: 5000 },
  { entries: 3, bytes: 0, countMax: 150, valueBytesMax: 200 },
  { entries: 0, bytes: 0, countMax: 500, valueBytesMax: 2000 },
  { entries: 0, bytes: 60, countMax: 100, valueBytesMax: 100 },
];
const setNodes = (kernel: TestKernel, entries: number, bytes: number) =>
  setLimits(kernel, { streamNodeMaxEntries: entries, streamNodeMaxBytes: bytes });

function compareWhole(kernel: TestKernel, model: StreamModel): void {
  expect(kernel.check()).toBe(0);
  expect(kernel.text('DBSIZE')).toBe(`:${model.streams.size}\r\n`);
  for (const [key, { groups }] of model.streams) {
    for (const command of [
      ['XRANGE', key, '-', '+'],
      ['XREVRANGE', key, '+', '-'],
      ...[...groups.keys()].flatMap((group) => [
        ['XPENDING', key, group],
        ['XPENDING', key, group, '-', '+', 100_000],
      ]),
    ])
      expect(kernel.text(...command) === model.apply(command), command.join(' ')).toBe(true);
  }
}

function emptied(kernel: TestKernel): void {
  kernel.call('FLUSHALL');
  while (kernel.shard.calls.reclaim(50) !== 0);
  kernel.dropLog();
}

describe.each(BUILDS)('streams, $memory $mode', (build) => {
  const seed = runSeed('tests/model/streams.test.ts');

  it.each(NODES)('answer random commands as arrays do, nodes of $entries entries, $bytes bytes', (options) => {
    const random = new Random(deriveSeed(seed, options.entries * 10_000 + options.bytes));
    const model = new StreamModel();
    const draw = new StreamDraw(random, model, options.countMax, options.valueBytesMax);
    const kernel = openKernel(build, { seed: random.word() }).logOn();
    setNodes(kernel, options.entries, options.bytes);
    const replica = newReplica(build);
    const used = kernel.shard.calls.usedBytes();
    kernel.now = 1000;
    for (let i = 0; i < OPERATIONS; i++) {
      if (random.oneIn(5)) kernel.now += random.between(1, 2_000);
      model.now = kernel.now;
      const command = draw.command();
      const reply = kernel.text(...command);
      const expected = model.apply(command);
      if (reply !== expected) {
        const shown = command.map((arg) => JSON.stringify(String(arg).slice(0, 40))).join(' ');
        expect.fail(
          `${shown}: ${reply.slice(0, 300)}, not ${expected.slice(0, 300)} (LATCHKEY_SEED=${seed}, step ${i})`,
        );
      }
      if (random.oneIn(100)) kernel.shard.calls.reclaim(random.pick([1, 10, 1000]));
      if (random.oneIn(20)) kernel.shard.calls.defrag(random.pick([1, 5, 1000]));
      if (random.oneIn(30)) replica.now = random.pick([1, kernel.now, 10 ** 9]);
      if (random.oneIn(150)) {
        compareWhole(kernel, model);
        replayLog(takeLog(kernel), replica);
        expect(replica.check()).toBe(0);
        expect(digestOf(replica)).toBe(digestOf(kernel));
        replica.flags = newReplica(build).flags;
      }
    }
    compareWhole(kernel, model);
    emptied(kernel);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
  });

  it('stay themselves when the limits change under them', () => {
    const random = new Random(deriveSeed(seed, 1));
    const model = new StreamModel();
    const draw = new StreamDraw(random, model, 300, 400);
    const kernel = openKernel(build);
    for (let i = 0; i < OPERATIONS; i++) {
      if (random.oneIn(10))
        setNodes(kernel, random.pick([0, 1, 2, 7, 100, 5000]), random.pick([0, 1, 300, 4096, 1 << 20]));
      model.now = kernel.now += random.below(500);
      const command = draw.command();
      const expected = model.apply(command);
      expect(kernel.text(...command) === expected, `${command.join(' ')} at step ${i}, LATCHKEY_SEED=${seed}`).toBe(
        true,
      );
      if (random.oneIn(150)) compareWhole(kernel, model);
    }
    compareWhole(kernel, model);
  });

  it('are what they were when a command finds no memory', () => {
    const random = new Random(deriveSeed(seed, 2));
    const model = new StreamModel();
    const draw = new StreamDraw(random, model, 200, 500);
    const kernel = openKernel(build).logOn();
    let [refused, partly] = [0, 0];
    for (let i = 0; i < OPERATIONS / 2; i++) {
      if (random.oneIn(20)) setNodes(kernel, random.pick([1, 3, 100]), 4096);
      model.now = kernel.now += random.below(500);
      const command = draw.command();
      const before = digestOf(kernel);
      // Each request of the command in turn; a reply that fits the window asks for none.
      for (let n = 1; n < 300; n++) {
        kernel.failIn(n);
        const reply = kernel.text(...command);
        const failed = kernel.failLeft() === 0;
        kernel.failIn(0);
        if (!reply.startsWith(OOM)) {
          const expected = model.apply(command);
          expect(reply === expected, `${command[0]} at step ${i}, LATCHKEY_SEED=${seed}`).toBe(true);
          break;
        }
        expect(failed).toBe(true);
        refused++;
        if (digestOf(kernel) !== before) {
          // Several deliveries at once whose promised memory was denied: what was done is in the log. Start anew.
          expect(['XREADGROUP', 'XCLAIM', 'XAUTOCLAIM']).toContain(command[0]);
          expect(takeLog(kernel).commands.length).toBeGreaterThan(0);
          partly++;
          expect(kernel.check()).toBe(0);
          emptied(kernel);
          model.streams.clear();
          break;
        }
        expect(takeLog(kernel).commands).toEqual([]);
      }
      if (random.oneIn(20)) expect(kernel.check()).toBe(0);
      kernel.dropLog();
    }
    compareWhole(kernel, model);
    expect(refused).toBeGreaterThan(100);
    expect(partly).toBeLessThan(refused / 10);
    const used = openKernel(build).shard.calls.usedBytes();
    emptied(kernel);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
  });
});
