// Hashes against a plain Map: random commands under a clock that the test moves, in every form and across the switch from
// one to the other, with deadlines of fields and without. Afterwards the log, replayed, has made the same.
import { describe, expect, it } from 'vitest';
import { CALL_ALL, CALL_INTERNAL, CALL_SLOW } from '../../host/kernel/abi.js';
import { HEADER_FLAG_CLOCK_STOPPED, HEADER_FLAGS } from '../../host/kernel/kernel.js';
import { type Expected, HashDraw, HashModel } from '../support/hash-model.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { type Limit, setLimits } from '../support/limits.js';
import { takeLog } from '../support/log-replay.js';
import { decode } from '../support/resp-client.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS, type Build } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const OPERATIONS = LONG ? 60_000 : 3_000;
const CHECK_EVERY = 200;

/** What a case is about: which limits hold, how long values get, how many fields there are, and how many at the start. */
interface Case {
  title: string;
  limits: Partial<Record<Limit, number>>;
  longOneIn: number;
  fieldCount: number;
  deadlines?: boolean;
  fill?: number;
}
const CASES: Case[] = [
  { title: 'packed, by the default limits', limits: {}, longOneIn: 0, fieldCount: 20 },
  { title: 'packed and large', limits: { hashMaxListpackEntries: 4 }, longOneIn: 40, fieldCount: 20 },
  {
    title: 'over the switch to a table and back by deletion',
    limits: { hashMaxListpackEntries: 8, hashMaxListpackValue: 16, packedEntriesMax: 12, packedBytesMax: 300 },
    longOneIn: 50,
    fieldCount: 30,
  },
  {
    title: 'tables from the start',
    limits: { hashMaxListpackEntries: 0, packedEntriesMax: 0, packedBytesMax: 0 },
    longOneIn: 30,
    fieldCount: 60,
  },
  { title: 'tables of several segments', limits: {}, longOneIn: 60, fieldCount: 4000, fill: 3000 },
  { title: 'deadlines in small hashes', limits: {}, longOneIn: 60, fieldCount: 10, deadlines: true },
  {
    title: 'deadlines in large hashes',
    limits: { hashMaxListpackEntries: 60, packedEntriesMax: 8 },
    longOneIn: 30,
    fieldCount: 900,
    deadlines: true,
    fill: 3000,
  },
];

function latin1(reply: unknown): string[] {
  const flat = reply instanceof Map ? [...reply].flat() : (reply as Buffer[]);
  return (flat as Buffer[]).map((item) => item.toString('latin1'));
}

/** Why a reply is not what the model expects, or undefined. */
function differs(reply: Buffer, expected: Expected, ordered: boolean): string | undefined {
  const text = reply.toString('latin1');
  if (typeof expected === 'string') return text === expected ? undefined : `${show(text)}, not ${show(expected)}`;
  if (!text.startsWith(expected.head)) return `${show(text)}, not ${show(expected.head)}...`;
  const width = expected.items[0]?.length ?? 1;
  const flat = latin1(decode(reply, { binary: true }));
  const groups = Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
  const lines = (items: string[][]) => {
    const texts = items.map((item) => JSON.stringify(item));
    return (ordered ? texts : texts.sort()).join();
  };
  return lines(groups) === lines(expected.items) ? undefined : `other items: ${show(lines(groups))}`;
}
const show = (text: string) => JSON.stringify(text.slice(0, 120));

/** A kernel that only repeats what the log says: nothing expires in it by itself. */
function replica(build: Build, limits: Parameters<typeof setLimits>[1]): TestKernel {
  const kernel = openKernel(build, { seed: 999 });
  setLimits(kernel, limits);
  kernel.shard.setHeader(HEADER_FLAGS, HEADER_FLAG_CLOCK_STOPPED);
  kernel.flags = CALL_SLOW | CALL_INTERNAL | CALL_ALL;
  // Long after every deadline: only the log may say what has expired.
  kernel.now = 1_900_000_000_000;
  return kernel;
}

const digest = (kernel: TestKernel) => BigInt.asUintN(64, kernel.shard.calls.digest(kernel.shard.window, 0));

