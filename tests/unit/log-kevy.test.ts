// The logs of a real kevy 1.22, executed: the keys are those that kevy says are there. Where a dump lies beside the log, it
// is loaded first, as kevy does.
import { describe, expect, it } from 'vitest';
import { loadDump, verifyDump } from '../../host/persistence/dump-read.js';
import { scanLog } from '../../host/persistence/log-scan.js';
import { replayLog } from '../../host/persistence/replay.js';
import { MemoryStorage } from '../../host/storage/memory.js';
import { openKernel, type TestKernel } from '../support/kernel.js';
import { differencesOf, expectedOf, fixtureFiles, fixtureNames } from '../support/kevy-expected.js';
import { decode } from '../support/resp-client.js';
import { BUILDS } from '../support/wasm.js';

/** In the middle of a change of layout the logs alone do not say everything. */
const WHOLE = fixtureNames().filter((name) => name !== 'journal-mid-finalize');
const DAMAGED: Readonly<Record<string, string>> = {
  'aof-garbage-tail aof-2.aof': 'no command',
  'aof-torn-tail aof-1.aof': 'torn record',
};

async function loadDumps(storage: MemoryStorage, kernel: TestKernel): Promise<void> {
  for (const name of await storage.list()) {
    if (!/^dump-\d+\.rdb$/.test(name)) continue;
    const file = await storage.open(name, 'read');
    const found = verifyDump(file);
    if (found.kind !== 'kevy') throw new Error(`${name} is no dump of kevy's`);
    loadDump(file, found.version, kernel.shard, { nowMs: Date.now(), owner: 1 });
  }
}

describe.each(BUILDS)("kevy's logs, $memory $mode", (build) => {
  it('there are eleven directories of them', () => expect(WHOLE).toHaveLength(11));

  it.each(WHOLE)('%s holds what kevy says it does', async (name) => {
    const storage = new MemoryStorage([...fixtureFiles(name)]);
    const target = openKernel(build);
    await loadDumps(storage, target);
    let commands = 0;
    for (const log of (await storage.list()).filter((file) => /^aof-\d+\.aof$/.test(file))) {
      const file = await storage.open(log, 'read');
      const scan = scanLog(file, target.shard);
      expect([log, scan.version, scan.damage?.kind, scan.unknown]).toEqual([
        log,
        1,
        DAMAGED[`${name} ${log}`],
        undefined,
      ]);
      expect(scan.goodBytes === scan.bytes).toBe(scan.damage === undefined);
      const range = { version: scan.version, from: scan.firstOffset, to: scan.goodBytes };
      const replayed = replayLog(file, target.shard, range, { ours: false, nowMs: Date.now() });
      expect(replayed).toMatchObject({ commands: scan.records, errors: 0, firstError: undefined });
      commands += replayed.commands;
    }
    expect(commands).toBeGreaterThan(100);
    const expected = expectedOf(name);
    target.now = Date.now();
    expect(differencesOf(expected, (...args) => decode(target.call(...args), { binary: true }))).toEqual([]);
    expect(target.shard.calls.databaseKeys(0)).toBe(expected.length);
    expect(target.check()).toBe(0);
  });
});
