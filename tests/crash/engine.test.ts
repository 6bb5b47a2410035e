// Goal: whatever the call of the storage in which the process ends, and whatever the disk keeps of what was not synced,
// the next start finds a state that existed, with everything that was said to be durable and nothing twice.
// Method: a program of steps, snapshots and changes of options over shards of plain objects, ended in every one of its
// calls, once for each thing that may become of unsynced bytes. Steps are numbered, and each could have seen all before
// it, so a state that existed is: all steps up to one. What is found is gone on with, ended once more, and found again.
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../host/persistence/engine.js';
import { CRASH_MODES, Crashed, CrashStorage } from '../support/crash-storage.js';
import { type Recovery, recover } from '../support/engine-recovery.js';
import { EngineScene } from '../support/engine-scene.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';

const SHARDS = 3;
/** What becomes of what is not synced; the last one draws, so it is drawn thrice. */
const MODES = [...CRASH_MODES, 'mixed', 'mixed'] as const;

type Program = (scene: EngineScene, acts: Acts) => Promise<void>;

/** What a program does, and what it was told. */
class Acts {
  /** Shards of each step, by its number. */
  readonly on: number[][] = [[]];
  /** The last step that is durable for certain. */
  durable = 0;
  readonly #random: Random;

  constructor(
    readonly scene: EngineScene,
    seed: number,
    before: readonly (readonly number[])[] = [],
  ) {
    this.#random = new Random(seed);
    for (const [shard, steps] of before.entries()) {
      for (const step of steps) {
        while (this.on.length <= step) this.on.push([]);
        this.on[step].push(shard);
      }
    }
  }

