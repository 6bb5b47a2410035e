// Rounds and snapshots while threads take steps over several shards. Goal: what a round and those before it hold is a
// state that existed. Method: every step notes, by a clock that all threads share, when it began, when it held all its
// latches, and when it was over; the rounds' records say which steps they hold. In the order of the moments, no step may
// be in an earlier round than one that held one of its latches before it, or was over before it began.
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ROUTING_SLOTS, SERVER_LAYOUT } from '../../host/kernel/kernel.js';
import { newStore, openShards } from '../../host/worker/store-parts.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { StandInEngine, type StandInRound } from '../support/stand-in-engine.js';

const KERNEL = new URL('../../dist/kernel.shared.wasm', import.meta.url);
const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const SHARDS = 3;
const THREADS = 3;
/** The run is over when there have been so many snapshots, and rounds that hold records of several shards. */
const SNAPSHOTS = LONG ? 2000 : 20;
const SHARED_ROUNDS = LONG ? 6000 : 60;
/** Of each thread: what they note is kept in memory. */
const STEPS_MAX = LONG ? 1_000_000 : 200_000;

interface Step {
  readonly name: string;
  readonly touched: readonly number[];
  readonly writes: readonly number[];
  /** First epoch of the snapshot that each touched shard had entered. */
  readonly entered: readonly number[];
  readonly began: number;
  readonly moment: number;
  readonly over: number;
}

