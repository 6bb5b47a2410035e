// The persistence engine over shards of plain objects: what it writes, in which order, and what it says is durable.
import { describe, expect, it } from 'vitest';
import { scanLog } from '../../host/persistence/log-scan.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { readLog, recover } from '../support/engine-recovery.js';
import { EngineScene } from '../support/engine-scene.js';
import { openKernel } from '../support/kernel.js';

describe('rounds', () => {
  it('begin with logs that are whole before they have their names', async () => {
    const scene = await new EngineScene(2).start();
    expect(scene.calls()).toEqual([
      'create aof-0.aof.tmp',
      'write aof-0.aof.tmp',
      'create aof-1.aof.tmp',
      'write aof-1.aof.tmp',
      'sync aof-0.aof.tmp',
      'sync aof-1.aof.tmp',
      'rename aof-0.aof.tmp aof-0.aof',
      'rename aof-1.aof.tmp aof-1.aof',
      'sync directory',
    ]);
  });

  it('go to the logs of the shards that took part, within 5 ms, and are synced before anybody is told', async () => {
    const scene = await new EngineScene(3).start();
    scene.calls();
    scene.store.step(0, 2);
    scene.store.step(2);
    await scene.pass(5);
    expect(scene.calls()).toEqual([
      'write aof-0.aof.tmp',
      'write aof-2.aof.tmp',
      'sync aof-0.aof.tmp',
      'sync aof-2.aof.tmp',
    ]);
    expect(scene.store.epochs).toMatchObject({ epoch: 2, written: 1, synced: 1 });
    scene.store.step(1);
    await scene.pass(5);
    expect(scene.calls()).toEqual(['write aof-1.aof.tmp', 'sync aof-1.aof.tmp']);
    const { steps, cut } = await scene.found();
    expect({ steps, cut }).toEqual({ steps: [[1], [3], [1, 2]], cut: 2 });
  });

  it('are what the scan of logs finds, consecutive and with the LSNs of the shards', async () => {
    const scene = await new EngineScene(2).start();
    for (let i = 0; i < 10; i++) {
      scene.store.step(...(i % 3 === 0 ? [0, 1] : [i % 2]));
      await scene.pass(5);
    }
    const memory = new MemoryStorage(scene.storage.after('lost'));
    const kernel = openKernel({ memory: 'single', mode: 'debug' }).shard;
    const numbers = new Set<number>();
    for (const shard of [0, 1]) {
      const scan = scanLog(await memory.open(`aof-${shard}.aof`, 'read'), kernel);
      expect(scan).toMatchObject({ damage: undefined, unknown: undefined });
      expect(scan.rounds.at(-1)!.endLsn).toBe(scene.store.shards[shard].published());
      for (const { number } of scan.rounds) numbers.add(number);
    }
    expect([...numbers].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('wait for steps that are publishing, and for nothing else', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.shards[1].publishingLooks = 5000;
    scene.store.step(0);
    await scene.pass(5);
    expect(scene.store.epochs.synced).toBe(1);
    expect(scene.store.shards[1].publishingLooks).toBe(0);
  });

  it('are consumed from the ring when the latch is free, and go on before', async () => {
    const scene = await new EngineScene(1).start();
    scene.store.shards[0].busy = true;
    for (let i = 0; i < 3; i++) {
      scene.store.step(0);
      await scene.pass(5);
    }
    expect(scene.store.epochs.synced).toBe(3);
    scene.store.shards[0].busy = false;
    await scene.pass(5);
    expect(() => scene.store.shards[0].pieces(0, 1)).toThrow('not there');
    expect((await scene.found()).steps).toEqual([[1, 2, 3]]);
  });

  it('share syncs under always: what gathers during one goes with the next', async () => {
    const scene = new EngineScene(1);
    scene.storage.disk.syncsAtOnce = false;
    await scene.start();
    let release = (): void => {};
    scene.storage.disk.syncing = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    scene.calls();
    scene.store.step(0);
    await scene.pass(4);
    for (let i = 0; i < 5; i++) scene.store.step(0);
    await scene.pass(1);
    scene.store.step(0);
    await scene.pass(30);
    const before = scene.calls();
    expect(before.filter((call) => call.startsWith('sync'))).toHaveLength(1);
    expect(before.filter((call) => call.startsWith('write'))).toHaveLength(2);
    expect(scene.store.epochs.synced).toBe(0);
    release();
    await scene.pass(0);
    expect(scene.store.epochs.synced).toBe(1);
    expect(scene.calls()).toEqual(['sync aof-0.aof.tmp']);
    release();
    await scene.pass(0);
    expect(scene.store.epochs.synced).toBe(2);
  });

  it('are synced once a second under everysec, all dirty logs together', async () => {
    const scene = await new EngineScene(2).start({ appendfsync: 'everysec' });
    scene.calls();
    for (let i = 0; i < 110; i++) {
      scene.store.step(i % 2);
      await scene.pass(20);
    }
    const calls = scene.calls();
    expect(calls.filter((call) => call.startsWith('write'))).toHaveLength(110);
    expect(calls.filter((call) => call === 'sync aof-0.aof.tmp')).toHaveLength(2);
    expect(calls.filter((call) => call === 'sync aof-1.aof.tmp')).toHaveLength(2);
    expect(scene.store.epochs.synced).toBeLessThanOrEqual(scene.store.epochs.written);
    expect(scene.store.epochs.synced).toBeGreaterThan(95);
  });

  it('wait for a sync that takes longer than two seconds under everysec', async () => {
    const scene = await new EngineScene(1).start({ appendfsync: 'everysec' });
    let release = (): void => {};
    scene.storage.disk.syncing = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    scene.store.step(0);
    await scene.pass(1500);
    scene.calls();
    scene.store.step(0);
    await scene.pass(1000);
    expect(scene.calls()).toEqual(['write aof-0.aof.tmp']);
    await scene.pass(1000);
    scene.store.step(0);
    await scene.pass(500);
    expect(scene.calls()).toEqual([]);
    expect(await scene.info('aof_delayed_fsync')).toBe(1);
    expect(await scene.info('aof_pending_bio_fsync')).toBe(1);
    expect(await scene.info('aof_buffer_length')).toBeGreaterThan(0);
    release();
    await scene.pass(10);
    expect(scene.store.epochs.written).toBe(3);
  });

  it('are synced under no only for those who ask', async () => {
    const scene = await new EngineScene(1).start({ appendfsync: 'no' });
    scene.calls();
    scene.store.step(0);
    await scene.pass(5000);
    expect(scene.calls()).toEqual(['write aof-0.aof.tmp']);
    expect(await scene.engine.waitSynced(-1)).toBe(false);
    scene.store.step(0);
    expect(await scene.until(scene.engine.waitSynced(0))).toBe(true);
    expect(scene.store.epochs.synced).toBe(2);
    expect(await scene.engine.waitSynced(-1)).toBe(true);
  });

  it('follow a policy that changes while they are written', async () => {
    const scene = await new EngineScene(1).start({ appendfsync: 'no' });
    scene.store.step(0);
    await scene.pass(10);
    expect(scene.store.epochs).toMatchObject({ policy: 2, synced: 0 });
    await scene.until(scene.engine.configure({ appendfsync: 'always' }));
    await scene.pass(1);
    expect(scene.store.epochs).toMatchObject({ policy: 3, synced: 1 });
    await scene.until(scene.engine.configure({ appendfsync: 'everysec' }));
    scene.store.step(0);
    await scene.pass(500);
    expect(scene.store.epochs).toMatchObject({ policy: 2, written: 2, synced: 1 });
    await scene.pass(600);
    expect(scene.store.epochs.synced).toBe(2);
  });

  it('end with the last step when the engine is closed in order', async () => {
    for (const appendfsync of ['always', 'everysec', 'no'] as const) {
      const scene = await new EngineScene(2).start({ appendfsync });
      scene.store.step(0, 1);
      scene.store.step(1);
      expect(await scene.until(scene.engine.flushAndClose())).toBeUndefined();
      const { steps } = await recover(scene.storage.after('lost'), 2);
      expect(steps).toEqual([[1], [1, 2]]);
    }
  });
});

describe('a write that fails', () => {
  it('is taken back on every shard, refuses writers, and is made when there is space again', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.step(0, 1);
    await scene.pass(5);
    scene.storage.fault = (call) => (call === 'write aof-1.aof.tmp' ? 'DISK_FULL' : undefined);
    scene.store.step(0, 1);
    scene.store.step(0);
    await scene.pass(5);
    expect(scene.store.epochs).toMatchObject({ failed: true, written: 1, synced: 1 });
    expect(await scene.info('aof_last_write_status')).toBe('err');
    expect((await scene.found()).steps).toEqual([[1], [1]]);
    for (const shard of [0, 1]) {
      const bytes = scene.storage.after('kept').get(`aof-${shard}.aof`)!;
      expect(readLog(bytes)!.rounds.at(-1)!.endOffset).toBe(bytes.length);
    }
    scene.calls();
    await scene.pass(3500);
    expect(scene.calls().filter((call) => call === 'write aof-1.aof.tmp')).toHaveLength(3);
    scene.storage.fault = () => undefined;
    await scene.pass(1000);
    expect(scene.store.epochs).toMatchObject({ failed: false, written: 2, synced: 2 });
    scene.store.step(1);
    await scene.pass(5);
    const { steps, cut } = await recover(scene.storage.after('lost'), 2);
    expect({ steps, cut }).toEqual({
      steps: [
        [1, 2, 3],
        [1, 2, 4],
      ],
      cut: 3,
    });
    expect(scene.said).toEqual([
      'The log cannot be written, writes are refused until it can: write aof-1.aof.tmp: DISK_FULL',
      'The log can be written again: writes are accepted',
    ]);
  });

  it('fails a snapshot whose dump it was, and leaves log and old dumps as they were', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.step(0, 1);
    expect(await scene.until(scene.engine.save())).toBe('started');
    scene.store.step(1);
    scene.storage.fault = (call) => (call === 'write dump-1.rdb.tmp' ? 'DISK_FULL' : undefined);
    expect(await scene.until(scene.engine.save())).toEqual({ failed: 'write dump-1.rdb.tmp: DISK_FULL' });
    expect(await scene.info('rdb_last_bgsave_status')).toBe('err');
    expect(scene.store.epochs.failed).toBe(false);
    expect([...scene.storage.after('kept').keys()].sort()).toEqual([
      'aof-0.aof',
      'aof-1.aof',
      'dump-0.rdb',
      'dump-1.rdb',
    ]);
    scene.storage.fault = () => undefined;
    expect(await scene.until(scene.engine.save())).toBe('started');
    expect(await scene.info('rdb_last_bgsave_status')).toBe('ok');
    expect((await scene.found()).steps).toEqual([[1], [1, 2]]);
  });
});