  /** Executes steps, one to three for each millisecond that passes, and notes what was said to be durable. */
  async steps(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      for (let more = this.#random.below(3); more >= 0; more--) this.step();
      await this.scene.pass(1);
      this.note();
    }
  }
  step(): void {
    const shards = [0, 1, 2].filter(() => this.#random.below(2) === 0);
    if (shards.length === 0) shards.push(this.#random.below(SHARDS));
    this.scene.store.step(...shards);
    this.on.push(shards);
  }
  note(): void {
    const { epochs, epochOf } = this.scene.store;
    if (epochs.policy < 2) return;
    while (this.durable + 1 < epochOf.length && epochOf[this.durable + 1] <= epochs.synced) this.durable++;
  }
  async save(): Promise<void> {
    const last = this.on.length - 1;
    const begun = await this.until(this.scene.engine.save());
    if (begun === 'started') this.durable = Math.max(this.durable, last);
  }
  until<T>(promise: Promise<T>): Promise<T> {
    return this.scene.until(promise, () => this.note());
  }
}

async function running(options: Partial<EngineOptions>, storage: FaultyStorage, seed: number, from?: Recovery) {
  const scene = new EngineScene(SHARDS, storage);
  const acts = new Acts(scene, seed, from?.steps);
  // Much can happen while a sync is under way, where files cannot be synced at once.
  const random = new Random(seed);
  storage.disk.syncsAtOnce = random.oneIn(3);
  storage.disk.syncing = () => scene.store.timing.pause(random.below(4));
  if (from) {
    for (const [shard, steps] of from.steps.entries()) scene.store.shards[shard].steps.push(...steps);
    while (scene.store.epochOf.length < acts.on.length) scene.store.epochOf.push(0);
    acts.durable = acts.on.length - 1;
  }
  await scene.start(options, from?.recovered);
  return { scene, acts };
}

/** Runs a program until it ends or the storage crashes; what it was told by then. */
async function run(
  program: Program,
  options: Partial<EngineOptions>,
  storage: FaultyStorage,
  seed: number,
  from?: Recovery,
) {
  let acts: Acts | undefined;
  try {
    const life = await running(options, storage, seed, from);
    acts = life.acts;
    await program(life.scene, life.acts);
  } catch (error) {
    if (!(error instanceof Crashed) && !storage.crashed) throw error;
  }
  return acts;
}

/** The number of the last step that was found; throws if what was found never existed. */
function check(found: Recovery, on: readonly (readonly number[])[], durable: number): number {
  const last = Math.max(0, ...found.steps.flat());
  const expected = Array.from({ length: SHARDS }, (_, shard) =>
    on.flatMap((shards, step) => (step <= last && shards.includes(shard) ? [step] : [])),
  );
  expect(found.steps).toEqual(expected);
  expect(last).toBeGreaterThanOrEqual(durable);
  return last;
}

const PROGRAMS: Record<string, readonly [Partial<EngineOptions>, Program]> = {
  'rounds under always': [{ appendfsync: 'always' }, (_, acts) => acts.steps(25)],
  'rounds and a rewrite under always': [
    { appendfsync: 'always' },
    async (scene, acts) => {
      await acts.steps(10);
      const rewrite = scene.engine.snapshots.take('rewrite');
      await acts.steps(15);
      await acts.until(rewrite);
      await acts.steps(5);
      await acts.save();
      await acts.steps(5);
    },
  ],
  'rounds and a rewrite under everysec': [
    { appendfsync: 'everysec' },
    async (scene, acts) => {
      await acts.steps(10);
      const rewrite = scene.engine.snapshots.take('rewrite');
      await acts.steps(20);
      await acts.until(rewrite);
      await scene.pass(1100);
      await acts.steps(5);
    },
  ],
  'snapshots without a log': [
    { appendonly: false },
    async (_, acts) => {
      await acts.steps(3);
      await acts.save();
      await acts.steps(3);
      await acts.save();
    },
  ],
  'a log that is turned on and off and on': [
    { appendonly: false },
    async (scene, acts) => {
      await acts.steps(5);
      await scene.engine.configure({ appendonly: true });
      await acts.steps(30);
      await acts.until(scene.engine.waitSynced(0));
      await acts.steps(5);
      await acts.until(scene.engine.configure({ appendonly: false }));
      await acts.steps(5);
      await acts.save();
      await scene.engine.configure({ appendonly: true });
      await acts.steps(30);
      await acts.until(scene.engine.waitSynced(0));
      await acts.steps(5);
    },
  ],
  'a sync that fails, and the new log': [
    { appendfsync: 'everysec' },
    async (scene, acts) => {
      await acts.steps(5);
      await acts.until(scene.engine.waitSynced(0));
      acts.step();
      scene.storage.fault = (call) => (/^sync aof-\d.aof.tmp$/.test(call) ? 'IO' : undefined);
      await scene.pass(1100);
      acts.step();
      expect(scene.store.epochs.failed || scene.storage.crashed).toBe(true);
      scene.storage.fault = () => undefined;
      await scene.pass(6000);
      expect(scene.store.epochs.failed && !scene.storage.crashed).toBe(false);
      await acts.steps(5);
      await acts.until(scene.engine.waitSynced(0));
    },
  ],
  'an end in order': [
    { appendfsync: 'no' },
    async (scene, acts) => {
      await acts.steps(10);
      const last = acts.on.length - 1;
      if ((await acts.until(scene.engine.flushAndClose())) === undefined) acts.durable = last;
    },
  ],
};

describe('a crash', () => {
  const seed = runSeed('engine-crash');

  it.each(Object.entries(PROGRAMS))(
    'in any call of %s loses nothing that was durable',
    async (_name, [options, program]) => {
      const whole = new FaultyStorage();
      const acts = await run(program, options, whole, seed);
      const total = whole.disk.calls;
      check(await recover(whole.after('kept'), SHARDS), acts!.on, acts!.durable);
      expect(acts!.durable).toBeGreaterThan(0);
      let points = 0;
      for (let call = 1; call <= total; call++) {
        const storage = new FaultyStorage();
        storage.disk.crashAt(call, call % 2 === 0 ? 'before' : 'during');
        const told = await run(program, options, storage, seed);
        expect(storage.crashed).toBe(true);
        for (const [index, mode] of MODES.entries()) {
          points++;
          const left = storage.after(mode, deriveSeed(seed, call * 10 + index));
          const found = await recover(left, SHARDS);
          check(found, told?.on ?? [[]], told?.durable ?? 0);
          if ((call + index) % 3 !== 0) continue;
          await goOn(found, deriveSeed(seed, call * 10 + index));
        }
      }
      console.log(`${points} crash points in ${total} calls`);
      expect(points).toBeGreaterThan(0);
    },
    300_000,
  );

  /** What was found is opened, gone on with, ended in some call, and found again. */
  async function goOn(found: Recovery, seed: number): Promise<void> {
    const random = new Random(seed);
    const second = new FaultyStorage(new CrashStorage(found.files));
    second.disk.crashAt(1 + random.below(60), 'during');
    const program: Program = async (scene, acts) => {
      acts.step();
      const rewrite = random.below(2) === 0 ? scene.engine.snapshots.take('rewrite') : Promise.resolve(undefined);
      await acts.steps(5);
      await acts.until(rewrite);
      await acts.steps(5);
    };
    const told = await run(program, { appendfsync: 'always' }, second, seed, found);
    const before = Math.max(0, ...found.steps.flat());
    const again = await recover(second.after('mixed', seed), SHARDS);
    const on = told?.on ?? onOf(found);
    check(again, on, Math.max(before, told?.durable ?? 0));
    // Recovering twice changes nothing.
    expect((await recover(new Map(again.files), SHARDS)).steps).toEqual(again.steps);
  }
  function onOf({ steps }: Recovery): number[][] {
    const on: number[][] = [[]];
    for (const [shard, list] of steps.entries()) {
      for (const step of list) {
        while (on.length <= step) on.push([]);
        on[step].push(shard);
      }
    }
    return on;
  }
});
