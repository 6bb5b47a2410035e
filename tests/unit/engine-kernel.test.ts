// The persistence engine over real shards, in this thread: what it writes is what a start reads. In all four builds.
import { afterEach, describe, expect, it } from 'vitest';
import { Epochs } from '../../host/kernel/epochs.js';
import { ShardKernel } from '../../host/kernel/kernel.js';
import { loadDump, verifyDump } from '../../host/persistence/dump-read.js';
import { Engine, type EngineOptions } from '../../host/persistence/engine.js';
import { KernelShard } from '../../host/persistence/kernel-shard.js';
import { dumpName, logName } from '../../host/persistence/log-format.js';
import { scanLog } from '../../host/persistence/log-scan.js';
import { replayLog } from '../../host/persistence/replay.js';
import { SYSTEM_TIMING, type Timing } from '../../host/persistence/timing.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { Latches } from '../../host/worker/latches.js';
import { Random } from '../support/seed.js';
import { StoreInProcess } from '../support/store-in-process.js';
import { BUILDS, type Build } from '../support/wasm.js';

const OPTIONS: EngineOptions = {
  appendonly: true,
  appendfsync: 'everysec',
  save: [],
  autoAofRewritePercentage: 0,
  autoAofRewriteMinSize: 0,
};
const SHARDS = 3;
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.flushAndClose();
});

/** Each look at the clock takes a millisecond: slices of a snapshot are short, and a second is soon over. */
function hasty(): Timing {
  let nowMs = Date.now();
  return {
    ...SYSTEM_TIMING,
    nowMs: () => {
      nowMs = Math.max(Date.now(), nowMs + 1);
      return nowMs;
    },
  };
}

async function persisted(build: Build, options: Partial<EngineOptions> = {}) {
  const epochs = new Epochs(Epochs.newBuffer());
  const store = new StoreInProcess(build, SHARDS, { windowCount: 2 }, epochs);
  const own = store.shards.map(
    ({ module, memory, index, layout }) => new ShardKernel(module, memory, index, 1, layout, epochs),
  );
  const latches = new Latches(own, 2);
  const storage = new MemoryStorage();
  const engine = await Engine.start({
    storage,
    shards: own.map((_, index) => new KernelShard(latches, index)),
    epochs,
    options: { ...OPTIONS, ...options },
    timing: hasty(),
    fatal: (reason) => {
      throw new Error(reason);
    },
  });
  engines.push(engine);
  return { store, storage, engine, epochs };
}

/** Brings up a store from files: dumps, and the rounds behind them. */
async function restarted(build: Build, files: Map<string, Uint8Array>): Promise<StoreInProcess> {
  const storage = new MemoryStorage(files);
  const store = new StoreInProcess(build, SHARDS);
  for (const [index, shard] of store.shards.entries()) {
    let covered = 0;
    if (files.has(dumpName(index))) {
      const file = await storage.open(dumpName(index), 'read');
      const verdict = verifyDump(file);
      if (verdict.kind !== 'ours') throw new Error(`${dumpName(index)}: ${JSON.stringify(verdict)}`);
      loadDump(file, verdict.version, shard, { nowMs: store.clock.now, owner: 1 });
      covered = verdict.round;
    }
    if (!files.has(logName(index))) continue;
    const file = await storage.open(logName(index), 'read');
    const scan = scanLog(file, shard);
    expect(scan).toMatchObject({ damage: undefined, unknown: undefined, goodBytes: scan.bytes });
    const behind = scan.rounds.filter(({ number }) => number > covered);
    const last = scan.rounds.findLast(({ number }) => number <= covered);
    const from = last?.endOffset ?? 9;
    if (behind.length === 0) continue;
    const range = { version: scan.version, from, to: behind.at(-1)!.endOffset };
    expect(replayLog(file, shard, range, { ours: true, nowMs: store.clock.now }).errors).toBe(0);
  }
  return store;
}

function digests(store: StoreInProcess): bigint[] {
  return store.shards.flatMap((shard) => [0, 3].map((db) => shard.calls.digest(shard.window, db)));
}

