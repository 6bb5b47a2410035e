// Snapshots, cuts, and the log's beginning and end, by the storage calls that they make and what they leave.
import { describe, expect, it } from 'vitest';
import { commitFiles, finishDumps } from '../../host/persistence/commit-set.js';
import { rewriteIsDue, snapshotIsDue } from '../../host/persistence/save-points.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { CrashStorage } from '../support/crash-storage.js';
import { recover } from '../support/engine-recovery.js';
import { EngineScene } from '../support/engine-scene.js';
import { FaultyStorage } from '../support/faulty-storage.js';

/** Files that a directory has. */
const namesOf = (scene: EngineScene): string[] => [...scene.storage.after('kept').keys()].sort();
const FOUR = ['aof-0.aof', 'aof-1.aof', 'dump-0.rdb', 'dump-1.rdb'];

describe('a snapshot with a log', () => {
  it('goes into place when its round is synced, and then the logs are cut, in these steps', async () => {
    const scene = await new EngineScene(2).start({ appendfsync: 'everysec' });
    scene.store.step(0, 1);
    scene.calls();
    expect(await scene.engine.bgrewriteaof()).toBe('started');
    await scene.until(scene.engine.snapshots.running!.over);
    expect(scene.calls()).toEqual([
      'write aof-0.aof.tmp',
      'write aof-1.aof.tmp',
      'create dump-0.rdb.tmp',
      'write dump-0.rdb.tmp',
      'create dump-1.rdb.tmp',
      'write dump-1.rdb.tmp',
      'write dump-0.rdb.tmp',
      'write dump-0.rdb.tmp',
      'write dump-1.rdb.tmp',
      'write dump-1.rdb.tmp',
      'sync dump-0.rdb.tmp',
      'sync dump-1.rdb.tmp',
      'sync aof-0.aof.tmp',
      'sync aof-1.aof.tmp',
      'rename dump-0.rdb.tmp dump-0.rdb',
      'rename dump-1.rdb.tmp dump-1.rdb',
      'sync directory',
      ...[0, 1].flatMap((shard) => [
        `create aof-${shard}.aof.tmp`,
        `write aof-${shard}.aof.tmp`,
        `sync aof-${shard}.aof.tmp`,
        `rename aof-${shard}.aof.tmp aof-${shard}.aof`,
        'sync directory',
      ]),
    ]);
    expect(namesOf(scene)).toEqual(FOUR);
    expect(await scene.info('aof_rewrites')).toBe(1);
    expect(await scene.info('aof_current_size')).toBe(await scene.info('aof_base_size'));
  });

  it('is the state at the end of its round, and what comes behind it is in the logs that were cut', async () => {
    const scene = await new EngineScene(3).start();
    for (let i = 0; i < 40; i++) {
      scene.store.step(i % 3);
      if (i % 4 === 0) await scene.pass(2);
    }
    const before = scene.engine.bytes;
    const saved = scene.engine.save();
    for (let i = 0; i < 60; i++) {
      scene.store.step(...(i % 2 === 0 ? [0, 1, 2] : [i % 3]));
      await scene.pass(1);
    }
    expect(await scene.until(saved)).toBe('started');
    await scene.pass(10);
    expect(scene.engine.bytes).not.toBe(before);
    const { steps, cut } = await recover(scene.storage.after('lost'), 3);
    expect(steps).toEqual(scene.store.shards.map((shard) => shard.steps));
    expect(cut).toBe(scene.store.epochs.synced);
  });

  it('writes a round even if there is nothing to write, so that no number is missing', async () => {
    const scene = await new EngineScene(2).start();
    expect(await scene.until(scene.engine.save())).toBe('started');
    scene.store.step(1);
    await scene.pass(5);
    expect(scene.store.epochs.synced).toBe(2);
    expect((await scene.found()).steps).toEqual([[], [1]]);
  });

  it('waits for a busy latch to enter, and others go on', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.shards[1].busy = true;
    const saved = scene.engine.save();
    await scene.pass(20);
    scene.store.step(0);
    expect(scene.store.shards.map(({ entered }) => entered)).toEqual([2, 0]);
    scene.store.shards[1].busy = false;
    expect(await scene.until(saved)).toBe('started');
    await scene.pass(5);
    expect((await scene.found()).steps).toEqual([[1], []]);
  });

  it('fails if a shard has to keep too much, and the next one succeeds', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.step(0, 1);
    scene.store.shards[1].snapshotFailure = 'more would have to be kept than was allowed';
    const failed = 'shard 1: more would have to be kept than was allowed';
    expect(await scene.until(scene.engine.save())).toEqual({ failed });
    scene.store.shards[1].snapshotFailure = undefined;
    expect(namesOf(scene)).toEqual(['aof-0.aof', 'aof-1.aof']);
    expect(await scene.until(scene.engine.save())).toBe('started');
    expect((await scene.found()).steps).toEqual([[1], [1]]);
  });

  it('is taken one at a time; others are told, or scheduled', async () => {
    const scene = await new EngineScene(1).start();
    for (let i = 0; i < 500; i++) scene.store.step(0);
    expect(await scene.engine.bgsave(false)).toBe('started');
    expect(await scene.engine.bgsave(true)).toEqual({ busy: 'snapshot' });
    expect(await scene.engine.save()).toEqual({ busy: 'snapshot' });
    expect(await scene.engine.bgrewriteaof()).toBe('scheduled');
    expect(await scene.info('rdb_bgsave_in_progress')).toBe(1);
    expect(await scene.info('aof_rewrite_scheduled')).toBe(1);
    await scene.pass(1000);
    expect(await scene.info('aof_rewrites')).toBe(1);
    expect(await scene.info('rdb_saves')).toBe(1);
    expect(await scene.engine.bgrewriteaof()).toBe('started');
    expect(await scene.engine.bgsave(false)).toEqual({ busy: 'rewrite' });
    expect(await scene.engine.bgsave(true)).toBe('scheduled');
    expect(await scene.until(scene.engine.save())).toBe('started');
    await scene.pass(1000);
    expect(await scene.info('rdb_saves')).toBe(3);
  });

  it('goes on in both files when the directory cannot be synced behind a cut, until it can', async () => {
    const scene = await new EngineScene(1).start();
    scene.store.step(0);
    await scene.pass(5);
    let named = false;
    scene.storage.fault = (call) => {
      if (call === 'rename aof-0.aof.tmp aof-0.aof') named = true;
      return named && call === 'sync directory' ? 'IO' : undefined;
    };
    expect(await scene.until(scene.engine.save())).toEqual({ failed: 'sync directory: IO' });
    scene.store.step(0);
    await scene.pass(5);
    expect(scene.store.epochs.synced).toBe(3);
    for (const mode of ['kept', 'lost'] as const) {
      expect((await recover(scene.storage.after(mode), 1)).steps).toEqual([[1, 2]]);
    }
    scene.storage.fault = () => undefined;
    expect(await scene.until(scene.engine.save())).toBe('started');
    scene.store.step(0);
    await scene.pass(5);
    expect((await recover(scene.storage.after('lost'), 1)).steps).toEqual([[1, 2, 3]]);
  });

  it('gives a cut up if the new file fails, and the old log goes on', async () => {
    for (const failing of ['create aof-0.aof.tmp', 'sync aof-0.aof.tmp', 'rename aof-0.aof.tmp aof-0.aof']) {
      const scene = await new EngineScene(1).start({ appendfsync: 'everysec' });
      scene.store.step(0);
      await scene.pass(1100);
      let armed = false;
      scene.storage.fault = (call) => {
        if (call === 'rename dump-0.rdb.tmp dump-0.rdb') armed = true;
        return armed && call === failing ? 'DISK_FULL' : undefined;
      };
      expect(await scene.until(scene.engine.save())).toEqual({ failed: `${failing}: DISK_FULL` });
      scene.storage.fault = () => undefined;
      scene.store.step(0);
      await scene.pass(1100);
      expect(scene.store.epochs.failed).toBe(false);
      expect((await recover(scene.storage.after('lost'), 1)).steps).toEqual([[1, 2]]);
      expect(await scene.until(scene.engine.save())).toBe('started');
      expect((await recover(scene.storage.after('lost'), 1)).steps).toEqual([[1, 2]]);
    }
  });
});

