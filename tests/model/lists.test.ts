// Lists against arrays: random commands on a few lists that grow to several nodes and shrink to nothing, under every
// kind of limit for a node. After each command the reply is the model's; now and then everything is compared, and the
// log is replayed into a kernel whose nodes are of another size.
import { describe, expect, it } from 'vitest';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { setLimits } from '../support/limits.js';
import { ListDraw, ListModel } from '../support/list-model.js';
import { digestOf, replayLog, takeLog } from '../support/log-replay.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const OPERATIONS = process.env.LATCHKEY_TEST_LONG === '1' ? 100_000 : 2_500;

const OOM = '-OOM';

const setNodeSize = (kernel: TestKernel, size: number) => setLimits(kernel, { listMaxListpackSize: size });
const SIZES = [
  { size: -2, longOneIn: 200, elementBytesMax: 20_000, countMax: 3000 },
  { size: -1, longOneIn: 12, elementBytesMax: 9_000, countMax: 300 },
  { size: 1, longOneIn: 60, elementBytesMax: 9_000, countMax: 60 },
  { size: 3, longOneIn: 0, elementBytesMax: 0, countMax: 100 },
  { size: 128, longOneIn: 20, elementBytesMax: 300, countMax: 1000 },
  { size: -5, longOneIn: 10, elementBytesMax: 30_000, countMax: 300 },
];

function compareWhole(kernel: TestKernel, model: ListModel): void {
  expect(kernel.check()).toBe(0);
  expect(kernel.text('DBSIZE')).toBe(`:${model.lists.size}\r\n`);
  for (const key of model.lists.keys()) {
    expect(kernel.text('LRANGE', key, 0, -1) === model.apply(['LRANGE', key, 0, -1]), key).toBe(true);
    expect(kernel.text('OBJECT', 'ENCODING', key)).toBe('$9\r\nquicklist\r\n');
  }
}

function emptied(kernel: TestKernel): void {
  kernel.call('FLUSHALL');
  while (kernel.shard.calls.reclaim(50) !== 0);
  kernel.dropLog();
}

describe.each(BUILDS)('lists, $memory $mode', (build) => {
  const seed = runSeed('tests/model/lists.test.ts');

  it.each(SIZES)('answer random commands as arrays do, node size $size', (options) => {
    const random = new Random(deriveSeed(seed, options.size + 1000));
    const model = new ListModel();
    const draw = new ListDraw(random, model, options.elementBytesMax, options.longOneIn, options.countMax);
    const kernel = openKernel(build, { seed: random.word() }).logOn();
    setNodeSize(kernel, options.size);
    const second = openKernel(build);
    setNodeSize(second, options.size === 1 ? -2 : 1);
    const used = kernel.shard.calls.usedBytes();
    for (let i = 0; i < OPERATIONS; i++) {
      const command = draw.command();
      const expected = model.apply(command);
      const reply = kernel.text(...command);
      if (reply !== expected) {
        const shown = command.map((arg) => JSON.stringify(String(arg).slice(0, 40))).join(' ');
        expect.fail(
          `${shown}: ${reply.slice(0, 100)}, not ${expected.slice(0, 100)} (LATCHKEY_SEED=${seed}, step ${i})`,
        );
      }
      if (random.oneIn(100)) kernel.shard.calls.reclaim(random.pick([1, 10, 1000]));
      if (random.oneIn(10)) kernel.shard.calls.defrag(random.pick([1, 10, 100]));
      if (random.oneIn(150)) {
        compareWhole(kernel, model);
        replayLog(takeLog(kernel), second);
        expect(second.check()).toBe(0);
        expect(digestOf(second)).toBe(digestOf(kernel));
      }
    }
    compareWhole(kernel, model);
    emptied(kernel);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
  });

  it('stay themselves when the limit changes under them', () => {
    const random = new Random(deriveSeed(seed, 1));
    const model = new ListModel();
    const draw = new ListDraw(random, model, 9_000, 40, 400);
    const kernel = openKernel(build);
    for (let i = 0; i < OPERATIONS; i++) {
      if (random.oneIn(10)) setNodeSize(kernel, random.pick([-5, -2, -1, 0, 1, 2, 7, 500, -100, 1 << 20]));
      const command = draw.command();
      const expected = model.apply(command);
      expect(kernel.text(...command) === expected, `${command[0]} at step ${i}, LATCHKEY_SEED=${seed}`).toBe(true);
      if (random.oneIn(150)) compareWhole(kernel, model);
    }
    compareWhole(kernel, model);
  });

  it('are what they were when a command finds no memory', () => {
    const random = new Random(deriveSeed(seed, 2));
    const model = new ListModel();
    const draw = new ListDraw(random, model, 9_000, 15, 200);
    const kernel = openKernel(build).logOn();
    let refused = 0;
    for (let i = 0; i < OPERATIONS / 2; i++) {
      if (random.oneIn(20)) setNodeSize(kernel, random.pick([-2, -1, 1, 3]));
      const command = draw.command();
      const before = digestOf(kernel);
      // Each request of the command in turn; a reply that fits the window asks for none.
      for (let n = 1; n < 200; n++) {
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
        expect(digestOf(kernel)).toBe(before);
        expect(takeLog(kernel).commands).toEqual([]);
      }
      if (random.oneIn(20)) expect(kernel.check()).toBe(0);
      kernel.dropLog();
    }
    compareWhole(kernel, model);
    expect(refused).toBeGreaterThan(100);
    const used = openKernel(build).shard.calls.usedBytes();
    emptied(kernel);
    expect(kernel.shard.calls.usedBytes()).toBe(used);
  });
});
