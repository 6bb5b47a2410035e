// Goal: whenever the process ends, and whatever the disk keeps of what was not synced, a start finds what all shards held
// together behind some command, with everything that was said to be durable. Method: real kernels, the engine and recovery
// itself over the disk that crashes. Each chain of lives draws its commands, its options, what is asked of the engine, how
// the disk fails, if it does, and the call in which the process ends; each mode's directory is recovered, and one goes on.
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../host/persistence/engine.js';
import type { SyncPolicy } from '../../host/persistence/syncer.js';
import type { OpenMode, StorageFile } from '../../host/storage/port.js';
import { CRASH_MODES, Crashed, CrashStorage } from '../support/crash-storage.js';
import { KernelLife } from '../support/kernel-life.js';
import { contentOf, someCommands } from '../support/own-store.js';
import { deriveSeed, Random, runSeed } from '../support/seed.js';
import { BUILDS } from '../support/wasm.js';

const LONG = process.env.LATCHKEY_TEST_LONG === '1';
const CHAINS = LONG ? 400 : 15;
const LIVES = 4;
const [BUILD] = BUILDS.slice(-1);
/** The last ones draw. */
const MODES = [...CRASH_MODES, 'mixed'] as const;
const POLICIES: readonly SyncPolicy[] = ['always', 'always', 'everysec', 'no'];

/** What all lives came to: nothing is proven by what never happened. (Few see a disk fail and work again: not every run.) */
const figures = {
  points: 0,
  commands: 0,
  durable: 0,
  behindDurable: 0,
  dumps: 0,
  saves: 0,
  toggles: 0,
  unfinished: 0,
  failing: 0,
  healed: 0,
};

function drawOptions(random: Random): EngineOptions {
  return {
    appendonly: !random.oneIn(5),
    appendfsync: random.pick(POLICIES),
    save: random.oneIn(3) ? [{ seconds: 1, changes: 20 }] : [],
    autoAofRewritePercentage: random.oneIn(3) ? 50 : 0,
    autoAofRewriteMinSize: 2000,
  };
}

/** One command, noted. */
function command(life: KernelLife, random: Random): void {
  const { store } = life;
  store.db = random.oneIn(5) ? 3 : 0;
  const key = `key:${random.below(60)}`;
  const what = random.below(100);
  if (what < 2) store.call('FLUSHDB');
  else if (what < 4) store.call('SWAPDB', '0', '3');
  // A value that is encoded in slices, and set aside if it goes meanwhile.
  else if (what < 7) store.call('SADD', `large:${random.below(3)}`, ...largeMembers(random));
  else if (what < 10) store.call('DEL', `large:${random.below(3)}`);
  else if (what < 15) store.call('SET', key, 'x'.repeat(random.below(9000)));
  else someCommands(store, random, 1);
  life.note();
}
const largeMembers = (random: Random): string[] =>
  Array.from({ length: 300 }, (_, i) => `member ${random.below(1000)} of ${i} `.padEnd(120, 'x'));

/** What may be asked of the engine, with commands meanwhile. */
async function ask(life: KernelLife, random: Random, options: { now: EngineOptions }): Promise<void> {
  const { engine, last } = life;
  const commands = (): void => {
    for (let more = random.below(3); more > 0; more--) command(life, random);
  };
  switch (random.below(5)) {
    case 0: {
      if ((await life.until(engine.save(), commands)) !== 'started') break;
      life.noteDurable(last);
      figures.saves++;
      break;
    }
    case 1:
      await engine.bgrewriteaof();
      break;
    case 2:
      if ((await life.until(engine.waitSynced(0), commands)) === true) life.noteDurable(last);
      break;
    case 3: {
      options.now = { ...options.now, appendfsync: random.pick(POLICIES) };
      await life.until(engine.configure({ appendfsync: options.now.appendfsync }), commands);
      break;
    }
    default: {
      const appendonly = !options.now.appendonly;
      const had = options.now.appendonly && engine.state === 'on';
      options.now = { ...options.now, appendonly };
      await life.until(engine.configure({ appendonly }), commands);
      // On a disk that fails the end of the log may be lost, and a line in the server's own log says so.
      if (had && life.storage.faults === 0) life.noteDurable(last);
      figures.toggles++;
    }
  }
}