describe('a rename that fails and was made all the same', () => {
  const CUT = 'rename aof-0.aof.tmp aof-0.aof';

  it('is seen, and the log that was cut goes on', async () => {
    const scene = await new EngineScene(1).start();
    scene.store.step(0);
    await scene.pass(5);
    scene.storage.lateFault = (call) => (call === CUT ? 'IO' : undefined);
    expect(await scene.until(scene.engine.save())).toBe('started');
    scene.store.step(0);
    await scene.pass(5);
    expect(scene.store.epochs.synced).toBe(3);
    expect((await recover(scene.storage.after('lost'), 1)).steps).toEqual([[1, 2]]);
  });

  it.each([
    ['made', 'lateFault'],
    ['not made', 'fault'],
  ] as const)('or was %s, while nobody can tell: rounds go to both files until somebody can', async (_, fault) => {
    const scene = await new EngineScene(1).start();
    const { storage } = scene;
    scene.store.step(0);
    await scene.pass(5);
    let armed = false;
    storage[fault] = (call) => {
      armed ||= call === CUT;
      return call === CUT ? 'IO' : undefined;
    };
    storage.listFault = () => (armed ? 'IO' : undefined);
    expect(await scene.until(scene.engine.save())).toEqual({ failed: 'list: IO' });
    scene.store.step(0);
    await scene.pass(5);
    expect(scene.store.epochs.synced).toBe(3);
    for (const mode of ['kept', 'lost'] as const) {
      expect((await recover(storage.after(mode), 1)).steps).toEqual([[1, 2]]);
    }
    storage[fault] = () => undefined;
    storage.listFault = () => undefined;
    expect(await scene.until(scene.engine.save())).toBe('started');
    scene.store.step(0);
    await scene.pass(5);
    expect(namesOf(scene)).toEqual(['aof-0.aof', 'dump-0.rdb']);
    expect((await recover(storage.after('lost'), 1)).steps).toEqual([[1, 2, 3]]);
  });

  it('commits a set, and no part of it is taken back', async () => {
    for (const canTell of [true, false]) {
      const scene = await new EngineScene(2).start({ appendonly: false });
      const { storage } = scene;
      scene.store.step(0, 1);
      let armed = false;
      storage.lateFault = (call) => {
        armed ||= call === 'rename dump.journal.tmp dump.journal';
        return call === 'rename dump.journal.tmp dump.journal' ? 'IO' : undefined;
      };
      storage.listFault = () => (armed && !canTell ? 'IO' : undefined);
      const saved = scene.engine.save();
      await scene.pass(500);
      storage.listFault = () => undefined;
      expect(await scene.until(saved)).toBe('started');
      expect(namesOf(scene)).toEqual(['dump-0.rdb', 'dump-1.rdb']);
      expect((await recover(storage.after('lost'), 2)).steps).toEqual([[1], [1]]);
    }
  });
});