describe('a sync that fails', () => {
  it('ends the process under always, and nobody is told that anything was synced', async () => {
    const scene = await new EngineScene(2).start();
    scene.store.step(0, 1);
    await scene.pass(5);
    scene.storage.fault = (call) => (call === 'sync aof-1.aof.tmp' ? 'IO' : undefined);
    scene.store.step(0, 1);
    await scene.pass(5000);
    expect(scene.fatal).toEqual(['the log could not be synced: sync aof-1.aof.tmp: IO']);
    expect(scene.store.epochs.synced).toBe(1);
    scene.calls();
    scene.store.step(0);
    await scene.pass(5000);
    expect(scene.calls()).toEqual([]);
  });

  it('refuses writers under everysec until a snapshot to fresh files has succeeded', async () => {
    const scene = await new EngineScene(2).start({ appendfsync: 'everysec' });
    scene.store.step(0, 1);
    scene.storage.fault = (call) => (/^sync (aof-0.aof.tmp|dump-1.rdb.tmp)$/.test(call) ? 'IO' : undefined);
    await scene.pass(1100);
    expect(scene.store.epochs).toMatchObject({ failed: true, synced: 0 });
    expect(await scene.info('aof_last_write_status')).toBe('err');
    // A step that was let in before.
    scene.store.step(0);
    await scene.pass(3000);
    expect(scene.store.epochs).toMatchObject({ failed: true, synced: 0 });
    scene.storage.fault = () => undefined;
    await scene.pass(6000);
    expect(scene.store.epochs.failed).toBe(false);
    expect(scene.fatal).toEqual([]);
    scene.store.step(1);
    await scene.pass(1100);
    expect(scene.store.epochs.synced).toBe(scene.store.epochs.written);
    expect(scene.store.epochs.synced).toBeGreaterThan(0);
    const { steps } = await recover(scene.storage.after('lost'), 2);
    expect(steps).toEqual([
      [1, 2],
      [1, 3],
    ]);
  });
});