/** Goes on until the storage crashes, or there was enough, and the process ends in between two calls. */
async function live(life: KernelLife, random: Random): Promise<void> {
  const { storage, timing } = life;
  storage.syncing = () => timing.pause(random.below(6));
  storage.syncsAtOnce = random.oneIn(3);
  if (random.oneIn(3)) {
    const spans = random.oneIn(2) ? ('once' as const) : ('onwards' as const);
    storage.failAt(storage.calls + 10 + random.below(60), random.pick(['IO', 'DISK_FULL']), spans);
    life.healAtMs = timing.now + 3000;
    // Half of them go on long enough to see the disk work again.
    if (random.oneIn(2)) storage.crashAt(Number.MAX_SAFE_INTEGER);
  }
  try {
    const options = { now: drawOptions(random) };
    await life.start(options.now);
    for (let i = random.between(20, 120); i > 0; i--) {
      for (let more = random.between(1, 4); more > 0; more--) command(life, random);
      if (random.oneIn(12)) await ask(life, random, options);
      await life.pass(random.oneIn(20) ? 1100 : random.below(4));
    }
    storage.crash();
    figures.unfinished++;
    if (storage.faults > 0 && life.engine.state === 'on') figures.healed++;
  } catch (error) {
    // A start that the disk does not let through ends the process, too.
    if (storage.faults > 0 && life.engine === undefined) storage.crash();
    if (!(error instanceof Crashed) && !storage.crashed) throw error;
  }
  if (storage.faults > 0) figures.failing++;
}

/** Recovers what a crash has left; throws if it never was, or lacks what was durable. */
async function found(storage: CrashStorage, before: KernelLife, shardCount: number): Promise<KernelLife> {
  const life = await KernelLife.recover(BUILD, storage, shardCount);
  const at = before.states.lastIndexOf(life.states[0]);
  if (at < 0) throw new Error('what was found is no state that ever was');
  if (at < before.durable)
    throw new Error(`command ${at} of ${before.last} is the last one, and ${before.durable} was durable`);
  if (life.store.shards.some(({ calls }) => calls.check() !== 0)) throw new Error('a shard is not sound');
  if (before.states.indexOf(life.states[0]) > before.durable) figures.behindDurable++;
  return life;
}

async function chain(seed: number): Promise<void> {
  const random = new Random(seed);
  const shardCount = random.between(1, 3);
  let storage = new CrashStorage();
  let life = await KernelLife.recover(BUILD, storage, shardCount);
  for (let n = 0; n < LIVES; n++) {
    // Recovery has made calls of its own.
    storage.crashAt(storage.calls + 1 + random.below(random.oneIn(3) ? 400 : 80), random.pick(['before', 'during']));
    await live(life, random);
    expect(storage.crashed).toBe(true);
    figures.commands += life.last;
    figures.durable += life.durable;
    const left = MODES.map((mode, index) => ({
      mode,
      disk: storage.afterCrash(deriveSeed(seed, n * 10 + index), mode),
    }));
    const next = random.below(left.length);
    const lives: KernelLife[] = [];
    for (const { mode, disk } of left) {
      figures.points++;
      const what = `chain LATCHKEY_SEED=${seed}, life ${n}, ${mode}, behind ${storage.trace.at(-1)}`;
      const again = await found(disk, life, shardCount).catch((error) => {
        throw new Error(`${what}: ${error.message}`, { cause: error });
      });
      if ([...disk.files().keys()].some((name) => name.startsWith('dump'))) figures.dumps++;
      // Recovering twice changes nothing.
      if (lives.length === next) {
        const twice = await KernelLife.recover(BUILD, disk, shardCount);
        expect(contentOf(twice.store.shards), what).toBe(again.states[0]);
        expect(twice.recovered.nextRound, what).toBe(again.recovered.nextRound);
      }
      lives.push(again);
    }
    storage = left[next].disk;
    life = lives[next];
  }
}

describe('a process that ends anywhere', () => {
  it('leaves what was durable and nothing that never was, life after life', {
    timeout: LONG ? 3_600_000 : 300_000,
  }, async () => {
    const seed = runSeed('engine over kernels');
    for (let i = 0; i < CHAINS; i++) await chain(deriveSeed(seed, i));
    console.log(`${figures.points} crash points: ${JSON.stringify(figures)}`);
    const { healed: _, ...needed } = figures;
    for (const [name, count] of Object.entries(needed)) expect(count, name).toBeGreaterThan(0);
  });

  it('would be told to have lost something, if the disk said that it had synced and had not', async () => {
    let lies = false;
    class Liar extends CrashStorage {
      override async open(name: string, mode: OpenMode): Promise<StorageFile> {
        const file = await super.open(name, mode);
        const sync = file.sync.bind(file);
        file.sync = () => (lies ? Promise.resolve() : sync());
        return file;
      }
    }
    const storage = new Liar();
    const life = await KernelLife.recover(BUILD, storage, 2);
    await life.start({ ...drawOptions(new Random(1)), appendonly: true, appendfsync: 'always' });
    lies = true;
    for (let i = 0; i < 20; i++) {
      command(life, new Random(i));
      await life.pass(5);
    }
    storage.crash();
    expect(life.durable).toBeGreaterThan(10);
    expect((await found(storage.afterCrash(1, 'kept'), life, 2)).states[0]).toBe(life.states[life.last]);
    await expect(found(storage.afterCrash(1, 'writes-lost'), life, 2)).rejects.toThrow('was durable');
    life.states.splice(life.durable);
    await expect(found(storage.afterCrash(1, 'kept'), life, 2)).rejects.toThrow('no state that ever was');
  });
});