describe('a snapshot without a log', () => {
  it('puts all dumps into place together, by a journal', async () => {
    const scene = await new EngineScene(2).start({ appendonly: false });
    scene.store.step(0, 1);
    scene.store.step(1);
    scene.calls();
    expect(await scene.until(scene.engine.save())).toBe('started');
    expect(scene.calls().slice(-13)).toEqual([
      'sync dump-0.rdb.tmp',
      'sync dump-1.rdb.tmp',
      'sync directory',
      'create dump.journal.tmp',
      'write dump.journal.tmp',
      'sync dump.journal.tmp',
      'rename dump.journal.tmp dump.journal',
      'sync directory',
      'rename dump-0.rdb.tmp dump-0.rdb',
      'rename dump-1.rdb.tmp dump-1.rdb',
      'sync directory',
      'remove dump.journal',
      'sync directory',
    ]);
    const { steps } = await recover(scene.storage.after('lost'), 2);
    expect(steps).toEqual([[1], [1, 2]]);
  });

  it('is taken when a save point is reached, and five seconds after one that failed', async () => {
    const scene = await new EngineScene(1).start({ appendonly: false, save: [{ seconds: 10, changes: 3 }] });
    scene.store.step(0);
    await scene.pass(20_000);
    expect(await scene.info('rdb_saves')).toBe(0);
    scene.storage.fault = () => 'DISK_FULL';
    scene.store.step(0);
    scene.store.step(0);
    await scene.pass(1000);
    expect(await scene.info('rdb_last_bgsave_status')).toBe('err');
    scene.storage.fault = () => undefined;
    await scene.pass(3000);
    expect(await scene.info('rdb_saves')).toBe(0);
    await scene.pass(2500);
    expect(await scene.info('rdb_saves')).toBe(1);
    expect(await scene.info('rdb_changes_since_last_save')).toBe(0);
    expect(await scene.engine.lastSave()).toBe(await scene.info('rdb_last_save_time'));
    await scene.pass(60_000);
    expect(await scene.info('rdb_saves')).toBe(1);
  });
});

