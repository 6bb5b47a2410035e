// Goal: nobody changes the order of the persistence engine's calls of the storage without seeing it: that order is what
// makes a crash harmless. Method: a small scene of two shards, a step on both and one on each; the calls of each operation
// are compared with a text of its name. Regenerated, and then read, by LATCHKEY_GOLDEN=write.
import { describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../host/persistence/engine.js';
import { CrashStorage } from '../support/crash-storage.js';
import { EngineScene } from '../support/engine-scene.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { expectGolden } from '../support/trace-storage.js';

type Act = (scene: EngineScene) => Promise<unknown>;

const save: Act = async (scene) => {
  expect(await scene.until(scene.engine.save())).toBe('started');
};

const OPERATIONS: Record<string, readonly [Partial<EngineOptions>, Act]> = {
  'engine-round-always': [
    { appendfsync: 'always' },
    async (scene) => {
      scene.store.step(0, 1);
      await scene.pass(10);
    },
  ],
  'engine-save-with-log': [{ appendfsync: 'everysec' }, save],
  'engine-save-step-while-cutting': [
    { appendfsync: 'always' },
    async (scene) => {
      const { disk } = scene.storage;
      disk.syncing = async (name) => {
        if (name !== 'aof-0.aof.tmp') return;
        disk.syncing = () => Promise.resolve();
        scene.store.step(0, 1);
        await scene.store.timing.pause(5);
      };
      await save(scene);
    },
  ],
  'engine-save-without-log': [
    { appendfsync: 'everysec' },
    async (scene) => {
      await scene.until(scene.engine.configure({ appendonly: false }));
      await save(scene);
    },
  ],
  'engine-rewrite': [
    { appendfsync: 'everysec' },
    async (scene) => {
      expect(await scene.engine.bgrewriteaof()).toBe('started');
      expect(await scene.until(scene.engine.snapshots.running!.over)).toBe(undefined);
    },
  ],
  'engine-log-begins': [
    { appendonly: false },
    async (scene) => {
      await scene.until(scene.engine.configure({ appendonly: true }));
      expect(await scene.until(scene.engine.waitSynced(0))).toBe(true);
    },
  ],
  'engine-end': [
    { appendfsync: 'everysec' },
    async (scene) => {
      scene.store.step(0, 1);
      expect(await scene.until(scene.engine.flushAndClose())).toBe(undefined);
    },
  ],
};

/** A scene over what an engine has left, so that the logs go by their own names. */
async function reopened(options: Partial<EngineOptions>): Promise<EngineScene> {
  const first = await new EngineScene(2).start();
  first.store.step(0, 1);
  first.store.step(0);
  first.store.step(1);
  await first.pass(10);
  const { files, steps, recovered } = await first.found();
  const scene = new EngineScene(2, new FaultyStorage(new CrashStorage(files)));
  for (const [shard, list] of steps.entries()) scene.store.shards[shard].steps.push(...list);
  return scene.start(options, recovered);
}

describe('the engine calls the storage as it is written in', () => {
  it('engine-first-logs.txt', async () => {
    expectGolden('engine-first-logs', (await new EngineScene(2).start()).calls());
  });

  it.each(Object.entries(OPERATIONS))('%s.txt', async (name, [options, act]) => {
    const scene = await reopened(options);
    scene.calls();
    await act(scene);
    expectGolden(name, scene.calls());
  });
});