/** Threads at work, an engine that ends rounds among them; what all have done. */
async function run(random: Random): Promise<{ steps: Step[]; rounds: readonly StandInRound[] }> {
  // A ring that many rounds overflow.
  const layout = {
    ...SERVER_LAYOUT,
    shardCount: SHARDS,
    routing: ROUTING_SLOTS,
    databases: 1,
    windowCount: THREADS + 1,
  };
  const store = newStore(new WebAssembly.Module(readFileSync(KERNEL)), { ...layout, logBytes: 1 << 13 });
  const engine = new StandInEngine(openShards(store, THREADS), THREADS + 1);
  const tickets = new SharedArrayBuffer(4);
  const stop = new SharedArrayBuffer(4);
  const workers = Array.from({ length: THREADS }, (_, i) => {
    const workerData = { store, windowIndex: i, owner: i + 1, seed: random.word(), stepsMax: STEPS_MAX, tickets, stop };
    return new Worker(new URL('./epoch-thread.mjs', import.meta.url), { workerData });
  });
  const answers = workers.map(
    (worker) =>
      new Promise<Step[]>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', resolve);
      }),
  );
  let running = true;
  const all = Promise.all(answers).finally(() => {
    running = false;
  });
  while (running) {
    if (engine.isDirty) engine.round(random.oneIn(3), random.oneIn(3));
    if (isEnough(engine.rounds)) Atomics.store(new Int32Array(stop), 0, 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const steps = (await all).flat();
  await Promise.all(workers.map((worker) => worker.terminate()));
  while (engine.isDirty) engine.round();
  return { steps, rounds: engine.rounds };
}

const isShared = ({ commands }: StandInRound): boolean => commands.filter(({ length }) => length > 0).length > 1;
function isEnough(rounds: readonly StandInRound[]): boolean {
  return (
    rounds.filter(({ snapshot }) => snapshot).length >= SNAPSHOTS && rounds.filter(isShared).length >= SHARED_ROUNDS
  );
}

/** The round of each step that has written something. */
function roundsOf(steps: readonly Step[], rounds: readonly StandInRound[]): Map<string, number> {
  const found = new Map<string, Map<number, number>>();
  for (const { number, commands } of rounds) {
    for (const [shard, list] of commands.entries()) {
      for (const args of list) {
        const name = args[2].toString('latin1').split(' ')[0];
        const parts = found.get(name) ?? new Map<number, number>();
        expect(parts.has(shard), `${name} twice on shard ${shard}`).toBe(false);
        found.set(name, parts.set(shard, number));
      }
    }
  }
  const whole = new Map<string, number>();
  for (const { name, writes } of steps) {
    const parts = found.get(name) ?? new Map<number, number>();
    if (parts.size !== writes.length) throw new Error(`${name} is on ${parts.size} shards of ${writes.length}`);
    const [number] = parts.values();
    for (const other of parts.values()) if (other !== number) throw new Error(`${name} is torn: ${number}, ${other}`);
    if (number !== undefined) whole.set(name, number);
  }
  expect(found.size).toBe(whole.size);
  return whole;
}

/** @returns how many steps were held to be in a round of at least some number by another. */
function checkOrder(steps: readonly Step[], roundOf: ReadonlyMap<string, number>): number {
  const events = steps.flatMap((step) => [
    { at: step.began, kind: 'began' as const, step },
    { at: step.moment, kind: 'moment' as const, step },
    { at: step.over, kind: 'over' as const, step },
  ]);
  events.sort((a, b) => a.at - b.at);
  const before = new Map<Step, number>();
  const onShard = new Array<number>(SHARDS).fill(0);
  let told = 0;
  let held = 0;
  for (const { kind, step } of events) {
    if (kind === 'began') before.set(step, told);
    else if (kind === 'over') told = Math.max(told, before.get(step)!);
    else {
      const least = Math.max(before.get(step)!, ...step.touched.map((shard) => onShard[shard]));
      const round = roundOf.get(step.name) ?? least;
      if (round < least) throw new Error(`${step.name} is in round ${round}, and something before it in ${least}`);
      if (least > 0) held++;
      for (const shard of step.touched) onShard[shard] = round;
      before.set(step, round);
    }
  }
  return held;
}

/**
 * Every step is within one snapshot on all its shards, and it is the newest that begins with the step's epoch or before.
 * @returns how many steps belong to a later round than the one that began their snapshot.
 */
function checkSnapshots(
  steps: readonly Step[],
  rounds: readonly StandInRound[],
  roundOf: ReadonlyMap<string, number>,
): number {
  const firsts = rounds.filter(({ snapshot }) => snapshot).map(({ number }) => number + 1);
  let behind = 0;
  for (const { name, touched, entered } of steps) {
    if (new Set(entered).size !== 1) throw new Error(`${name} entered ${entered} of ${touched}`);
    const round = roundOf.get(name);
    if (round === undefined) continue;
    const newest = firsts.findLast((first) => first <= round) ?? 0;
    if (entered[0] !== newest) throw new Error(`${name} of epoch ${round} has entered ${entered[0]}, not ${newest}`);
    if (newest !== 0 && round > newest) behind++;
  }
  return behind;
}

describe('rounds while threads take steps', () => {
  it('hold states that existed, and are where the snapshots are', { timeout: LONG ? 1_200_000 : 120_000 }, async () => {
    const random = new Random(deriveSeed(runSeed('parallel epochs'), 0));
    const { steps, rounds } = await run(random);
    const roundOf = roundsOf(steps, rounds);
    const held = checkOrder(steps, roundOf);
    const behind = checkSnapshots(steps, rounds, roundOf);
    console.log(`${steps.length} steps, ${held} of them behind others, ${rounds.length} rounds`);
    expect(rounds.map(({ number }) => number)).toEqual(rounds.map((_, i) => i + 1));
    // Threads that never met, or an engine that never came to anything, would prove nothing.
    expect(isEnough(rounds)).toBe(true);
    expect(held).toBeGreaterThan(1000);
    expect(behind).toBeGreaterThan(100);
  });

  it('would be told from rounds with a torn step, and from rounds out of order', async () => {
    const { steps, rounds } = await run(new Random(7));
    const roundOf = new Map(roundsOf(steps, rounds));
    const last = steps.findLast(({ name }) => (roundOf.get(name) ?? 0) > 2)!;
    roundOf.set(last.name, 1);
    expect(() => checkOrder(steps, roundOf)).toThrow(`${last.name} is in round 1`);
    const torn = rounds.map((round) => ({ ...round, commands: round.commands.map((list) => [...list]) }));
    const from = torn.find(isShared)!.commands.find(({ length }) => length > 0)!;
    torn.at(-1)!.commands[0].push(from[0]);
    expect(() => roundsOf(steps, torn)).toThrow();
  });
});