/** Some commands on all types, on one shard or several, in two databases. */
function some(store: StoreInProcess, random: Random, count: number): void {
  const key = (): string => `key:${random.below(200)}`;
  for (let i = 0; i < count; i++) {
    store.db = random.below(4) === 0 ? 3 : 0;
    const [a, b, c] = [key(), key(), key()];
    const commands: string[][] = [
      ['SET', a, `value ${i}`],
      ['SET', a, 'x'.repeat(random.below(3000)), 'EX', '1000'],
      ['MSET', a, String(i), b, String(i), c, String(i)],
      ['DEL', a, b],
      ['DEL', `list:${a}`],
      ['RPUSH', `list:${a}`, ...Array.from({ length: random.below(40) + 1 }, (_, n) => `element ${n}`)],
      ['HSET', `hash:${a}`, `field ${i}`, 'x'.repeat(random.below(100))],
      ['SADD', `set:${a}`, String(i), `member ${i}`],
      ['ZADD', `zset:${a}`, String(i / 7), `member ${i}`],
      ['XADD', `stream:${a}`, '*', 'field', String(i)],
      ['RENAME', a, b],
      ['LPOP', `list:${a}`],
    ];
    store.call(...commands[random.below(commands.length)]);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(BUILDS)('an engine over kernels, %o', (build) => {
  it('writes logs that bring everything back', async () => {
    const { store, storage, engine, epochs } = await persisted(build);
    const random = new Random(1);
    for (let i = 0; i < 20; i++) {
      some(store, random, 50);
      await turn();
    }
    expect(await engine.waitSynced(0)).toBe(true);
    expect(epochs.synced).toBeGreaterThan(0);
    expect(digests(await restarted(build, storage.files()))).toEqual(digests(store));
    for (const shard of store.shards) expect(shard.calls.logBacklog()).toBe(0);
  });

  it('takes snapshots of a moment while commands go on, and cuts the logs behind them', async () => {
    const { store, storage, engine } = await persisted(build);
    const random = new Random(2);
    some(store, random, 4000);
    for (let round = 0; round < 3; round++) {
      let isOver = false;
      const saved = engine.save().finally(() => {
        isOver = true;
      });
      let during = 0;
      while (!isOver) {
        some(store, random, 20);
        during++;
        await turn();
      }
      expect(await saved).toBe('started');
      expect(during).toBeGreaterThan(3);
      some(store, random, 100);
      expect(await engine.waitSynced(0)).toBe(true);
      expect([...storage.files().keys()].filter((name) => name.startsWith('dump'))).toHaveLength(SHARDS);
      expect(digests(await restarted(build, storage.files()))).toEqual(digests(store));
    }
    expect(store.shards.map((shard) => shard.calls.check())).toEqual([0, 0, 0]);
  });

  it('saves without a log, and begins one with what there is', async () => {
    const { store, storage, engine, epochs } = await persisted(build, { appendonly: false });
    const random = new Random(3);
    some(store, random, 500);
    expect(await engine.save()).toBe('started');
    expect(digests(await restarted(build, storage.files()))).toEqual(digests(store));
    const saved = digests(store);
    some(store, random, 100);
    expect(digests(await restarted(build, storage.files()))).toEqual(saved);
    await engine.configure({ appendonly: true });
    for (let i = 0; i < 5; i++) {
      some(store, random, 50);
      await turn();
    }
    expect(await engine.waitSynced(0)).toBe(true);
    expect(epochs.policy).toBe(2);
    expect(digests(await restarted(build, storage.files()))).toEqual(digests(store));
    await engine.configure({ appendonly: false });
    const stopped = digests(store);
    some(store, random, 100);
    expect(digests(await restarted(build, storage.files()))).toEqual(stopped);
  });

  it('gives a snapshot up that would keep more than a quarter of maxmemory, and takes the next one', async () => {
    const { store, storage, engine } = await persisted(build, { appendonly: false });
    const keys = Array.from({ length: 12_000 }, (_, i) => `key:${i}`);
    for (const key of keys) store.call('SET', key, 'x'.repeat(1000));
    store.limit(24 << 20, 'allkeys-lru');
    const saved = engine.save();
    // Each change of an unsaved value keeps the old one: of 4 MB on each shard 2 MiB may be kept.
    while (!engine.snapshots.running?.set.figures.keys) await turn();
    for (const key of keys) expect(store.call('APPEND', key, 'y')).toBe(':1001\r\n');
    expect(await saved).toEqual({
      failed: expect.stringMatching(/^shard \d: more would have to be kept than may be$/),
    });
    expect(new Map(await engine.info()).get('rdb_last_bgsave_status')).toBe('err');
    expect([...storage.files().keys()]).toEqual([]);
    for (const { calls } of store.shards) expect(calls.dataBytes()).toBe(calls.usedBytes());
    expect(await engine.save()).toBe('started');
    expect(new Map(await engine.info()).get('rdb_last_bgsave_status')).toBe('ok');
    expect(store.keys()).toBe(keys.length);
    expect(digests(await restarted(build, storage.files()))).toEqual(digests(store));
  });

  it('says what Redis says about it', async () => {
    const { store, engine } = await persisted(build);
    for (let i = 0; i < 10; i++) store.call('SET', `key ${i}`, 'value');
    const before = new Map(await engine.info());
    expect(before.get('rdb_changes_since_last_save')).toBe(10);
    expect(before.get('aof_buffer_length')).toBeGreaterThan(0);
    await engine.save();
    const after = new Map(await engine.info());
    expect(after.get('rdb_changes_since_last_save')).toBe(0);
    expect(after.get('aof_buffer_length')).toBe(0);
    expect(after.get('rdb_saves')).toBe(1);
    expect(after.get('aof_current_size')).toBe(after.get('aof_base_size'));
  });
});