describe('the log', () => {
  it('is rewritten by itself when it has grown', async () => {
    const scene = await new EngineScene(1).start({ autoAofRewritePercentage: 100, autoAofRewriteMinSize: 5000 });
    const sizes: number[] = [];
    for (let i = 0; i < 400; i++) {
      scene.store.step(0);
      await scene.pass(10);
      sizes.push(scene.engine.bytes);
    }
    expect(Number(await scene.info('aof_rewrites'))).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeGreaterThan(5000);
    expect((await scene.found()).steps).toEqual([scene.store.shards[0].steps]);
  });

  it('begins while the server runs with a snapshot, and counts when both are in place', async () => {
    const scene = await new EngineScene(2).start({ appendonly: false });
    for (let i = 0; i < 20; i++) scene.store.step(i % 2);
    await scene.engine.configure({ appendonly: true });
    scene.store.step(0, 1);
    expect(scene.store.epochs.policy).toBe(1);
    expect(await scene.info('aof_enabled')).toBe(1);
    expect(await scene.engine.waitSynced(-1)).toBe(false);
    expect(await scene.until(scene.engine.waitSynced(0))).toBe(true);
    expect(scene.store.epochs.policy).toBe(3);
    scene.store.step(1);
    await scene.pass(5);
    expect(namesOf(scene)).toEqual(FOUR);
    const { steps, recovered } = await recover(scene.storage.after('lost'), 2);
    expect(steps).toEqual(scene.store.shards.map((shard) => shard.steps));
    expect(recovered.every(({ birthId }) => birthId === '1'.padStart(32, '0'))).toBe(true);
  });

  it('stays off if it cannot begin, and begins when it can', async () => {
    const scene = await new EngineScene(2).start({ appendonly: false });
    scene.store.step(0, 1);
    scene.storage.fault = (call) => (call === 'write dump-1.rdb.tmp' ? 'DISK_FULL' : undefined);
    await scene.until(scene.engine.configure({ appendonly: true }));
    await scene.pass(1000);
    expect(scene.engine.state).toBe('off');
    expect(scene.store.epochs.failed).toBe(false);
    expect(namesOf(scene)).toEqual([]);
    scene.store.step(0, 1);
    scene.storage.fault = () => undefined;
    await scene.pass(6000);
    expect(scene.engine.state).toBe('on');
    scene.store.step(0, 1);
    await scene.pass(5);
    expect((await recover(scene.storage.after('lost'), 2)).steps).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });

  it('stays as it was when it is turned off, and goes with the next snapshot', async () => {
    const scene = await new EngineScene(2).start({ appendfsync: 'everysec' });
    scene.store.step(0, 1);
    await scene.until(scene.engine.configure({ appendonly: false }));
    expect(await scene.engine.waitSynced(0)).toBeUndefined();
    scene.store.step(0);
    await scene.pass(100);
    expect((await recover(scene.storage.after('lost'), 2)).steps).toEqual([[1], [1]]);
    expect(await scene.until(scene.engine.save())).toBe('started');
    expect(namesOf(scene)).toEqual(['dump-0.rdb', 'dump-1.rdb']);
    expect((await recover(scene.storage.after('lost'), 2)).steps).toEqual([[1, 2], [1]]);
    await scene.until(scene.engine.configure({ appendonly: true }));
    await scene.pass(1000);
    scene.store.step(0, 1);
    expect(await scene.until(scene.engine.waitSynced(0))).toBe(true);
    const { steps, recovered } = await recover(scene.storage.after('lost'), 2);
    expect(steps).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
    expect(recovered[0].birthId).toBe('2'.padStart(32, '0'));
  });

  it('lets everybody go on that waited for a sync when it is turned off', async () => {
    const scene = await new EngineScene(2).start();
    for (let i = 0; i < 10; i++) scene.store.step(i % 2);
    await scene.until(scene.engine.configure({ appendonly: false }));
    scene.store.step(0);
    expect(scene.store.epochs.synced).toBeGreaterThanOrEqual(Math.max(...scene.store.epochOf.slice(0, -1)));
    expect(scene.store.epochs.policy).toBe(1);
    expect(scene.store.shards.map(({ logging }) => logging)).toEqual([false, false]);
  });

  it('goes on where recovery left it, and takes its word for nothing before it is synced', async () => {
    const first = await new EngineScene(2).start();
    first.store.step(0, 1);
    first.store.step(0);
    await first.pass(5);
    const { recovered, files } = await first.found();
    const second = await new EngineScene(2, new FaultyStorage(new CrashStorage(files))).start({}, recovered);
    expect(second.calls()).toEqual(['sync aof-0.aof', 'sync aof-1.aof']);
    second.store.step(1);
    await second.pass(5);
    const { steps, cut } = await recover(second.storage.after('lost'), 2);
    expect({ steps, cut }).toEqual({
      steps: [
        [1, 2],
        [1, 1],
      ],
      cut: 2,
    });
  });

  it('begins with a snapshot where there are files without a log of ours', async () => {
    const files = new Map([['aof-0.aof', new TextEncoder().encode('KEVYAOF1\n')]]);
    const nothing = { birthId: undefined, endOffset: 0, endLsn: 0, nextRound: 1 };
    const scene = new EngineScene(2, new FaultyStorage(new CrashStorage(files)));
    for (const shard of scene.store.shards) shard.steps.push(1);
    await scene.start({}, [nothing, nothing]);
    expect(namesOf(scene)).toEqual(FOUR);
    expect(scene.store.epochs.policy).toBe(3);
    expect((await recover(scene.storage.after('lost'), 2)).steps).toEqual([[1], [1]]);
  });
});