/** All fields of a hash by HSCAN, each once. */
function scanAll(kernel: TestKernel, key: string, count: number): Map<string, string> {
  const pairs = new Map<string, string>();
  let cursor = '0';
  do {
    const reply = decode(kernel.call('HSCAN', key, cursor, 'COUNT', String(count)), { binary: true });
    const [next, items] = reply as [Buffer, Buffer[]];
    cursor = next.toString();
    const flat = latin1(items);
    for (let i = 0; i < flat.length; i += 2) pairs.set(flat[i], flat[i + 1]);
  } while (cursor !== '0');
  return pairs;
}

/** Every field, value and deadline, the encoding, and the kernel's own check. */
function compareWhole(kernel: TestKernel, model: HashModel, random: Random): void {
  expect(kernel.check()).toBe(0);
  for (const key of [...model.keys.keys()]) {
    const hash = model.live(key);
    if (!hash) continue;
    const wanted = new Map([...hash.fields].map(([name, { value }]) => [name, value]));
    expect(scanAll(kernel, key, random.pick([1, 10, 100_000]))).toEqual(wanted);
    const names = [...hash.fields.keys()];
    const expires = names.map((name) => `:${hash.fields.get(name)!.expires}\r\n`).join('');
    const reply = kernel.text('HPEXPIRETIME', key, 'FIELDS', String(names.length), ...names);
    expect(reply === `*${names.length}\r\n${expires}`, `deadlines of ${key}`).toBe(true);
    expect(kernel.text('OBJECT', 'ENCODING', key)).toContain(`\r\n${model.encoding(key)}\r\n`);
  }
  expect(kernel.check()).toBe(0);
}

describe.each(BUILDS)('hashes, $memory $mode', (build) => {
  const seed = runSeed('tests/model/hash.test.ts');

  it.each(CASES)('answer random commands as Maps do: $title', (each) => {
    const { title, limits, longOneIn, fieldCount, deadlines = false, fill = 0 } = each;
    const random = new Random(
      deriveSeed(
        seed,
        CASES.findIndex((each) => each.title === title),
      ),
    );
    const model = new HashModel(limits.hashMaxListpackEntries ?? 512, limits.hashMaxListpackValue ?? 64);
    const draw = new HashDraw(random, model, longOneIn, fieldCount, 4, deadlines);
    const kernel = openKernel(build, { seed: random.word(), logBytes: 1 << 22 }).logOn();
    setLimits(kernel, limits);
    const second = replica(build, limits);
    const replayAll = () => {
      for (const args of takeLog(kernel).commands) {
        const reply = second.text(...args);
        if (reply.startsWith('-'))
          throw new Error(`a record that is refused: ${args.join(' ').slice(0, 100)}: ${reply}`);
      }
      expect(digest(second)).toBe(digest(kernel));
    };
    kernel.now = model.now;
    for (let from = 0; from < fill; from += 100) {
      const pairs = Array.from({ length: 100 }, (_, i) => [`field:${from + i}`, draw.value()]).flat();
      const command = deadlines
        ? ['HSETEX', 'hash:0', 'PX', String(random.between(1, 2_000_000)), 'FIELDS', '100', ...pairs]
        : ['HSET', 'hash:0', ...pairs];
      expect(kernel.text(...command)).toBe(model.apply(command));
    }
    for (let i = 0; i < OPERATIONS; i++) {
      if (random.oneIn(20)) model.now += random.pick([1, 10, 1000, 30_000, 600_000]);
      kernel.now = model.now;
      if (random.oneIn(40)) kernel.expire(random.pick([1, 10, 1000]));
      if (random.oneIn(50)) kernel.shard.calls.reclaim(random.pick([1, 10, 1000]));
      const command = draw.command();
      const ordered = !deadlines && model.keys.get(command[1])?.large === false;
      const expected = model.apply(command);
      const why = differs(kernel.call(...command), expected, ordered);
      if (why) {
        const shown = command.map((arg) => JSON.stringify(arg.slice(0, 60))).join(' ');
        expect.fail(`${shown}: ${why} (LATCHKEY_SEED=${seed}, "${title}", step ${i})`);
      }
      if (i % CHECK_EVERY === 0) {
        compareWhole(kernel, model, random);
        replayAll();
      }
    }
    compareWhole(kernel, model, random);
    replayAll();
    expect(second.check()).toBe(0);
    for (const key of [...model.keys.keys()]) kernel.call('DEL', key);
    kernel.expire(1 << 20);
    expect(kernel.text('DBSIZE')).toBe(':0\r\n');
    while (kernel.shard.calls.reclaim(100) !== 0);
    expect(kernel.check()).toBe(0);
  });
});