describe('what is committed together', () => {
  const set = { renames: [{ from: 'dump-0.rdb.tmp', to: 'dump-0.rdb' }], removes: ['aof-0.aof'] };
  const files = (): Map<string, Uint8Array> =>
    new Map(['dump-0.rdb.tmp', 'aof-0.aof', 'dump-0.rdb'].map((name) => [name, Buffer.from(name)]));

  it('is finished after a crash, however often', async () => {
    const storage = new FaultyStorage(new CrashStorage(files()));
    await commitFiles(storage, set);
    const left = storage.after('kept');
    expect([...left.keys()].sort()).toEqual(['aof-0.aof', 'dump-0.rdb', 'dump-0.rdb.tmp', 'dump.journal']);
    const again = new MemoryStorage(left);
    expect(await finishDumps(again)).toBe(true);
    expect([...again.files()].map(([name, bytes]) => [name, String(Buffer.from(bytes))])).toEqual([
      ['dump-0.rdb', 'dump-0.rdb.tmp'],
    ]);
    expect(await finishDumps(again)).toBe(false);
  });

  it('is refused if the journal makes no sense, and nothing is changed', async () => {
    const journals = [
      '',
      'latchkey-dump-journal v1\nrename dump-0.rdb.tmp dump-0.rdb\n',
      'latchkey-dump-journal v1\nrename dump-7.rdb.tmp dump-7.rdb\nend\n',
      'latchkey-dump-journal v1\nremove ../passwd\nend\n',
      'latchkey-dump-journal v2\nend\n',
    ];
    for (const text of journals) {
      const before = files().set('dump.journal', Buffer.from(text));
      const storage = new MemoryStorage(before);
      await expect(finishDumps(storage)).rejects.toThrow('dump.journal cannot be followed');
      expect([...storage.files().keys()]).toEqual([...before.keys()]);
    }
  });
});

describe('when something is due', () => {
  it('is what Redis says of save points', () => {
    const state = { changes: 100, lastSaveMs: 0, lastTryMs: 0, lastFailed: false };
    const points = [
      { seconds: 300, changes: 100 },
      { seconds: 3600, changes: 1 },
    ];
    expect(snapshotIsDue(points, state, 300_000)).toBe(false);
    expect(snapshotIsDue(points, state, 301_000)).toBe(true);
    expect(snapshotIsDue(points, { ...state, changes: 99 }, 3_600_000)).toBe(false);
    expect(snapshotIsDue(points, { ...state, changes: 99 }, 3_601_000)).toBe(true);
    expect(snapshotIsDue(points, { ...state, lastFailed: true, lastTryMs: 300_000 }, 305_000)).toBe(false);
    expect(snapshotIsDue(points, { ...state, lastFailed: true, lastTryMs: 300_000 }, 305_001)).toBe(true);
    expect(snapshotIsDue([], state, 1e12)).toBe(false);
  });

  it('is what Redis says of rewrites', () => {
    const state = { bytes: 200, baseBytes: 100, failures: 0, lastTryMs: 0 };
    expect(rewriteIsDue(100, 50, state, 0)).toBe(true);
    expect(rewriteIsDue(101, 50, state, 0)).toBe(false);
    expect(rewriteIsDue(100, 200, state, 0)).toBe(false);
    expect(rewriteIsDue(0, 50, state, 0)).toBe(false);
    expect(rewriteIsDue(100, 50, { ...state, failures: 4 }, 119_999)).toBe(false);
    expect(rewriteIsDue(100, 50, { ...state, failures: 4 }, 120_000)).toBe(true);
    expect(rewriteIsDue(100, 50, { ...state, failures: 40 }, 3_600_000)).toBe(true);
  });
});
